//! Produce: one batch, from reading its files to pixels on the device, or to augmented images on the CPU.
//!
//! It runs in the loader's pool, whose threads share the images of a batch. First all samples are read and measured,
//! which gives each its place. Then each is decoded to its place.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::augment::{Drawn, Samples, Work};
use super::color_mode::ColorMode;
use super::dataset::{Dataset, Sample};
use super::failed::{FailedSample, OnError};
use crate::augmenter::Augmenter;
use crate::batch::{Place, RaggedBatch, Size};
use crate::error::{Error, Result};
#[cfg(feature = "gpu")]
use crate::gpu::decoded::Upload;
#[cfg(feature = "gpu")]
use crate::gpu::{self, Staging};
use crate::mixing::Mixer;
use crate::output::Tensor;
use crate::report::Report;

/// The shared input of all batches.
pub(super) struct Producer {
    pub dataset: Box<dyn Dataset>,
    pub augmenter: Arc<Augmenter>,
    pub mixer: Option<Mixer>,
    pub color: ColorMode,
    pub scaled: Option<Size>,
    pub on_error: OnError,
    #[cfg(feature = "gpu")]
    pub staging: Staging,
}

/// The request for one batch.
pub(super) struct Request {
    pub epoch: u64,
    pub batch: usize,
    pub indices: Vec<usize>,
    /// Set when the epoch is dropped or has ended.
    pub canceled: Arc<AtomicBool>,
}

/// A batch, as far as threads can make it ahead.
pub(super) struct Produced {
    /// The images and their draws. `None` if all samples failed.
    pub images: Option<(Drawn, Images)>,
    pub labels: Vec<u32>,
    pub indices: Vec<u64>,
    pub failed: Vec<FailedSample>,
}

pub(super) enum Images {
    /// Augmented, and mixed if the loader mixes.
    Host(Tensor, Report),
    /// Decoded.
    #[cfg(feature = "gpu")]
    Device(Decoded),
}

/// Images on the device.
#[cfg(feature = "gpu")]
pub(super) struct Decoded {
    pub images: crate::GpuRaggedBatch,
    pub upload: Upload,
}

/// A sample and its place.
struct Placed<'a> {
    index: usize,
    sample: Sample<'a>,
    place: Place,
}

impl Produced {
    /// Takes the labels and indices of the decoded samples, and returns the places.
    fn keep(&mut self, placed: Vec<Placed<'_>>, decoded: Vec<Result<(), FailedSample>>) -> Vec<Place> {
        let mut places = Vec::with_capacity(placed.len());
        for (placed, result) in placed.into_iter().zip(decoded) {
            match result {
                Ok(()) => {
                    places.push(placed.place);
                    self.labels.push(placed.sample.label());
                    self.indices.push(placed.index as u64);
                }
                Err(sample) => self.failed.push(sample),
            }
        }
        places
    }
}

impl Producer {
    /// Makes a batch. A panic becomes an error, because a thread of the pool must answer.
    pub fn produce(&self, request: &Request) -> Result<Produced> {
        let result = catch_unwind(AssertUnwindSafe(|| self.make(request)));
        let result = result.unwrap_or_else(|panic| Err(Error::Panicked(message(&*panic))));
        result.map_err(|error| match error {
            // These are of the device and not of the batch, and are easier to tell apart as they are.
            Error::DeviceLost(_) | Error::OutOfMemory(_) | Error::Device(_) | Error::DeviceLimit { .. } => error,
            _ => error.at(format!("epoch {}, batch {}", request.epoch, request.batch)),
        })
    }

    fn make(&self, request: &Request) -> Result<Produced> {
        let read: Vec<_> = request.indices.par_iter().map(|&index| self.read(index, request)).collect();
        let mut placed = Vec::with_capacity(read.len());
        let mut failed = Vec::new();
        let mut end = 0usize;
        for (&index, sample) in request.indices.iter().zip(read) {
            match sample? {
                Ok(sample) => {
                    let offset = end.next_multiple_of(self.alignment());
                    let size = sample.size();
                    // Each image is within `decode::LARGEST` or in memory already, so that the sum cannot overflow.
                    end = offset + size.pixels() * self.color.channels();
                    placed.push(Placed { index, sample, place: Place { offset, size } });
                }
                Err(sample) => failed.push(sample),
            }
        }
        let mut produced = Produced { images: None, labels: Vec::new(), indices: Vec::new(), failed };
        if placed.is_empty() {
            return self.checked(produced, request);
        }
        #[cfg(feature = "gpu")]
        if let Some(gpu) = self.augmenter.executor().gpu() {
            let spans: Vec<_> = placed.iter().map(|p| self.span(p)).collect();
            let (upload, decoded) =
                gpu.upload_decoded(&self.staging, &spans, |i, out| self.decode(&placed[i], out, request))?;
            let places = produced.keep(placed, decoded);
            let mut produced = self.checked(produced, request)?;
            if !places.is_empty() {
                let images = crate::GpuRaggedBatch::new(upload.buffer.clone(), &places, self.color.channels())?;
                let drawn = self.samples(&produced, request).draw(images.sizes())?;
                produced.images = Some((drawn, Images::Device(Decoded { images, upload })));
            }
            return Ok(produced);
        }
        let mut pixels = vec![0; end];
        let decoded = {
            let slices = divided(&mut pixels, placed.iter().map(|p| self.span(p).len()));
            let each = placed.par_iter().zip(slices);
            each.map(|(placed, out)| self.decode(placed, out, request)).collect()
        };
        let places = produced.keep(placed, decoded);
        let mut produced = self.checked(produced, request)?;
        if !places.is_empty() {
            let batch = RaggedBatch::new(pixels, &places, self.color.channels())?;
            let drawn = self.samples(&produced, request).draw(batch.sizes())?;
            let (tensor, report) = Work { augmenter: &self.augmenter, drawn: &drawn }.on_host(batch)?;
            produced.images = Some((drawn, Images::Host(tensor, report)));
        }
        Ok(produced)
    }

    /// The kept samples.
    fn samples<'a>(&'a self, Produced { indices, labels, .. }: &'a Produced, request: &Request) -> Samples<'a> {
        Samples { augmenter: &self.augmenter, mixer: self.mixer.as_ref(), epoch: request.epoch, indices, labels }
    }

    /// A sample, or the reason why it failed. A panic of the data set is a mistake in its code, not in the data.
    fn read(&self, index: usize, request: &Request) -> Result<Result<Sample<'_>, FailedSample>> {
        if request.canceled.load(Ordering::Relaxed) {
            return Err(Error::Cancelled("the epoch was dropped"));
        }
        let read = catch_unwind(AssertUnwindSafe(|| self.dataset.read(index)))
            .map_err(|panic| Error::Panicked(format!("sample {index}: {}", message(&*panic))))?;
        let read = read.and_then(|sample| {
            self.color.check(sample.channels())?;
            Ok(match self.scaled {
                Some(least) => sample.scaled(least),
                None => sample,
            })
        });
        Ok(read.map_err(|error| self.failed(index, error)))
    }

    /// Decoders panic on some broken files. For a training run, that is a failed sample.
    fn decode(&self, placed: &Placed<'_>, out: &mut [u8], request: &Request) -> Result<(), FailedSample> {
        if request.canceled.load(Ordering::Relaxed) {
            return Ok(());
        }
        catch_unwind(AssertUnwindSafe(|| placed.sample.decode_into(self.color, out)))
            .unwrap_or_else(|panic| Err(Error::Decode(format!("the decoder panicked: {}", message(&*panic)))))
            .map_err(|error| self.failed(placed.index, error))
    }

    /// The failed samples in the order of the batch. The first one is an error if they may not be skipped.
    fn checked(&self, mut produced: Produced, request: &Request) -> Result<Produced> {
        let place = |index: u64| request.indices.iter().position(|&i| i as u64 == index);
        produced.failed.sort_by_key(|sample| place(sample.index));
        match self.on_error {
            OnError::Stop if !produced.failed.is_empty() => Err(produced.failed.swap_remove(0).into_error()),
            _ => Ok(produced),
        }
    }

    fn failed(&self, index: usize, error: Error) -> FailedSample {
        FailedSample { index: index as u64, name: self.dataset.name(index), reason: error.to_string() }
    }

    fn span(&self, placed: &Placed<'_>) -> std::ops::Range<usize> {
        let Place { offset, size } = placed.place;
        offset..offset + size.pixels() * self.color.channels()
    }

    fn alignment(&self) -> usize {
        #[cfg(feature = "gpu")]
        if self.augmenter.executor().gpu().is_some() {
            return gpu::ALIGNMENT;
        }
        1
    }
}

/// Consecutive parts with these lengths.
fn divided(mut bytes: &mut [u8], lengths: impl Iterator<Item = usize>) -> Vec<&mut [u8]> {
    let part = |length| {
        let (part, rest) = std::mem::take(&mut bytes).split_at_mut(length);
        bytes = rest;
        part
    };
    lengths.map(part).collect()
}

/// The message of a panic.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a message".to_string())
}
