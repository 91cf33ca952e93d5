//! Run: one piece of a batch through its dispatches.

use std::sync::PoisonError;

use super::Gpu;
use super::buffers;
use super::steps::{PARAMETERS_STRIDE, Piece, Prepared, Role, Steps};
use crate::error::{Error, Result};
use crate::images::Placement;
use crate::output::Output;
use crate::plan::Plan;
use crate::report::Report;

/// A part of a buffer, from a place that may be bound.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    pub buffer: &'a wgpu::Buffer,
    pub offset: u64,
    pub size: u64,
}

impl<'a> Part<'a> {
    pub fn whole(buffer: &'a wgpu::Buffer) -> Self {
        Part { buffer, offset: 0, size: buffer.size() }
    }

    fn binding(self) -> wgpu::BindingResource<'a> {
        wgpu::BindingResource::Buffer(wgpu::BufferBinding {
            buffer: self.buffer,
            offset: self.offset,
            size: wgpu::BufferSize::new(self.size),
        })
    }
}

/// The buffers of a piece that others have filled, or will read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Given<'a> {
    pub source: Part<'a>,
    pub partners: Part<'a>,
    pub tables: Part<'a>,
    pub destination: Part<'a>,
}

impl Gpu {
    /// Cuts every image's operations into segments and brings the tables that they need to the device.
    pub(super) fn prepare(
        &self,
        plan: &Plan,
        placed: &Placement<'_>,
        output: &Output,
    ) -> Result<(Prepared, wgpu::Buffer)> {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let prepared = Prepared::new(plan, placed, output, &mut tables.host)?;
        Ok((prepared, tables.on_device(&self.device, &self.queue)?))
    }

    /// Records and submits the dispatches of one piece and adds to the report what they do.
    pub(super) fn run(&self, piece: &Piece<'_>, given: Given<'_>, report: &mut Report) -> Result<()> {
        use wgpu::BufferUsages as Usage;
        let work = Steps::of(piece, self.grouping, self.workgroup_memory)?;
        let take = |what, size, usage| self.pool.take(&self.device, what, size, usage | Usage::COPY_DST);
        let programs_bytes: &[u8] = bytemuck::cast_slice(&work.programs);
        let parameters_bytes: &[u8] = bytemuck::cast_slice(&work.parameters);
        let programs = take("programs", programs_bytes.len() as u64, Usage::STORAGE)?;
        let parameters = take("parameters", parameters_bytes.len() as u64, Usage::UNIFORM)?;
        let counts = take("statistics", work.counts_bytes, Usage::STORAGE)?;
        let middles = [
            take("intermediate images", work.middle_bytes[0], Usage::STORAGE)?,
            take("intermediate images", work.middle_bytes[1], Usage::STORAGE)?,
        ];
        let binding_limit = self.device.limits().max_storage_buffer_binding_size;
        for buffer in [&programs, &counts, &middles[0]] {
            if buffer.size() > binding_limit {
                return Err(Error::DeviceLimit {
                    what: "a piece's buffers",
                    needed: buffer.size(),
                    limit: binding_limit,
                });
            }
        }
        self.queue.write_buffer(&programs, 0, programs_bytes);
        self.queue.write_buffer(&parameters, 0, parameters_bytes);

        let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        if work.counts_bytes > 0 {
            encoder.clear_buffer(&counts, 0, Some(work.counts_bytes));
        }
        let part = |role| match role {
            Role::Source => given.source,
            Role::Middle(which) => Part::whole(&middles[which]),
            Role::Partners => given.partners,
            Role::Programs => Part::whole(&programs),
            Role::Tables => given.tables,
            Role::Destination => given.destination,
            Role::Counts => Part::whole(&counts),
            Role::Parameters => Part { buffer: &parameters, offset: 0, size: PARAMETERS_STRIDE as u64 },
        };
        let dispatches = work.steps.len();
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            for (i, step) in work.steps.into_iter().enumerate() {
                let entry = |&(binding, role)| wgpu::BindGroupEntry { binding, resource: part(role).binding() };
                let group = self.device.create_bind_group(&wgpu::BindGroupDescriptor {
                    label: None,
                    layout: self.pipelines.bindings(step.variant.kernel),
                    entries: &step.bindings.iter().map(entry).collect::<Vec<_>>(),
                });
                let pipeline = self.pipelines.get(&self.device, step.variant);
                pass.set_pipeline(&pipeline);
                pass.set_bind_group(0, &group, &[(i * PARAMETERS_STRIDE) as u32]);
                let [x, y, z] = step.grid;
                pass.dispatch_workgroups(x, y, z);
            }
        }
        self.queue.submit([encoder.finish()]);
        report.chunks += 1;
        report.dispatches += dispatches;
        report.bytes_read += work.bytes_read;
        report.bytes_written += work.bytes_written;
        report.bytes_uploaded += (programs_bytes.len() + parameters_bytes.len()) as u64;
        let [middle_a, middle_b] = middles;
        self.pool.give([programs, parameters, counts, middle_a, middle_b]);
        Ok(())
    }

    /// Writes bytes to a buffer from its start.
    pub(super) fn write(&self, buffer: &wgpu::Buffer, at: u64, bytes: &[u8], report: &mut Report) {
        buffers::write(&self.queue, buffer, at, bytes);
        report.bytes_uploaded += bytes.len() as u64;
    }
}
