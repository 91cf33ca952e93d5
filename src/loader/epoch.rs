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
use crate::threads;

/// The position of a training run. [`Loader::resume`](super::Loader::resume) continues from it. Save it with the model.
///
/// It does not hold the seed, the batch size or other options. The loader that continues needs the same options.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Position {
    /// The epoch.
    pub epoch: u64,
    /// The next batch of this rank, from 0.
    pub batch: u64,
}

/// A batch that is ready for training.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LoadedBatch {
    /// The augmented images, mixed if the loader mixes.
    pub images: LoadedImages,
    /// The class of each image, mixed or not.
    pub labels: Vec<u32>,
    /// The mixing plan and the soft labels, N x classes. `None` unless the loader mixes
    /// ([`LoaderBuilder::mixing`](super::LoaderBuilder::mixing)).
    pub mixed: Option<Mixed<Vec<f32>>>,
    /// The masks of the images in host memory, u8 of N x H x W x 1. `None` unless the loader has
    /// [`LoaderBuilder::masks`](super::LoaderBuilder::masks).
    pub masks: Option<Tensor>,
    /// The sample index of each image.
    pub indices: Vec<u64>,
    /// The operations of each image.
    pub plan: Plan,
    /// The cost of the batch. `bytes_uploaded` counts the decoded pixels and the programs. Images begin at multiples of
    /// 8 bytes, so it can count up to 7 bytes more per image.
    pub report: Report,
}

/// Augmented images, where the augmenter runs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LoadedImages {
    /// In host memory, by the CPU.
    Host(Tensor),
    /// On the GPU. Work that you submit to its queue from now on sees them.
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
/// The loader's threads make batches ahead as soon as the epoch exists. The epoch ends after an error.
/// [`Epoch::position`] is then the failed batch, so [`Loader::resume`](super::Loader::resume) tries that batch again. A
/// GPU finishes a batch after you fetch it. After a lost device, resume from the last position that you saved before
/// it. An epoch of which all samples were skipped ends with an error. Dropping the epoch stops the work on its other
/// batches, in each thread at its next image.
pub struct Epoch {
    producer: Arc<Producer>,
    pool: Arc<ThreadPool>,
    order: Arc<Order>,
    cut: Cut,
    prefetch: usize,
    position: Position,
    /// The next batch to request from a thread.
    asked: usize,
    /// Requested batches, in order.
    pending: VecDeque<Receiver<Result<Produced>>>,
    /// A batch that did not fit the caller's buffer.
    held: Option<Produced>,
    ended: bool,
    /// The process that has the threads.
    process: u32,
    canceled: Arc<AtomicBool>,
    failed: FailedSamples,
    on_progress: Option<OnProgress>,
}

/// A batch from the threads, to be finished by the caller.
pub(crate) enum Ready<'a> {
    /// Augmented and mixed by the CPU.
    Host(Tensor, Report),
    /// Decoded, on the device of the augmenter.
    #[cfg_attr(not(feature = "gpu"), allow(dead_code))]
    Device(&'a OnDevice),
}

#[cfg(feature = "gpu")]
type OnDevice = crate::GpuRaggedBatch;
/// Without a GPU, no images are on a device.
#[cfg(not(feature = "gpu"))]
type OnDevice = std::convert::Infallible;

/// A finished batch, with its images in their final form.
pub(crate) struct Finished<T> {
    pub images: T,
    pub labels: Vec<u32>,
    pub mixed: Option<Mixed<Vec<f32>>>,
    pub masks: Option<Tensor>,
    pub indices: Vec<u64>,
    pub plan: Plan,
    pub report: Report,
}

/// Makes the images of a batch from its work.
type Finish<'f, T> = dyn FnMut(Work<'_>, Ready<'_>) -> Result<(T, Report)> + 'f;

impl Epoch {
    pub(super) fn new(
        (producer, pool, process): (Arc<Producer>, Arc<ThreadPool>, u32),
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
            pending: VecDeque::new(),
            held: None,
            ended: false,
            process,
            canceled: Arc::default(),
            failed: FailedSamples::default(),
            on_progress,
        };
        epoch.ask();
        epoch.report();
        epoch
    }

    /// Takes back the images of a batch; see [`Loader::recycle`](super::Loader::recycle).
    pub fn recycle(&self, images: Tensor) {
        self.producer.recycled.give(images);
    }

    /// The next batch. After an error, the failed batch.
    pub fn position(&self) -> Position {
        self.position
    }

    /// The number of batches of the whole epoch on this rank, with the fetched ones. Skipped batches count too.
    pub fn batches(&self) -> usize {
        self.cut.batches()
    }

    /// The samples that this iterator has skipped so far. After a resume, it counts from there.
    pub fn failed(&self) -> &FailedSamples {
        &self.failed
    }

    /// The next batch, with its images written to a buffer on the augmenter's device, contiguous from byte `offset` on.
    /// [`LoadedBatch::images`] refers to them. `None` after the last batch.
    ///
    /// # Errors
    /// Those of the iterator. [`Error::Buffer`] if the buffer cannot be used (see
    /// [`Gpu::apply_into`](crate::Gpu::apply_into)); the same batch can then be fetched into another buffer.
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

    /// Requests batches until enough are under way.
    fn ask(&mut self) {
        while self.pending.len() < self.prefetch && self.asked < self.cut.batches() {
            let indices = self.cut.places(self.asked).map(|place| self.order.at(place)).collect();
            let (epoch, batch) = (self.position.epoch, self.asked);
            let request = Request { epoch, batch, indices, canceled: self.canceled.clone() };
            let (sender, receiver) = sync_channel(1);
            let producer = self.producer.clone();
            self.pool.spawn_fifo(move || {
                let produced = producer.produce(&request);
                // Release the data set first, so that the owner of the last batch can rely on it.
                drop(producer);
                // The receiver is gone if the epoch was dropped.
                let _ = sender.send(produced);
            });
            self.pending.push_back(receiver);
            self.asked += 1;
        }
    }

    /// Waits for the next batch with images, and finishes it.
    pub(crate) fn step<T>(&mut self, finish: &mut Finish<'_, T>) -> Option<Result<Finished<T>>> {
        loop {
            if self.ended {
                return None;
            }
            if self.process != threads::process() {
                self.end();
                return Some(Err(forked()));
            }
            let produced = match self.held.take() {
                Some(produced) => Ok(produced),
                None => match self.pending.pop_front() {
                    Some(receiver) => {
                        let answer = receiver.recv();
                        answer.unwrap_or(Err(Error::Cancelled("its thread ended")))
                    }
                    None => {
                        self.end();
                        return self.all_failed().map(Err);
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

    /// An error if all samples of a whole epoch failed. A training without images is a mistake that shows nowhere else.
    fn all_failed(&self) -> Option<Error> {
        let FailedSamples { samples, batches, named } = &self.failed;
        let first = named.first()?.clone().into_error();
        let reason = format!("all {samples} samples failed and were skipped; the first is {first}");
        let place = format!("epoch {}", self.position.epoch);
        (*batches == self.cut.batches() as u64).then_some(Error::Dataset { place, reason })
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

    /// The remaining work when a batch is fetched. If it fails, `produced` keeps its decoded images.
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
                        gpu.return_buffer(decoded.upload.buffer);
                    }
                    (images, report)
                }
                Err(error) => {
                    produced.images = Some((drawn, Images::Device(decoded)));
                    return Err(error);
                }
            },
        };
        let Drawn { plan, mixed, .. } = drawn;
        let (labels, indices) = (std::mem::take(&mut produced.labels), std::mem::take(&mut produced.indices));
        Ok(Finished { images, labels, mixed, masks: produced.masks.take(), indices, plan, report })
    }
}

/// A fork copies no threads, and waiting for them would never end.
fn forked() -> Error {
    let what = "this process was forked after the loader was built, and the loader's threads stayed in the other one";
    Error::Loader(format!("{what}; build the loader in this process"))
}

impl From<Finished<LoadedImages>> for LoadedBatch {
    fn from(finished: Finished<LoadedImages>) -> Self {
        let Finished { images, labels, mixed, masks, indices, plan, report } = finished;
        LoadedBatch { images, labels, mixed, masks, indices, plan, report }
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
