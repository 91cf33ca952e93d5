//! Engine: plays the commands of batches on a CUDA device. `gpu::compile` makes them, as for wgpu.
//!
//! * *Streams.* All memory of a chunk is allocated and given back in the order of its stream. So batches on several
//!   streams share nothing but compiled kernels, and nothing waits for the device except a download.
//! * *Tables* go along with each batch that needs them. One buffer for all batches would have to be ordered between
//!   streams. A learned policy's tables are about as large as one image.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use super::driver::{Driver, Part, Stream};
use super::source::translate;
use crate::batch::{Images, Placement, Shape};
use crate::error::{Error, Result};
use crate::gpu::compile::WORKGROUP_MEMORY;
use crate::gpu::compile::chunks::{ChunkLimits, chunks};
use crate::gpu::compile::commands::{Chunk, Commands, PARAMETERS_STRIDE, Prepared, Role, WholeBatch};
use crate::gpu::compile::grouping::Grouping;
use crate::gpu::compile::host::{HostImages, Sent, partners, span};
use crate::gpu::compile::schedule::Sources;
use crate::gpu::compile::seen::Seen;
use crate::gpu::compile::served::Served;
use crate::gpu::compile::shader;
use crate::gpu::compile::tables::Tables;
use crate::gpu::compile::upload::Upload;
use crate::gpu::compile::written::Written;
use crate::ops::OpKind;
use crate::output::Output;
use crate::plan::{CheckedPlan, Plan};
use crate::report::Report;

/// Bytes of a chunk from host memory in each buffer. More would only hold more memory that is locked.
const MOST_SENT: u64 = 1 << 30;
/// Parts of memory begin at multiples of so many bytes.
const ALIGNMENT: usize = 256;

/// A device with its compiled kernels.
pub(crate) struct Engine<D: Driver> {
    pub driver: D,
    kernels: Mutex<Served<Arc<Compiled<D::Kernel>>>>,
    seen: Seen,
}

/// A kernel, and the binding of each of its parameters.
struct Compiled<K> {
    kernel: K,
    bindings: Vec<u32>,
}

/// Images on the device, and where their results go.
pub(crate) struct OnDevice<'a> {
    pub images: Part,
    pub placed: Placement<'a>,
    pub into: Part,
    pub stream: Stream,
}

/// What all chunks of a batch have in common.
struct Begun {
    prepared: Prepared,
    tables: Tables,
    operations: Vec<OpKind>,
}

/// The memory that a chunk's images and results are in.
struct Ends {
    /// Sources and partners, if they are on the device.
    images: Option<[Part; 2]>,
    results: Part,
}

impl<D: Driver> Engine<D> {
    pub fn new(driver: D) -> Self {
        Engine { driver, kernels: Mutex::default(), seen: Seen::default() }
    }

    fn begin(&self, plan: &Plan, placed: &Placement<'_>, output: &Output) -> Result<Begun> {
        let mut tables = Tables::new();
        let prepared = Prepared::new(plan, placed, output, &mut tables)?;
        Ok(Begun { prepared, tables, operations: self.seen.with(plan) })
    }

    /// Host memory in, host memory out. `result` has exactly the bytes of the results.
    pub fn through_host(
        &self,
        batch: Images<'_>,
        plan: CheckedPlan<'_>,
        output: &Output,
        result: &mut [u8],
    ) -> Result<Report> {
        let (shape, plan) = (batch.shape(plan.size()), plan.plan());
        let host = HostImages::new(batch);
        let placed = &host.placement();
        let mut report = Report::of(self.driver.description(), plan);
        let begun = self.begin(plan, placed, output)?;
        let whole = begun.whole(shape, placed, output);
        let output_bytes = shape.values_per_image() * output.dtype().bytes();
        let limits = ChunkLimits::new(MOST_SENT, MOST_SENT, 4, true);
        let stream = self.driver.stream();
        for range in chunks(placed, &begun.prepared.segmented, output_bytes, &limits)? {
            let sent = Sent::of(placed, &range, begun.prepared.segmented.images(range.clone()));
            let mut written = host.written(&range);
            written.extend(sent.foreign.iter().map(|&(partner, at)| host.image(partner, at)));
            let place = |partner: usize| sent.partner(placed, partner);
            let places = Sources { images: &sent.sources, partners: &place };
            let work = commands(&Chunk::of(&whole, range.clone(), places, 0))?;
            let made = range.start * output_bytes..range.end * output_bytes;
            let results = self.allocate("augmented images", made.len(), stream)?;
            let ends = Ends { images: None, results: results.part };
            self.run(&work, &begun.tables, &written, &ends, stream, &mut report)?;
            let result = result.get_mut(made).ok_or_else(|| Error::Device("a result has no place".to_string()))?;
            self.driver.download(results.part, result, stream)?;
            report.bytes_downloaded += result.len() as u64;
        }
        Ok(report)
    }

    /// Device memory in, device memory out, without waiting.
    pub fn on_device(&self, batch: &OnDevice<'_>, plan: CheckedPlan<'_>, output: &Output) -> Result<Report> {
        let OnDevice { images, placed, into, stream } = batch;
        self.driver.check(*stream)?;
        let (shape, plan) = (placed.shape(plan.size()), plan.plan());
        let mut report = Report::of(self.driver.description(), plan);
        let begun = self.begin(plan, placed, output)?;
        let whole = begun.whole(shape, placed, output);
        let bytes = output.dtype().bytes();
        let output_bytes = shape.values_per_image() * bytes;
        let limits = ChunkLimits::new(u64::from(u32::MAX), u64::from(u32::MAX), 4, false);
        for range in chunks(placed, &begun.prepared.segmented, output_bytes, &limits)? {
            let own = begun.prepared.segmented.images(range.clone());
            // Kernels know a place as 32 bits. Where all images are within reach, partners are found from the first.
            let needed =
                if partners(own).all(|partner| range.contains(&partner)) { &range } else { &(0..shape.images) };
            let (partner_part, first_partner) = window(*images, &span(placed, needed));
            if partner_part.bytes > u64::from(u32::MAX) {
                let (needed, limit) = (partner_part.bytes, u64::from(u32::MAX));
                return Err(Error::DeviceLimit { what: "SamplePairing with images far apart", needed, limit });
            }
            let (source, first) = window(*images, &span(placed, &range));
            let starts = |from: &Range<usize>| span(placed, from).start;
            let (sources_at, partners_at) = (starts(&range), starts(needed));
            let sources: Vec<u32> =
                range.clone().map(|image| (placed.range(image).start - sources_at + first) as u32).collect();
            let place = |partner: usize| (placed.range(partner).start - partners_at + first_partner) as u32;
            let (results, first_out) = window(*into, &(range.start * output_bytes..range.end * output_bytes));
            let places = Sources { images: &sources, partners: &place };
            let work = commands(&Chunk::of(&whole, range.clone(), places, first_out / bytes))?;
            let ends = Ends { images: Some([source, partner_part]), results };
            self.run(&work, &begun.tables, &[], &ends, *stream, &mut report)?;
        }
        Ok(report)
    }

    /// Runs one chunk, and adds its cost to the report.
    fn run(
        &self,
        work: &Commands,
        tables: &Tables,
        images: &[Written<'_>],
        ends: &Ends,
        stream: Stream,
        report: &mut Report,
    ) -> Result<()> {
        let kernels = self.kernels(work)?;
        let mut upload = Upload::of(work, images);
        let tables: &[u8] = bytemuck::cast_slice(tables.words());
        let tables_at = upload.bytes().next_multiple_of(ALIGNMENT);
        upload.written.push(Written::bytes(tables_at, tables));
        let uploaded = self.allocate("programs, tables and images", tables_at + tables.len(), stream)?;
        self.driver.upload(uploaded.part, stream, &mut |memory| {
            for (at, row) in upload.written.iter().flat_map(Written::rows) {
                if let Some(place) = memory.get_mut(at..at + row.len()) {
                    place.copy_from_slice(row);
                }
            }
        })?;
        let counts = self.allocate("statistics", work.counts_bytes as usize, stream)?;
        if work.counts_bytes > 0 {
            self.driver.clear(counts.part, stream)?;
        }
        let [first, second] = work.intermediate_bytes;
        let intermediates = [
            self.allocate("intermediate images", first as usize, stream)?,
            self.allocate("intermediate images", second as usize, stream)?,
        ];
        let sent = uploaded.part.from(upload.images_at, upload.images_bytes);
        let [source, partners] = ends.images.unwrap_or([sent, sent]);
        for (i, (step, compiled)) in work.commands.iter().zip(&kernels).enumerate() {
            let part = |role| match role {
                Role::Source => source,
                Role::Intermediate(0) => intermediates[0].part,
                Role::Intermediate(_) => intermediates[1].part,
                Role::Partners => partners,
                Role::Programs => uploaded.part.from(0, upload.commands_bytes),
                Role::Tables => uploaded.part.from(tables_at, tables.len()),
                Role::Destination => ends.results,
                Role::Counts => counts.part,
                Role::Parameters => uploaded.part.from(upload.parameters_at + i * PARAMETERS_STRIDE, PARAMETERS_STRIDE),
            };
            let bound = |binding: &u32| step.bindings.iter().find(|(number, _)| number == binding);
            let parts: Option<Vec<Part>> =
                compiled.bindings.iter().map(|binding| bound(binding).map(|&(_, role)| part(role))).collect();
            let parts = parts.ok_or_else(|| Error::Device(format!("{:?} has too few buffers", step.variant)))?;
            self.driver.launch(&compiled.kernel, step.grid, &parts, stream)?;
        }
        report.chunks += 1;
        report.dispatches += work.commands.len();
        report.bytes_read += work.bytes_read;
        report.bytes_written += work.bytes_written;
        report.bytes_uploaded += upload.bytes_written();
        Ok(())
    }

    /// The kernel of each command. Those that are new are compiled.
    fn kernels(&self, work: &Commands) -> Result<Vec<Arc<Compiled<D::Kernel>>>> {
        let kernels = || self.kernels.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let found = kernels().all(work.commands.iter().map(|step| &step.variant));
            let missing = match found {
                Ok(found) => return Ok(found),
                Err(missing) => missing,
            };
            let sources =
                missing.iter().map(|variant| translate(&shader::assemble(variant))).collect::<Result<Vec<_>>>()?;
            let compiled = self.driver.compile(&sources)?;
            for ((variant, source), kernel) in missing.iter().zip(&sources).zip(compiled) {
                let bindings = source.buffers.iter().map(|buffer| buffer.binding).collect();
                kernels().keep(variant, Arc::new(Compiled { kernel, bindings }));
            }
        }
    }

    fn allocate(&self, what: &'static str, bytes: usize, stream: Stream) -> Result<Held<'_, D>> {
        // Kernels read and write whole words.
        let part = self.driver.allocate(what, bytes.max(16).next_multiple_of(4), stream)?;
        Ok(Held { driver: &self.driver, part, stream })
    }
}

impl Begun {
    fn whole<'a>(&'a self, shape: Shape, placed: &Placement<'_>, output: &'a Output) -> WholeBatch<'a> {
        WholeBatch { prepared: &self.prepared, shape, layout: placed.layout, output, operations: &self.operations }
    }
}

/// Memory that goes back in the order of its stream.
struct Held<'a, D: Driver> {
    driver: &'a D,
    part: Part,
    stream: Stream,
}

impl<D: Driver> Drop for Held<'_, D> {
    fn drop(&mut self) {
        self.driver.free(self.part, self.stream);
    }
}

/// The commands of a chunk. The kernels are those of wgpu's devices with WebGPU's default limits.
fn commands(chunk: &Chunk<'_>) -> Result<Commands> {
    Commands::of(chunk, Grouping::Auto.on(false), WORKGROUP_MEMORY)
}

/// These bytes of memory, from a whole word on, and the place of the first byte there.
fn window(memory: Part, bytes: &Range<usize>) -> (Part, usize) {
    let first = memory.address + bytes.start as u64;
    let address = first / 4 * 4;
    let end = (memory.address + bytes.end as u64).next_multiple_of(4);
    (Part { address, bytes: end - address }, (first - address) as usize)
}
