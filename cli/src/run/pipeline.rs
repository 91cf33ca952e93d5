//! Pipeline: reads, augments and writes images, one window of them at a time.
//!
//! A window is at most 64 images and 256 MiB, or one image. The 256 MiB count the files, their pixels and what becomes
//! of the pixels, so that memory does not grow with the number of files. Pixels are held up to three times: decoded, in
//! a batch, and encoded. Within a window, images of one size and number of channels make a batch.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::sync::{Mutex, MutexGuard, PoisonError};

use autoaugment::{Batch, Executor, Output, Plan, PlannedImage, Report, Sampler, Shape, Size, Tensor};
use indicatif::ProgressBar;
use rayon::prelude::*;
use serde_json::{Map, Value};

use super::entries::{Work, partners, renumbered};
use super::grouping::{Pictures, by_shape, by_size_after, fit};
use super::record::Record;
use super::source::{Applied, Entry, Sink, Source};
use super::window::{WINDOW_BYTES, WINDOW_IMAGES};
use crate::decode::{DecodedImage, Reduction};
use crate::outcome::{Outcome, RunFailed};
use crate::read;
use crate::terminal::{Terminal, counted, in_one_line};

pub struct Pipeline<'a> {
    terminal: Terminal,
    executor: Executor,
    pub(super) source: &'a dyn Source,
    sink: &'a dyn Sink,
    pub(super) output: Output,
    keeps_record: bool,
    progress: ProgressBar,
    state: Mutex<State>,
}

/// The results so far.
#[derive(Default)]
struct State {
    failed: BTreeSet<usize>,
    unreadable: usize,
    read: usize,
    written: usize,
    skipped: usize,
    batches: u64,
    counters: Map<String, Value>,
    reductions: BTreeMap<Reduction, BTreeSet<usize>>,
    record: Record,
    /// Why nothing more can be written.
    stopped: Option<String>,
}

/// One batch with its plan. Images beyond `entries` are partners only.
struct Group {
    inputs: Vec<usize>,
    /// The entries' numbers of all of them.
    ids: Vec<usize>,
    plan: Plan,
    entries: Vec<Entry>,
}

impl<'a> Pipeline<'a> {
    pub fn new(
        terminal: Terminal,
        executor: Executor,
        source: &'a dyn Source,
        sink: &'a dyn Sink,
        output: Output,
        keeps_record: bool,
    ) -> Self {
        let (progress, state) = (ProgressBar::hidden(), Mutex::default());
        Pipeline { terminal, executor, source, sink, output, keeps_record, progress, state }
    }

    /// Reports a folder that could not be read.
    pub fn unreadable(&self, place: &str, reason: &str) {
        self.terminal.error(&format!("{place}: {reason}"));
        self.state().unreadable += 1;
    }

    pub fn run(&mut self, work: &Work) -> anyhow::Result<Outcome> {
        self.progress = self.terminal.progress(work.outputs(self.source.len()), "images");
        match work {
            Work::Draw { sampler, epoch, copies } => self.draw(work, sampler, *epoch, *copies),
            Work::Chain { .. } | Work::Replay { .. } => self.replay(work),
        }
        self.progress.finish_and_clear();
        let state = self.state();
        for (reduction, inputs) in &state.reductions {
            let names: Vec<_> = inputs.iter().take(3).map(|&input| self.source.name(input)).collect();
            let more = if inputs.len() > 3 { ", ..." } else { "" };
            let images = counted(inputs.len(), "image", "images");
            self.terminal.note(&format!("notice: {images} {} ({}{more})", reduction.description(), names.join(", ")));
        }
        let failed = state.failed.len() + state.unreadable;
        if failed > 0 {
            self.terminal.error(&format!("{} failed", counted(failed, "input", "inputs")));
        }
        if let Some(reason) = &state.stopped {
            return Err(RunFailed(format!("the run stopped: {reason}")).into());
        }
        Ok(if failed == 0 { Outcome::Done } else { Outcome::SomeFailed })
    }

    fn draw(&self, work: &Work, sampler: &Sampler, epoch: u64, copies: usize) {
        let mut next = 0;
        while next < self.source.len() && !self.is_stopped() {
            let (window, bytes) = self.window(work, next..self.source.len(), |input| input * copies);
            next = window.end;
            let pictures = OnceCell::new();
            // Copies are run together as far as the window's measure allows.
            let at_once = (WINDOW_IMAGES / window.len()).min(WINDOW_BYTES / bytes.max(1)).max(1);
            for first in (0..copies).step_by(at_once) {
                let own = first..copies.min(first.saturating_add(at_once));
                let ids = window.clone().flat_map(|input| own.clone().map(move |copy| input * copies + copy));
                if self.is_stopped() {
                    break;
                }
                if self.are_there(work, ids) {
                    continue;
                }
                let pictures = pictures.get_or_init(|| self.load(window.clone().collect()));
                let mut groups = Vec::new();
                for copy in own {
                    for (shape, inputs) in by_shape(pictures) {
                        let entries: Vec<_> = inputs.iter().map(|input| work.entry(input * copies + copy)).collect();
                        let indices: Vec<_> = entries.iter().map(|e| e.id as u64).collect();
                        match sampler.plan(shape, epoch, &indices) {
                            Ok(plan) => {
                                let ids = entries.iter().map(|e| e.id).collect();
                                groups.push(Group { inputs, ids, plan, entries });
                            }
                            Err(error) => self.fail_all(&entries, &error.to_string()),
                        }
                    }
                }
                self.execute(pictures, groups);
            }
        }
    }

    fn replay(&self, work: &Work) {
        let outputs = work.outputs(self.source.len());
        let mut next = 0;
        while next < outputs && !self.is_stopped() {
            let (window, _) = self.window(work, next..outputs, |id| id);
            next = window.end;
            if self.are_there(work, window.clone()) {
                continue;
            }
            let needed: BTreeSet<usize> = window
                .clone()
                .flat_map(|e| std::iter::once(e).chain(partners(&work.planned(e).ops).collect::<Vec<_>>()))
                .map(|e| work.entry(e).input)
                .collect();
            let pictures = self.load(needed.into_iter().collect());
            let groups = by_shape(&pictures).into_iter().flat_map(|(shape, inputs)| {
                let own = window.clone().filter(|&e| inputs.contains(&work.entry(e).input));
                by_size_after(work, shape, own).into_iter().filter_map(|own| self.replayed(work, own, &pictures))
            });
            let groups = groups.collect();
            self.execute(&pictures, groups);
        }
    }

    /// Whether all of these outputs are there, and no plan needs them. The progress then counts them.
    fn are_there(&self, work: &Work, mut ids: impl Iterator<Item = usize>) -> bool {
        let mut count = 0;
        let are_there = !(self.keeps_record || self.sink.needs_all())
            && ids.all(|id| {
                count += 1;
                self.sink.is_there(work.entry(id))
            });
        if are_there {
            self.skipped(count);
        }
        are_there
    }

    fn skipped(&self, outputs: usize) {
        self.state().skipped += outputs;
        self.progress.inc(outputs as u64);
    }

    /// The batch of some entries of one shape, followed by the partners that are not among them.
    fn replayed(&self, work: &Work, own: Vec<usize>, pictures: &Pictures) -> Option<Group> {
        let is_there = |id: usize| pictures.contains_key(&work.entry(id).input);
        let (own, broken): (Vec<_>, Vec<_>) =
            own.into_iter().partition(|&e| partners(&work.planned(e).ops).all(is_there));
        for e in broken {
            self.fail_all(&[work.entry(e)], "its SamplePairing partner could not be read");
        }
        let mut places: BTreeMap<usize, usize> = own.iter().enumerate().map(|(place, &e)| (e, place)).collect();
        let mut members = own.clone();
        for partner in own.iter().flat_map(|&e| partners(&work.planned(e).ops).collect::<Vec<_>>()) {
            places.entry(partner).or_insert_with(|| {
                members.push(partner);
                members.len() - 1
            });
        }
        // Those that only are partners are brought to the others' size, since a batch comes out in one.
        let first = own.first().and_then(|&e| Some((e, pictures.get(&work.entry(e).input)?)));
        let fit = first
            .and_then(|(e, picture)| fit(&work.planned(e).ops, Size { width: picture.width, height: picture.height }));
        let image = |(place, &e): (usize, &usize)| {
            let planned = work.planned(e).into_owned();
            let ops = if place < own.len() { planned.ops.as_slice() } else { fit.as_slice() };
            let ops = renumbered(ops, |partner| places.get(&partner).copied())?;
            Some(PlannedImage { ops, ..planned })
        };
        let plan = Plan::new(members.iter().enumerate().map(image).collect::<Option<_>>()?);
        let inputs = members.iter().map(|&e| work.entry(e).input).collect();
        let entries = own.iter().map(|&e| work.entry(e)).collect();
        (!own.is_empty()).then_some(Group { inputs, ids: members, plan, entries })
    }

    /// Reads inputs in parallel; broken ones are named and left out.
    fn load(&self, inputs: Vec<usize>) -> Pictures {
        let loaded: Vec<_> = inputs.into_par_iter().map(|input| (input, self.source.load(input))).collect();
        let mut pictures = Pictures::new();
        for (input, result) in loaded {
            match result {
                Ok((picture, reductions)) => {
                    let mut state = self.state();
                    state.read += 1;
                    for reduction in reductions {
                        state.reductions.entry(reduction).or_default().insert(input);
                    }
                    pictures.insert(input, picture);
                }
                Err(error) => self.fail(input, &in_one_line(&error)),
            }
        }
        pictures
    }

    /// On the CPU batches run side by side, as most of them may be of one image; a GPU takes one after the other.
    fn execute(&self, pictures: &Pictures, groups: Vec<Group>) {
        let is_cpu = self.executor.description() == "CPU";
        if is_cpu {
            groups.into_par_iter().for_each(|group| self.execute_one(pictures, group));
        } else {
            groups.into_iter().for_each(|group| self.execute_one(pictures, group));
        }
    }

    fn execute_one(&self, pictures: &Pictures, group: Group) {
        let members: Vec<_> = group.inputs.iter().filter_map(|input| pictures.get(input)).collect();
        let Some(first) = members.first() else { return };
        let shape = Shape { images: members.len(), height: first.height, width: first.width, channels: first.channels };
        let (tensor, report) = match self.augmented(&members, shape, &group.plan) {
            Ok(done) => done,
            Err(error) => return self.fail_all(&group.entries, &in_one_line(&error)),
        };
        self.count(&report);
        if self.keeps_record {
            self.keep(&group);
        }
        let planned = group.plan.images();
        group.entries.par_iter().enumerate().for_each(|(position, &entry)| {
            if self.is_stopped() {
                return;
            }
            let applied = Applied { planned: &planned[position], size: shape.size(), tensor: &tensor, position };
            if self.sink.is_there(entry) {
                if let Err(error) = self.sink.follow(entry, applied) {
                    self.fail(entry.input, &in_one_line(&error));
                }
                return self.skipped(1);
            }
            match self.sink.write(entry, applied) {
                Ok(()) => self.state().written += 1,
                Err(error) => match ends_the_run(&error, self.source.is_array()) {
                    true => self.stop(format!("{}: {}", self.source.name(entry.input), in_one_line(&error))),
                    false => self.fail(entry.input, &in_one_line(&error)),
                },
            }
            self.progress.inc(1);
        });
    }

    fn augmented(&self, members: &[&DecodedImage], shape: Shape, plan: &Plan) -> anyhow::Result<(Tensor, Report)> {
        let data = match members {
            [one] => Cow::Borrowed(&one.data[..]),
            more => {
                let mut data = read::reserved(shape.values())?;
                more.iter().for_each(|picture| data.extend_from_slice(&picture.data));
                Cow::Owned(data)
            }
        };
        let batch = Batch::new(data, shape, self.source.layout())?;
        Ok(self.executor.apply(&batch, plan, &self.output)?)
    }

    /// Records all images of a batch, those that only were partners too, as others refer to them: without operations.
    fn keep(&self, group: &Group) {
        let mut state = self.state();
        let members = group.inputs.iter().zip(&group.ids).zip(group.plan.images());
        for (place, ((&input, &id), image)) in members.enumerate() {
            let ops = if place < group.entries.len() { image.ops.as_slice() } else { &[] };
            let Some(ops) = renumbered(ops, |place| group.ids.get(place).copied()) else { continue };
            let image = PlannedImage { file: self.source.planned_name(input), ops, ..image.clone() };
            if place < group.entries.len() {
                state.record.add(id, image);
            } else {
                state.record.add_partner(id, image);
            }
        }
    }

    /// Adds up whatever numbers reports have.
    fn count(&self, report: &Report) {
        let mut state = self.state();
        state.batches += 1;
        let Ok(Value::Object(own)) = serde_json::to_value(report) else { return };
        for (name, value) in own {
            let sum = match (state.counters.get(&name).and_then(Value::as_u64), value.as_u64()) {
                (Some(before), Some(now)) => Value::from(before + now),
                _ => value,
            };
            state.counters.insert(name, sum);
        }
    }

    fn stop(&self, reason: String) {
        self.state().stopped.get_or_insert(reason);
    }

    fn is_stopped(&self) -> bool {
        self.state().stopped.is_some()
    }

    fn fail(&self, input: usize, reason: &str) {
        let is_new = self.state().failed.insert(input);
        if is_new {
            let words = format!("{}: {reason}", self.source.name(input));
            self.progress.suspend(|| self.terminal.error(&words));
        }
    }

    fn fail_all(&self, entries: &[Entry], reason: &str) {
        entries.iter().for_each(|entry| self.fail(entry.input, reason));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A thread that panicked while counting has not left a count half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many outputs were written, and how many were there before.
    pub fn written(&self) -> (usize, usize) {
        let state = self.state();
        (state.written, state.skipped)
    }

    /// The run's counters: files first, then the sums of the batches' reports.
    pub fn report(&self) -> Value {
        let state = self.state();
        let mut report = Map::new();
        report.insert("device".to_string(), self.executor.description().into());
        report.insert("inputs".to_string(), self.source.len().into());
        report.insert("failed".to_string(), (state.failed.len() + state.unreadable).into());
        report.insert("written".to_string(), state.written.into());
        report.insert("skipped".to_string(), state.skipped.into());
        report.insert("batches".to_string(), state.batches.into());
        report.extend(state.counters.iter().filter(|(name, _)| *name != "device").map(|(k, v)| (k.clone(), v.clone())));
        Value::Object(report)
    }

    pub fn into_plan(self) -> Plan {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).record.into_plan()
    }
}

/// Whether nothing else can be written either. An array is one file.
fn ends_the_run(error: &anyhow::Error, is_array: bool) -> bool {
    let kind = error.chain().find_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind);
    let is_full =
        matches!(kind, Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::ReadOnlyFilesystem));
    is_full || is_array && kind.is_some()
}
