//! Run: one chunk of a batch in one submission, with its upload, its kernels and its download.

use std::sync::Arc;

use super::compile::commands::{Chunk, Commands, InTables, PARAMETERS_STRIDE, Prepared, Role};
use super::compile::program::segments_of_all;
use super::compile::tables::Tables;
use super::compile::upload::Upload;
use super::compile::written::Written;
use super::device::context::Context;
use super::device::readback::ReadbackBuffer;
use super::device::workspace::{BufferPart, ExternalBuffers, Purpose, Workspace};
use super::gather::Gathered;
use super::{Gpu, Inner};
use crate::batch::Placement;
use crate::error::Result;
use crate::output::Output;
use crate::plan::Plan;
use crate::report::Report;

/// The source of a chunk's images.
pub(super) enum Origin<'a> {
    /// Host memory: images, and where in a buffer they go.
    Host(&'a [Written<'a>]),
    /// The device. Partners are in the same part, or copied together.
    Device { images: BufferPart<'a>, partners: Option<&'a Gathered> },
}

/// The destination of its results.
#[derive(Clone, Copy)]
pub(super) enum Target<'a> {
    /// Host memory, this many bytes.
    Host(u64),
    /// The device. A `transient` buffer was made for this batch and is not used again.
    Device { images: BufferPart<'a>, transient: bool },
}

/// Programs, followed by the parameters of each dispatch.
struct Uploaded<'a> {
    buffer: &'a wgpu::Buffer,
    parameters_at: usize,
}

impl Gpu {
    /// Cuts every image's operations into segments and uploads their tables.
    pub(super) async fn prepare(
        &self,
        plan: &Plan,
        placed: &Placement<'_>,
        output: &Output,
        report: &mut Report,
    ) -> Result<(Prepared, wgpu::Buffer)> {
        // Several threads may cut, and a thread that waits for them must not hold the tables.
        let segmented = segments_of_all(plan, placed.sizes, placed.channels == 1)?;
        let (in_tables, buffer, sent) = self.with_tables(|tables| InTables::of(&segmented, output, tables)).await?;
        report.bytes_uploaded += sent;
        Ok((Prepared { segmented, in_tables }, buffer))
    }

    /// The result of `f` on the tables, their buffer with all that `f` added, and the number of uploaded bytes.
    pub(super) async fn with_tables<T>(&self, f: impl Fn(&mut Tables) -> Result<T>) -> Result<(T, wgpu::Buffer, u64)> {
        let context = &self.inner.context;
        let (made, uploaded) = {
            let mut tables = self.tables();
            let made = tables.with(&context.allocator, f)?;
            (made, tables.on_device(context)?)
        };
        match uploaded.settle(&context.device, &context.loss).await {
            Ok((buffer, sent)) => Ok((made, buffer, sent)),
            Err(error) => {
                self.tables().forget_buffer();
                Err(error)
            }
        }
    }

    /// All dispatches of a chunk.
    pub(super) fn commands(&self, chunk: &Chunk<'_>) -> Result<Commands> {
        let Inner { summary, workgroup_memory, .. } = &*self.inner;
        Commands::of(chunk, self.grouping.on(summary.is_software), *workgroup_memory)
    }

    /// Submits one chunk and adds its cost to the report. Returns the memory of results for the host.
    pub(super) async fn run(
        &self,
        work: Commands,
        tables: &wgpu::Buffer,
        from: &Origin<'_>,
        to: Target<'_>,
        report: &mut Report,
    ) -> Result<Option<ReadbackBuffer>> {
        let Inner { context, pipelines, staging, workspaces, .. } = &*self.inner;
        let pipelines = pipelines.all(context, work.commands.iter().map(|step| &step.variant)).await?;
        let Context { device, queue, allocator, .. } = context;
        let images = if let Origin::Host(images) = *from { images } else { &[] };
        let upload = Upload::of(&work, images);
        let Upload { parameters_at, commands_bytes, images_at, images_bytes, .. } = upload;
        let slot = staging.take(context, upload.bytes() as u64).await?;
        slot.write(context, &upload.written).await?;

        let results_bytes = if let Target::Host(bytes) = to { bytes } else { 0 };
        let mut workspace = workspaces.take();
        let submitted = || {
            slot.buffer.unmap();
            let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            let mut copied = |from: usize, to: &wgpu::Buffer, bytes: usize| {
                if bytes > 0 {
                    encoder.copy_buffer_to_buffer(&slot.buffer, from as u64, to, 0, bytes as u64);
                }
            };
            let commands = workspace.room(allocator, Purpose::Programs, commands_bytes as u64)?;
            copied(0, &commands, commands_bytes);
            let images = workspace.room(allocator, Purpose::Images, images_bytes as u64)?;
            copied(images_at, &images, images_bytes);
            let results = workspace.room(allocator, Purpose::Results, results_bytes)?;
            let (source, gathered) = match *from {
                Origin::Host(_) => (BufferPart::whole(&images), None),
                Origin::Device { images, partners } => (images, partners),
            };
            if let Some(gathered) = gathered {
                gathered.copy(source.buffer, &mut encoder);
            }
            let (destination, transient) = match to {
                Target::Host(_) => (BufferPart::whole(&results), false),
                Target::Device { images, transient } => (images, transient),
            };
            let partners = gathered.map_or(source, |gathered| BufferPart::whole(&gathered.buffer));
            let external =
                ExternalBuffers { source, partners, tables: BufferPart::whole(tables), destination, transient };
            workspace.uses(&external);
            let commands = Uploaded { buffer: &commands, parameters_at };
            self.record(&work, &pipelines, &external, &commands, &mut workspace, &mut encoder)?;
            let readback = if results_bytes > 0 { Some(ReadbackBuffer::new(context, results_bytes)?) } else { None };
            if let Some(readback) = &readback {
                let bytes = results_bytes.next_multiple_of(4);
                encoder.copy_buffer_to_buffer(&results, 0, readback.buffer(), 0, bytes);
            }
            queue.submit([encoder.finish()]);
            Ok(readback)
        };
        let readback = context.guarded(submitted).await?;
        workspaces.keep(workspace);
        staging.give(context, slot).await?;
        report.chunks += 1;
        report.dispatches += work.commands.len();
        report.bytes_read += work.bytes_read;
        report.bytes_written += work.bytes_written;
        report.bytes_uploaded += upload.bytes_written();
        report.bytes_downloaded += results_bytes;
        Ok(readback)
    }

    /// Records the dispatches.
    fn record(
        &self,
        work: &Commands,
        compiled: &[Arc<wgpu::ComputePipeline>],
        external: &ExternalBuffers<'_>,
        commands: &Uploaded<'_>,
        workspace: &mut Workspace,
        encoder: &mut wgpu::CommandEncoder,
    ) -> Result<()> {
        let Inner { context, pipelines, .. } = &*self.inner;
        let counts = workspace.room(&context.allocator, Purpose::Counts, work.counts_bytes)?;
        let intermediates = [
            workspace.room(&context.allocator, Purpose::Intermediate(0), work.intermediate_bytes[0])?,
            workspace.room(&context.allocator, Purpose::Intermediate(1), work.intermediate_bytes[1])?,
        ];
        if work.counts_bytes > 0 {
            encoder.clear_buffer(&counts, 0, Some(work.counts_bytes));
        }
        let part = |role| match role {
            Role::Source => external.source,
            Role::Intermediate(which) => BufferPart::whole(&intermediates[which]),
            Role::Partners => external.partners,
            Role::Programs => BufferPart::whole(commands.buffer),
            Role::Tables => external.tables,
            Role::Destination => external.destination,
            Role::Counts => BufferPart::whole(&counts),
            Role::Parameters => BufferPart { buffer: commands.buffer, offset: 0, size: PARAMETERS_STRIDE as u64 },
        };
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        for (i, (step, pipeline)) in work.commands.iter().zip(compiled).enumerate() {
            let parts: Vec<_> = step.bindings.iter().map(|&(binding, role)| (binding, role, part(role))).collect();
            let group = workspace.group(context, pipelines, step.variant.kernel, &parts, external.transient);
            pass.set_pipeline(pipeline);
            pass.set_bind_group(0, &group, &[(commands.parameters_at + i * PARAMETERS_STRIDE) as u32]);
            let [x, y, z] = step.grid;
            pass.dispatch_workgroups(x, y, z);
        }
        Ok(())
    }
}
