//! Produce: one batch, from reading its files to pixels on the device, or to augmented images on the CPU.
//!
//! It runs in the loader's pool, whose threads share the images of a batch. First all samples are read and measured.
//! Then the plan is drawn, because a plan that begins with a crop reads a part of the image only. That gives each
//! sample its place, to which its part is decoded.
//!
//! A header may lie. So a large image is decoded to memory of its own before the batch's memory is allocated. The
//! batch's memory then holds the others only, and a lie costs its own sample.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::augment::{Drawn, Samples, Work};
use super::caught::message;
use super::color_mode::ColorMode;
use super::dataset::{Dataset, Sample};
use super::decode::{self, DecodeOptions};
use super::failed::{FailedSample, OnError};
use super::mask_mover::MaskMover;
#[cfg(feature = "gpu")]
use super::placed::place_all;
use super::placed::{LARGE, Placed, place_small};
use super::recycled::Recycled;
use super::region::Region;
use crate::augmenter::Augmenter;
use crate::batch::{ImageView, Place, RaggedBatch, Size};
use crate::error::{Error, Result};
#[cfg(feature = "gpu")]
use crate::gpu::decoded::Upload;
#[cfg(feature = "gpu")]
use crate::gpu::{self, Staging};
use crate::mixing::Mixer;
use crate::output::Tensor;
use crate::report::Report;
use crate::zeros::zeros;

/// The shared input of all batches.
pub(super) struct Producer {
    pub dataset: Box<dyn Dataset>,
    pub augmenter: Arc<Augmenter>,
    pub mixer: Option<Mixer>,
    pub color: ColorMode,
    pub scaled: Option<Size>,
    pub decoding: DecodeOptions,
    pub on_error: OnError,
    /// Set if masks come with the images.
    pub masks: Option<MaskMover>,
    pub recycled: Recycled,
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

/// The samples of a batch, without their images.
#[derive(Default)]
struct Batch {
    labels: Vec<u32>,
    indices: Vec<u64>,
    failed: Vec<FailedSample>,
}

impl Batch {
    fn of<'a>(samples: impl Iterator<Item = (usize, &'a Sample<'a>)>) -> Self {
        let (indices, labels) = samples.map(|(index, sample)| (index as u64, sample.label())).unzip();
        Batch { labels, indices, failed: Vec::new() }
    }

    fn without_images(self) -> Produced {
        let Batch { labels, indices, failed } = self;
        Produced { images: None, labels, indices, masks: None, failed }
    }

    fn with_images(self, drawn: Drawn, images: Images, masks: Option<Tensor>) -> Produced {
        Produced { images: Some((drawn, images)), masks, ..self.without_images() }
    }
}

/// A batch, as far as threads can make it ahead.
pub(super) struct Produced {
    /// The images and their draws. `None` if all samples failed.
    pub images: Option<(Drawn, Images)>,
    pub labels: Vec<u32>,
    pub indices: Vec<u64>,
    pub masks: Option<Tensor>,
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

/// A sample and the labels of its mask.
type Read<'a> = (Sample<'a>, Vec<u8>);

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
        let (mut samples, mut masks) = (Vec::with_capacity(read.len()), Vec::with_capacity(read.len()));
        let mut failed = Vec::new();
        for (&index, sample) in request.indices.iter().zip(read) {
            match sample? {
                Ok((sample, mask)) => {
                    samples.push((index, sample));
                    masks.push(mask);
                }
                Err(sample) => failed.push(sample),
            }
        }
        let drawn = self.draw(&mut samples, &mut masks, &mut failed, request);
        let sizes: Vec<Size> = samples.iter().map(|(_, sample)| sample.size()).collect();
        let regions = match &drawn {
            Some(drawn) => Region::read_by(&drawn.plan, &sizes),
            None => sizes.iter().map(|&size| Region::whole(size)).collect(),
        };
        let each = samples.into_iter().zip(regions).zip(masks);
        let placed = each.map(|(((index, sample), region), mask)| Placed::new(index, sample, region, mask)).collect();
        let mut placed = self.with_large_ones(placed, &mut failed, request);
        if placed.is_empty() {
            return self.checked(Batch { failed, ..Batch::default() }, request).map(Batch::without_images);
        }
        #[cfg(feature = "gpu")]
        if let Some(gpu) = self.augmenter.executor().gpu() {
            place_all(&mut placed, self.color.channels(), gpu::ALIGNMENT);
            let spans: Vec<_> = placed.iter().map(|p| p.span(self.color.channels())).collect();
            let (upload, decoded) =
                gpu.upload_decoded(&self.staging, &spans, |i, out| self.decode(&placed[i], out, request))?;
            let (batch, placed) = self.kept(placed, decoded, failed, request)?;
            if placed.is_empty() {
                return Ok(batch.without_images());
            }
            let places: Vec<Place> = placed.iter().map(Placed::place).collect();
            let images = crate::GpuRaggedBatch::new(upload.buffer.clone(), &places, self.color.channels())?;
            let drawn = self.drawn(drawn, &batch, &placed, request)?;
            let masks = self.moved(&drawn, &placed)?;
            return Ok(batch.with_images(drawn, Images::Device(Decoded { images, upload }), masks));
        }
        let channels = self.color.channels();
        let end = place_small(&mut placed, channels);
        let mut pixels = zeros("the images of a batch", end)?;
        let decoded = {
            let lengths = placed.iter().map(|p| if p.own.is_empty() { p.span(channels).len() } else { 0 });
            let each = placed.par_iter().zip(divided(&mut pixels, lengths));
            each.map(|(placed, out)| if out.is_empty() { Ok(()) } else { self.decode(placed, out, request) }).collect()
        };
        let (batch, placed) = self.kept(placed, decoded, failed, request)?;
        if placed.is_empty() {
            return Ok(batch.without_images());
        }
        let drawn = self.drawn(drawn, &batch, &placed, request)?;
        let masks = self.moved(&drawn, &placed)?;
        let work = Work { augmenter: &self.augmenter, drawn: &drawn };
        let (tensor, report) = if placed.iter().all(|p| p.own.is_empty()) {
            let places: Vec<Place> = placed.iter().map(Placed::place).collect();
            work.on_host((&RaggedBatch::new(pixels, &places, channels)?).into(), self.recycled.take())?
        } else {
            let views: Vec<ImageView<'_>> = placed.iter().map(|p| p.view(&pixels, channels)).collect::<Result<_>>()?;
            work.on_host(views.as_slice().into(), self.recycled.take())?
        };
        // Mixing needs the memory that the pixels had.
        drop(placed);
        let (tensor, left_over) = work.mixed(tensor, || self.recycled.take())?;
        left_over.into_iter().for_each(|tensor| self.recycled.give(tensor));
        Ok(batch.with_images(drawn, Images::Host(tensor, report), masks))
    }

    /// The draws for the samples. A sample that the plan refuses, as a crop refuses an image that is too small, goes
    /// to the failed ones. `None` if the refusal is no single sample's. It may be that of a sample that turns out to be
    /// broken.
    fn draw(
        &self,
        samples: &mut Vec<(usize, Sample<'_>)>,
        masks: &mut Vec<Vec<u8>>,
        failed: &mut Vec<FailedSample>,
        request: &Request,
    ) -> Option<Drawn> {
        let draw = |samples: &[(usize, Sample<'_>)]| {
            let sizes: Vec<Size> = samples.iter().map(|(_, sample)| sample.size()).collect();
            let batch = Batch::of(samples.iter().map(|(index, sample)| (*index, sample)));
            self.samples(&batch, request).draw(&sizes[..])
        };
        if let Ok(drawn) = draw(samples) {
            return Some(drawn);
        }
        let refusal = |(index, sample): &(usize, Sample<'_>)| {
            let sizes = &[sample.size()][..];
            let plan = self.augmenter.plan(sizes, request.epoch, &[*index as u64]);
            let refused = plan.and_then(|plan| plan.check(sizes).map(drop)).err()?;
            // The image's place in the plan of one image says nothing.
            let reason = if let Error::At { reason, .. } = refused { *reason } else { refused };
            Some(self.failed(*index, reason))
        };
        let refused: Vec<Option<FailedSample>> = samples.iter().map(refusal).collect();
        if refused.iter().all(Option::is_none) {
            return None;
        }
        let mut fits = refused.iter().map(Option::is_none);
        samples.retain(|_| fits.next().unwrap_or(true));
        let mut fits = refused.iter().map(Option::is_none);
        masks.retain(|_| fits.next().unwrap_or(true));
        failed.extend(refused.into_iter().flatten());
        if samples.is_empty() { None } else { draw(samples).ok() }
    }

    /// Decodes the large images to memory of their own. Those that fail go to the failed ones.
    fn with_large_ones<'a>(
        &self,
        placed: Vec<Placed<'a>>,
        failed: &mut Vec<FailedSample>,
        request: &Request,
    ) -> Vec<Placed<'a>> {
        let large = |mut placed: Placed<'a>| {
            let bytes = placed.span(self.color.channels()).len();
            if bytes >= LARGE {
                let mut own = decode::allocate(bytes).map_err(|error| self.failed(placed.index, error))?;
                self.decode(&placed, &mut own, request)?;
                placed.own = own;
            }
            Ok(placed)
        };
        let all: Vec<Result<Placed<'a>, FailedSample>> = placed.into_par_iter().map(large).collect();
        without_failed(all, failed)
    }

    /// The decoded samples. The others are added to the failed ones.
    fn kept<'a>(
        &self,
        placed: Vec<Placed<'a>>,
        decoded: Vec<Result<(), FailedSample>>,
        mut failed: Vec<FailedSample>,
        request: &Request,
    ) -> Result<(Batch, Vec<Placed<'a>>)> {
        let each = placed.into_iter().zip(decoded).map(|(placed, result)| result.map(|()| placed));
        let kept = without_failed(each, &mut failed);
        let batch = Batch { failed, ..Batch::of(kept.iter().map(|p| (p.index, &p.sample))) };
        Ok((self.checked(batch, request)?, kept))
    }

    /// The draws for the decoded parts of the kept samples. What was `drawn` for all samples holds if all are kept. The
    /// draws of an image do not depend on the others, so its region stays.
    fn drawn(&self, drawn: Option<Drawn>, batch: &Batch, placed: &[Placed<'_>], request: &Request) -> Result<Drawn> {
        let sizes: Vec<Size> = placed.iter().map(|p| p.sample.size()).collect();
        let mut drawn = match drawn {
            Some(drawn) if placed.len() == drawn.plan.images().len() => drawn,
            _ => self.samples(batch, request).draw(&sizes[..])?,
        };
        let regions: Vec<Region> = placed.iter().map(|p| p.region).collect();
        drawn.within_regions = Region::plan_within(&drawn.plan, &sizes, &regions);
        Ok(drawn)
    }

    /// These samples, for their draws.
    fn samples<'a>(&'a self, Batch { indices, labels, .. }: &'a Batch, request: &Request) -> Samples<'a> {
        Samples { augmenter: &self.augmenter, mixer: self.mixer.as_ref(), epoch: request.epoch, indices, labels }
    }

    /// The masks, moved by the plan of their images. They are as large as whole images.
    fn moved(&self, drawn: &Drawn, placed: &[Placed<'_>]) -> Result<Option<Tensor>> {
        let Some(mover) = &self.masks else { return Ok(None) };
        let sizes: Vec<Size> = placed.iter().map(|p| p.sample.size()).collect();
        let masks = placed.iter().map(|p| &p.mask[..]).collect::<Vec<_>>().concat();
        mover.apply(&drawn.plan, masks, &sizes).map(Some)
    }

    /// A sample, or the reason why it failed. A panic of the data set is a mistake in its code, not in the data. A data
    /// set that cancels ends the epoch.
    fn read(&self, index: usize, request: &Request) -> Result<Result<Read<'_>, FailedSample>> {
        if request.canceled.load(Ordering::Relaxed) {
            return Err(Error::Cancelled("the epoch was dropped"));
        }
        let read = catch_unwind(AssertUnwindSafe(|| self.dataset.read(index)))
            .map_err(|panic| Error::Panicked(format!("sample {index}: {}", message(&*panic))))?;
        let read = read.and_then(|sample| {
            let sample = sample.with_options(self.decoding)?;
            self.color.check(sample.channels())?;
            if self.masks.is_some() {
                let mask = self.mask(&sample)?;
                return Ok((sample, mask));
            }
            Ok(match self.scaled {
                Some(least) => (sample.scaled(least), Vec::new()),
                None => (sample, Vec::new()),
            })
        });
        match read {
            Err(error @ Error::Cancelled(_)) => Err(error),
            read => Ok(read.map_err(|error| self.failed(index, error))),
        }
    }

    /// The labels of a sample's mask, which must be there.
    fn mask(&self, sample: &Sample<'_>) -> Result<Vec<u8>> {
        sample.decode_mask()?.ok_or_else(|| Error::Decode("it has no mask, and the loader asks for masks".to_string()))
    }

    fn decode(&self, placed: &Placed<'_>, out: &mut [u8], request: &Request) -> Result<(), FailedSample> {
        if request.canceled.load(Ordering::Relaxed) {
            return Ok(());
        }
        if !placed.own.is_empty() {
            out.copy_from_slice(&placed.own);
            return Ok(());
        }
        placed.sample.decode_region(self.color, placed.region, out).map_err(|error| self.failed(placed.index, error))
    }

    /// The failed samples in the order of the batch. The first one is an error if they may not be skipped.
    fn checked(&self, mut batch: Batch, request: &Request) -> Result<Batch> {
        let place = |index: u64| request.indices.iter().position(|&i| i as u64 == index);
        batch.failed.sort_by_key(|sample| place(sample.index));
        match self.on_error {
            OnError::Stop if !batch.failed.is_empty() => Err(batch.failed.swap_remove(0).into_error()),
            _ => Ok(batch),
        }
    }

    fn failed(&self, index: usize, error: Error) -> FailedSample {
        FailedSample { index: index as u64, name: self.dataset.name(index), reason: error.to_string() }
    }
}

/// The good results. The failed samples are added to the others.
fn without_failed<T>(
    results: impl IntoIterator<Item = Result<T, FailedSample>>,
    failed: &mut Vec<FailedSample>,
) -> Vec<T> {
    let kept = results.into_iter().filter_map(|result| result.map_err(|sample| failed.push(sample)).ok());
    kept.collect()
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
