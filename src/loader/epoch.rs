//! Epoch: the batches of one pass through the data set, in order.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};

use rayon::ThreadPool;
use serde::{Deserialize, Serialize};

use super::augment::{Drawn, Work};
use super::failed::FailedSamples;
use super::order::{Cut, Order};
use super::produce::{Images, Produced, Producer, Request};
use super::progress::{OnProgress, Progress};
use crate::error::{Error, Result};
use crate::mixing::Mixed;
use crate::output::Tensor;
use crate::plan::Plan;
use crate::report::Report;

/// Where a training run is: what [`Loader::resume`](super::Loader::resume) goes on from. Save it with the model.
///
/// Seed, batch size and the other options are not in it: the loader that goes on has to have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Position {
    /// The epoch.
    pub epoch: u64,
    /// The batch of this rank that comes next, from 0.
    pub batch: u64,
}

/// A batch that is ready to be trained on.
#[derive(Clone, Debug)]
pub struct LoadedBatch {
    /// The augmented images, mixed if the loader mixes.
    pub images: LoadedImages,
    /// The number of each image's class, mixed or not.
    pub labels: Vec<u32>,
    /// How the images were mixed, and their soft labels, N x classes; none unless the loader mixes
    /// ([`LoaderBuilder::mixing`](super::LoaderBuilder::mixing)).
    pub mixed: Option<Mixed<Vec<f32>>>,
    /// The number of each image in the data set.
    pub indices: Vec<u64>,
    /// What was applied to each image.
    pub plan: Plan,
    /// What it cost. `bytes_uploaded` counts the decoded pixels as well as the programs; images begin at multiples of 8
    /// bytes, so that it may count up to 7 more for each.
    pub report: Report,
}

/// Augmented images, where the augmenter runs.
#[derive(Clone, Debug)]
pub enum LoadedImages {
    /// In host memory, by the CPU.
    Host(Tensor),
    /// On the GPU. What is submitted to its queue from now on finds them.
    #[cfg(feature = "gpu")]
    Device(crate::GpuBatch),
}

impl LoadedImages {
    /// The images, if they are in host memory.
    pub fn host(&self) -> Option<&Tensor> {
        match self {
            LoadedImages::Host(tensor) => Some(tensor),
            #[cfg(feature = "gpu")]
            LoadedImages::Device(_) => None,
        }
    }

    /// The images, if they are on a GPU.
    #[cfg(feature = "gpu")]
    pub fn device(&self) -> Option<&crate::GpuBatch> {
        match self {
            LoadedImages::Host(_) => None,
            LoadedImages::Device(batch) => Some(batch),
        }
    }
}

/// The batches of one pass through the data set, in order: an iterator of `Result<LoadedBatch>`.
///
/// Batches are made ahead by the loader's threads from the moment there is an epoch. After an error it ends;
/// [`Epoch::position`] is then that of the batch that failed, so that [`Loader::resume`](super::Loader::resume) tries that
/// one again. (A GPU works on what was fetched after it was: if it is lost then, batches that were fetched and not yet
/// trained on are lost with it, and the position to go on from is one that was saved before.) Dropping it stops the work on batches that nobody will fetch, each thread at its next image.
pub struct Epoch {
    producer: Arc<Producer>,
    pool: Arc<ThreadPool>,
    order: Arc<Order>,
    cut: Cut,
    prefetch: usize,
    position: Position,
    /// The next batch that no thread was asked for.
    asked: usize,
    /// Batches that threads were asked for, in order.
    pending: VecDeque<Receiver<Result<Produced>>>,
    /// A batch that did not fit the caller's buffer.
    held: Option<Produced>,
    ended: bool,
    canceled: Arc<AtomicBool>,
    failed: FailedSamples,
    on_progress: Option<OnProgress>,
}

/// A batch as it comes from the threads, for whoever asked for it to finish.
pub(crate) enum Ready<'a> {
    /// Augmented and mixed by the CPU.
    Host(Tensor, Report),
    /// Decoded, on the device of the augmenter.
    #[cfg_attr(not(feature = "gpu"), allow(dead_code))]
    Device(&'a OnDevice),
}

#[cfg(feature = "gpu")]
type OnDevice = crate::GpuRaggedBatch;
/// Nothing is on a device where there is none.
#[cfg(not(feature = "gpu"))]
type OnDevice = std::convert::Infallible;

/// A batch that was finished, with whatever its images became.
pub(crate) struct Finished<T> {
    pub images: T,
    pub labels: Vec<u32>,
    pub mixed: Option<Mixed<Vec<f32>>>,
    pub indices: Vec<u64>,
    pub plan: Plan,
    pub report: Report,
}

/// What makes a batch's images out of it, by what is to be done to them.
type Finish<'f, T> = dyn FnMut(Work<'_>, Ready<'_>) -> Result<(T, Report)> + 'f;

impl Epoch {
    pub(super) fn new(
        (producer, pool): (Arc<Producer>, Arc<ThreadPool>),
        order: Order,
        cut: Cut,
        prefetch: usize,
        position: Position,
        on_progress: Option<OnProgress>,
    ) -> Self {
        let mut epoch = Epoch {
            producer,
            pool,
            order: Arc::new(order),
            cut,
            prefetch,
            position,
            asked: position.batch as usize,
            pending: VecDeque::with_capacity(prefetch),
            held: None,
            ended: false,
            canceled: Arc::default(),
            failed: FailedSamples::default(),
            on_progress,
        };
        epoch.ask();
        epoch.report();
        epoch
    }

    /// The batch that comes next; after an error the one that failed.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Batches of the whole epoch that this rank has, those already fetched included. Batches that are skipped because all
    /// their samples are broken count too.
    pub fn batches(&self) -> usize {
        self.cut.batches()
    }

    /// What was left out so far, by this iterator: after a resume it counts from there.
    pub fn failed(&self) -> &FailedSamples {
        &self.failed
    }

    /// The next batch with its images written to a buffer on the augmenter's device, contiguous from byte `offset` on; they
    /// are what [`LoadedBatch::images`] refers to. None after the last batch.
    ///
    /// # Errors
    /// As the iterator, and [`Error::Buffer`] if the buffer cannot be used (see
    /// [`Gpu::apply_into`](crate::Gpu::apply_into)), after which the same batch can be fetched to another one;
    /// [`Error::WrongDevice`] if the augmenter runs on the CPU.
    #[cfg(feature = "gpu")]
    pub fn next_into(&mut self, buffer: &wgpu::Buffer, offset: u64) -> Result<Option<LoadedBatch>> {
        if self.producer.augmenter.executor().gpu().is_none() {
            return Err(Error::WrongDevice { what: "loader" });
        }
        let finished = self.step(&mut |work, ready| match ready {
            Ready::Host(tensor, report) => Ok((LoadedImages::Host(tensor), report)),
            Ready::Device(batch) => {
                let (images, report) = work.on_device(batch, Some((buffer, offset)))?;
                Ok((LoadedImages::Device(images), report))
            }
        });
        finished.map(|finished| finished.map(LoadedBatch::from)).transpose()
    }

    /// Asks for batches until as many are under way as there should be.
    fn ask(&mut self) {
        while self.pending.len() < self.prefetch && self.asked < self.cut.batches() {
            let indices = self.cut.places(self.asked).map(|place| self.order.at(place)).collect();
            let (epoch, batch) = (self.position.epoch, self.asked);
            let request = Request { epoch, batch, indices, canceled: self.canceled.clone() };
            let (sender, receiver) = sync_channel(1);
            let producer = self.producer.clone();
            self.pool.spawn_fifo(move || {
                let produced = producer.produce(&request);
                // First let go of the data set, so that whoever has the last batch may count on it.
                drop(producer);
                // The receiver is gone if the epoch was dropped.
                let _ = sender.send(produced);
            });
            self.pending.push_back(receiver);
            self.asked += 1;
        }
    }

    /// Waits for the next batch that has images and finishes it.
    pub(crate) fn step<T>(&mut self, finish: &mut Finish<'_, T>) -> Option<Result<Finished<T>>> {
        loop {
            if self.ended {
                return None;
            }
            let produced = match self.held.take() {
                Some(produced) => Ok(produced),
                None => match self.pending.pop_front() {
                    Some(receiver) => {
                        let answer = receiver.recv();
                        answer.unwrap_or_else(|_| Err(Error::Cancelled("its thread ended")))
                    }
                    None => {
                        self.end();
                        return None;
                    }
                },
            };
            let mut produced = match produced {
                Ok(produced) => produced,
                Err(error) => {
                    self.end();
                    return Some(Err(error));
                }
            };
            // The threads go on while the caller has this one.
            self.ask();
            if produced.images.is_none() {
                self.failed.batches += 1;
                self.fetched(produced);
                continue;
            }
            let finished = self.finish(&mut produced, finish);
            match &finished {
                Ok(_) => self.fetched(produced),
                Err(Error::Buffer(_)) if produced.images.is_some() => self.held = Some(produced),
                Err(_) => self.end(),
            }
            return Some(finished);
        }
    }

    fn fetched(&mut self, produced: Produced) {
        self.failed.add(produced.failed);
        self.position.batch += 1;
        self.report();
    }

    fn report(&self) {
        if let Some(report) = &self.on_progress {
            let Position { epoch, batch } = self.position;
            report(Progress { epoch, batches_done: batch as usize, batches: self.batches() });
        }
    }

    fn end(&mut self) {
        self.ended = true;
        self.canceled.store(true, Ordering::Relaxed);
        self.pending.clear();
    }

    /// What is left to do when a batch is asked for. If that fails `produced` keeps its decoded images.
    fn finish<T>(&self, produced: &mut Produced, finish: &mut Finish<'_, T>) -> Result<Finished<T>> {
        let Some((drawn, images)) = produced.images.take() else {
            return Err(Error::Loader("a batch without images".to_string()));
        };
        let work = Work { augmenter: &self.producer.augmenter, drawn: &drawn };
        let (images, report) = match images {
            Images::Host(tensor, report) => finish(work, Ready::Host(tensor, report))?,
            #[cfg(feature = "gpu")]
            Images::Device(decoded) => match finish(work, Ready::Device(&decoded.images)) {
                // A batch that a lost device has is an error here, and does not count as fetched.
                Ok((images, mut report)) => {
                    report.bytes_uploaded += decoded.upload.bytes;
                    if let Some(gpu) = work.augmenter.executor().gpu() {
                        gpu.give_back(decoded.upload.buffer);
                    }
                    (images, report)
                }
                Err(error) => {
                    produced.images = Some((drawn, Images::Device(decoded)));
                    return Err(error);
                }
            },
        };
        let Drawn { plan, mixed } = drawn;
        let (labels, indices) = (std::mem::take(&mut produced.labels), std::mem::take(&mut produced.indices));
        Ok(Finished { images, labels, mixed, indices, plan, report })
    }
}

impl From<Finished<LoadedImages>> for LoadedBatch {
    fn from(finished: Finished<LoadedImages>) -> Self {
        let Finished { images, labels, mixed, indices, plan, report } = finished;
        LoadedBatch { images, labels, mixed, indices, plan, report }
    }
}

impl Iterator for Epoch {
    type Item = Result<LoadedBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let finished = self.step(&mut |_work, ready| match ready {
            Ready::Host(tensor, report) => Ok((LoadedImages::Host(tensor), report)),
            #[cfg(feature = "gpu")]
            Ready::Device(batch) => {
                let (images, report) = _work.on_device(batch, None)?;
                Ok((LoadedImages::Device(images), report))
            }
            #[cfg(not(feature = "gpu"))]
            Ready::Device(never) => match *never {},
        });
        finished.map(|finished| finished.map(LoadedBatch::from))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = if self.ended { 0 } else { self.cut.batches() - self.position.batch as usize };
        (0, Some(left))
    }
}

impl std::iter::FusedIterator for Epoch {}

impl Drop for Epoch {
    fn drop(&mut self) {
        self.end();
    }
}
