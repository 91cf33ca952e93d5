//! Workspace: the device's memory that one piece of a batch needs, and the bind groups over it, for the next piece to
//! use again. The queue keeps the order, so that the next piece may be recorded as soon as this one is submitted.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::buffers::{Allocator, Held, roomy};
use super::context::Context;
use super::pipelines::Pipelines;
use crate::error::{Error, Result};
use crate::gpu::compile::commands::Role;
use crate::gpu::compile::schedule::Kernel;

/// The most workspaces that are kept: as many as there are threads that run batches at the same time, as a rule one.
const MOST_WORKSPACES: usize = 8;
/// How many sources and destinations of callers bind groups are kept for: what a prefetching loader and a training loop
/// that takes turns have. A buffer that its owner dropped lives on until so many others were used after it.
const MOST_SOURCES: usize = 8;
const MOST_DESTINATIONS: usize = 4;
/// The most bind groups that are kept, for callers whose places in a buffer are ever new; the oldest go first.
const MOST_GROUPS: usize = 256;

/// What a buffer of a workspace is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Images that came from host memory.
    Images,
    /// Programs and, behind them, parameters.
    Commands,
    Counts,
    Middle(usize),
    /// Images that will go to host memory.
    Results,
}

impl Purpose {
    const ALL: [Purpose; 6] =
        [Purpose::Images, Purpose::Commands, Purpose::Counts, Purpose::Middle(0), Purpose::Middle(1), Purpose::Results];

    fn what(self) -> &'static str {
        match self {
            Purpose::Images => "images",
            Purpose::Commands => "programs",
            Purpose::Counts => "statistics",
            Purpose::Middle(_) => "intermediate images",
            Purpose::Results => "augmented images",
        }
    }

    /// Whether its size depends on what is drawn.
    fn is_drawn(self) -> bool {
        !matches!(self, Purpose::Images | Purpose::Results)
    }

    fn usage(self) -> wgpu::BufferUsages {
        use wgpu::BufferUsages as Usage;
        let besides = match self {
            Purpose::Images | Purpose::Counts => Usage::COPY_DST,
            Purpose::Commands => Usage::COPY_DST | Usage::UNIFORM,
            Purpose::Middle(_) => Usage::empty(),
            Purpose::Results => Usage::COPY_SRC,
        };
        Usage::STORAGE | besides
    }
}

/// A part of a buffer, from a place that may be bound.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'a> {
    pub buffer: &'a wgpu::Buffer,
    pub offset: u64,
    pub size: u64,
}

impl<'a> Part<'a> {
    pub fn whole(buffer: &'a wgpu::Buffer) -> Self {
        Part { buffer, offset: 0, size: buffer.size() }
    }

    pub fn entry(self, binding: u32) -> wgpu::BindGroupEntry<'a> {
        let Part { buffer, offset, size } = self;
        let size = wgpu::BufferSize::new(size);
        let resource = wgpu::BindingResource::Buffer(wgpu::BufferBinding { buffer, offset, size });
        wgpu::BindGroupEntry { binding, resource }
    }
}

/// The buffers of a piece that are not its workspace's own, or that others fill or read.
pub(crate) struct Given<'a> {
    pub source: Part<'a>,
    pub partners: Part<'a>,
    pub tables: Part<'a>,
    pub destination: Part<'a>,
    pub passing: bool,
}

/// Buffers that only grow.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    buffers: [Option<Held>; Purpose::ALL.len()],
    groups: Vec<Group>,
    /// The ones used last come last.
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
    /// A buffer with room for so many bytes, all of which may be bound.
    pub fn room(&mut self, allocator: &Allocator, purpose: Purpose, bytes: u64) -> Result<wgpu::Buffer> {
        let bytes = bytes.max(16);
        let limit = allocator.bindable();
        if bytes > limit {
            return Err(Error::DeviceLimit { what: "a piece's buffers", needed: bytes, limit });
        }
        let place = Purpose::ALL.iter().position(|&p| p == purpose).and_then(|i| self.buffers.get_mut(i));
        let Some(held) = place else { return Err(Error::Device(format!("no place for {}", purpose.what()))) };
        if let Some(buffer) = held.as_ref().filter(|held| held.size() >= bytes) {
            return Ok((**buffer).clone());
        }
        // What was too small goes first, so that there are never both. What is drawn differs from batch to batch: where
        // it has outgrown its room once, it gets half as much again. `Memory` foretells no more than that.
        let before = held.take().map_or(0, |held| held.size());
        self.groups.clear();
        let least = if purpose.is_drawn() { before + before / 2 } else { 0 };
        let most = (bytes + bytes / 2 + 64).min(limit) / 16 * 16;
        let size = roomy(bytes.max(least)).min(most).max(bytes);
        let made = allocator.make(purpose.what(), size, purpose.usage(), false)?;
        let buffer = (*made).clone();
        *held = Some(made);
        Ok(buffer)
    }

    /// Says which buffers the next groups are for, and lets go of groups for those that were not used for long.
    pub fn uses(&mut self, given: &Given<'_>) {
        if self.tables.as_ref() != Some(given.tables.buffer) {
            self.groups.clear();
            self.tables = Some(given.tables.buffer.clone());
        }
        let destination = (!given.passing).then_some(given.destination.buffer);
        let old = [
            renewed(&mut self.sources, given.partners.buffer, MOST_SOURCES),
            renewed(&mut self.sources, given.source.buffer, MOST_SOURCES),
            destination.and_then(|buffer| renewed(&mut self.destinations, buffer, MOST_DESTINATIONS)),
        ];
        for buffer in old.into_iter().flatten() {
            self.groups.retain(|group| group.bound.iter().all(|(_, bound, _, _)| *bound != buffer));
        }
    }

    /// The bind group of a kernel with these bindings, of which a `passing` destination will not be seen again.
    pub fn group(
        &mut self,
        context: &Context,
        pipelines: &Pipelines,
        kernel: Kernel,
        parts: &[(u32, Role, Part<'_>)],
        passing: bool,
    ) -> wgpu::BindGroup {
        let same = |bound: &Bound, &(binding, _, part): &(u32, Role, Part<'_>)| {
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
        if passing && parts.iter().any(|(_, role, _)| *role == Role::Destination) {
            return group;
        }
        if self.groups.len() == MOST_GROUPS {
            self.groups.remove(0);
        }
        let own = |&(binding, _, part): &(u32, Role, Part<'_>)| (binding, part.buffer.clone(), part.offset, part.size);
        self.groups.push(Group { bound: parts.iter().map(own).collect(), group: group.clone() });
        group
    }
}

/// Workspaces that no batch uses now; the one used last comes last.
#[derive(Debug, Default)]
pub(crate) struct Workspaces(Mutex<Vec<Workspace>>);

impl Workspaces {
    /// The workspace used last, or a new one.
    pub fn take(&self) -> Workspace {
        self.free().pop().unwrap_or_default()
    }

    /// Keeps a workspace for the next piece.
    pub fn keep(&self, workspace: Workspace) {
        let mut free = self.free();
        if free.len() < MOST_WORKSPACES {
            free.push(workspace);
        }
    }

    /// Drops all of them; work that was submitted keeps its own.
    pub fn forget(&self) {
        self.free().clear();
    }

    fn free(&self) -> MutexGuard<'_, Vec<Workspace>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts a buffer last; returns the first if there are too many then.
fn renewed(list: &mut Vec<wgpu::Buffer>, buffer: &wgpu::Buffer, most: usize) -> Option<wgpu::Buffer> {
    list.retain(|other| other != buffer);
    list.push(buffer.clone());
    (list.len() > most).then(|| list.remove(0))
}
