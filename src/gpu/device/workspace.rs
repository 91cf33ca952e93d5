//! Workspace: the device's memory for one chunk of a batch, with its bind groups, reused by the next chunk. The queue
//! keeps the order, so the next chunk can be recorded right after this one is submitted.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::buffers::{Allocator, PooledBuffer, size_class};
use super::context::Context;
use super::pipelines::Pipelines;
use crate::error::{Error, Result};
use crate::gpu::compile::commands::Role;
use crate::gpu::compile::schedule::Kernel;

/// The most workspaces that are kept. Each thread that runs batches at the same time uses one, and usually there is one
/// thread.
const MOST_WORKSPACES: usize = 8;
/// The numbers of callers' sources and destinations with kept bind groups, enough for a prefetching loader and a
/// training loop with alternating buffers. A buffer that its owner dropped stays alive until this many others are used.
const MOST_SOURCES: usize = 8;
const MOST_DESTINATIONS: usize = 4;
/// The most bind groups that are kept, for callers that always use new places in a buffer. The oldest are dropped
/// first.
const MOST_GROUPS: usize = 256;

/// The role of a buffer of a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Images from host memory.
    Images,
    /// Programs, followed by parameters.
    Programs,
    Counts,
    Intermediate(usize),
    /// Results for host memory.
    Results,
}

impl Purpose {
    const ALL: [Purpose; 6] = [
        Purpose::Images,
        Purpose::Programs,
        Purpose::Counts,
        Purpose::Intermediate(0),
        Purpose::Intermediate(1),
        Purpose::Results,
    ];

    fn what(self) -> &'static str {
        match self {
            Purpose::Images => "images",
            Purpose::Programs => "programs",
            Purpose::Counts => "statistics",
            Purpose::Intermediate(_) => "intermediate images",
            Purpose::Results => "augmented images",
        }
    }

    /// Whether its size depends on draws.
    fn is_drawn(self) -> bool {
        !matches!(self, Purpose::Images | Purpose::Results)
    }

    fn usage(self) -> wgpu::BufferUsages {
        use wgpu::BufferUsages as Usage;
        let besides = match self {
            Purpose::Images | Purpose::Counts => Usage::COPY_DST,
            Purpose::Programs => Usage::COPY_DST | Usage::UNIFORM,
            Purpose::Intermediate(_) => Usage::empty(),
            Purpose::Results => Usage::COPY_SRC,
        };
        Usage::STORAGE | besides
    }
}

/// A part of a buffer, from a place that can be bound.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BufferPart<'a> {
    pub buffer: &'a wgpu::Buffer,
    pub offset: u64,
    pub size: u64,
}

impl<'a> BufferPart<'a> {
    pub fn whole(buffer: &'a wgpu::Buffer) -> Self {
        BufferPart { buffer, offset: 0, size: buffer.size() }
    }

    pub fn entry(self, binding: u32) -> wgpu::BindGroupEntry<'a> {
        let BufferPart { buffer, offset, size } = self;
        let size = wgpu::BufferSize::new(size);
        let resource = wgpu::BindingResource::Buffer(wgpu::BufferBinding { buffer, offset, size });
        wgpu::BindGroupEntry { binding, resource }
    }
}

/// The buffers of a chunk that do not belong to its workspace, or that others fill or read.
pub(crate) struct ExternalBuffers<'a> {
    pub source: BufferPart<'a>,
    pub partners: BufferPart<'a>,
    pub tables: BufferPart<'a>,
    pub destination: BufferPart<'a>,
    pub transient: bool,
}

/// Buffers that only grow.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    buffers: [Option<PooledBuffer>; Purpose::ALL.len()],
    groups: Vec<Group>,
    /// The most recently used one is last.
    sources: Vec<wgpu::Buffer>,
    destinations: Vec<wgpu::Buffer>,
    tables: Option<wgpu::Buffer>,
}

#[derive(Debug)]
struct Group {
    bound: Vec<Bound>,
    group: wgpu::BindGroup,
}

/// A binding's number, and its buffer, offset and size.
type Bound = (u32, wgpu::Buffer, u64, u64);

impl Workspace {
    /// A buffer for this many bytes, which can all be bound.
    pub fn room(&mut self, allocator: &Allocator, purpose: Purpose, bytes: u64) -> Result<wgpu::Buffer> {
        let bytes = bytes.max(16);
        let limit = allocator.bindable();
        if bytes > limit {
            return Err(Error::DeviceLimit { what: "a chunk's buffers", needed: bytes, limit });
        }
        let place = Purpose::ALL.iter().position(|&p| p == purpose).and_then(|i| self.buffers.get_mut(i));
        let Some(held) = place else { return Err(Error::Device(format!("no place for {}", purpose.what()))) };
        if let Some(buffer) = held.as_ref().filter(|held| held.size() >= bytes) {
            return Ok((**buffer).clone());
        }
        // Drop the smaller buffer first, so that both never exist together. Needs differ from batch to batch. A buffer
        // that was too small once gets half as much again. `MemoryEstimate` foretells no more than that.
        let before = held.take().map_or(0, |held| held.size());
        self.groups.clear();
        let least = if purpose.is_drawn() { before + before / 2 } else { 0 };
        let most = (bytes + bytes / 2 + 64).min(limit) / 16 * 16;
        let size = size_class(bytes.max(least)).min(most).max(bytes);
        let made = allocator.make(purpose.what(), size, purpose.usage(), false)?;
        let buffer = (*made).clone();
        *held = Some(made);
        Ok(buffer)
    }

    /// Sets the buffers of the next groups, and drops groups of long unused buffers.
    pub fn uses(&mut self, external: &ExternalBuffers<'_>) {
        if self.tables.as_ref() != Some(external.tables.buffer) {
            self.groups.clear();
            self.tables = Some(external.tables.buffer.clone());
        }
        let destination = (!external.transient).then_some(external.destination.buffer);
        let old = [
            renewed(&mut self.sources, external.partners.buffer, MOST_SOURCES),
            renewed(&mut self.sources, external.source.buffer, MOST_SOURCES),
            destination.and_then(|buffer| renewed(&mut self.destinations, buffer, MOST_DESTINATIONS)),
        ];
        for buffer in old.into_iter().flatten() {
            self.groups.retain(|group| group.bound.iter().all(|(_, bound, _, _)| *bound != buffer));
        }
    }

    /// The bind group of a kernel with these bindings. A `transient` destination is not used again.
    pub fn group(
        &mut self,
        context: &Context,
        pipelines: &Pipelines,
        kernel: Kernel,
        parts: &[(u32, Role, BufferPart<'_>)],
        transient: bool,
    ) -> wgpu::BindGroup {
        let same = |bound: &Bound, &(binding, _, part): &(u32, Role, BufferPart<'_>)| {
            (bound.0, &bound.1, bound.2, bound.3) == (binding, part.buffer, part.offset, part.size)
        };
        let is_this = |group: &&Group| {
            group.bound.len() == parts.len() && group.bound.iter().zip(parts).all(|(bound, part)| same(bound, part))
        };
        if let Some(known) = self.groups.iter().find(is_this) {
            return known.group.clone();
        }
        let group = context.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: pipelines.bindings(kernel),
            entries: &parts.iter().map(|(binding, _, part)| part.entry(*binding)).collect::<Vec<_>>(),
        });
        context.allocator.counters.bind_group();
        if transient && parts.iter().any(|(_, role, _)| *role == Role::Destination) {
            return group;
        }
        if self.groups.len() == MOST_GROUPS {
            self.groups.remove(0);
        }
        let own =
            |&(binding, _, part): &(u32, Role, BufferPart<'_>)| (binding, part.buffer.clone(), part.offset, part.size);
        self.groups.push(Group { bound: parts.iter().map(own).collect(), group: group.clone() });
        group
    }
}

/// Workspaces that are not in use. The most recently used one is last.
#[derive(Debug, Default)]
pub(crate) struct Workspaces(Mutex<Vec<Workspace>>);

impl Workspaces {
    /// The workspace used last, or a new one.
    pub fn take(&self) -> Workspace {
        self.free().pop().unwrap_or_default()
    }

    /// Keeps a workspace for the next chunk.
    pub fn keep(&self, workspace: Workspace) {
        let mut free = self.free();
        if free.len() < MOST_WORKSPACES {
            free.push(workspace);
        }
    }

    /// Drops all of them. Submitted work keeps its own.
    pub fn forget(&self) {
        self.free().clear();
    }

    fn free(&self) -> MutexGuard<'_, Vec<Workspace>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Appends a buffer. Returns the first one if there are too many.
fn renewed(list: &mut Vec<wgpu::Buffer>, buffer: &wgpu::Buffer, most: usize) -> Option<wgpu::Buffer> {
    list.retain(|other| other != buffer);
    list.push(buffer.clone());
    (list.len() > most).then(|| list.remove(0))
}
