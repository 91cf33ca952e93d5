//! Mixing: MixUp and CutMix of a whole batch and its labels, after the images are augmented.
//!
//! The semantics are torchvision's (0.29, transforms v2). Each image's partner is the image before it in the batch, and
//! the first image's partner is the last one. Lambda comes from Beta(alpha, alpha) and is rounded to `f32`, as in
//! torch. CutMix's lambda becomes the remaining fraction of the image. The random numbers are this crate's: a
//! [`MixPlan`] depends on seed, epoch and sample index.
//!
//! Mixing comes after normalization and computes what torch computes. In `f32`, both products are rounded, and so is
//! their sum. The weights are `lambda` and `1 - lambda`, rounded to `f32`. In `f16`, each product is computed in `f32`
//! and rounded to `f16`, and so is the sum. CutMix only copies.
//!
//! On the host, [`MixPlan::apply`] mixes a [`Tensor`](crate::Tensor). On a GPU, [`Gpu::mix`](crate::Gpu::mix) mixes a
//! batch of augmented bytes and normalizes it in the same dispatch. It looks up the products of bytes, which the host
//! computed. Both give the same bits.
//!
//! ```
//! use autoaugment::mixing::{MixUp, Mixing};
//! use autoaugment::{Augmenter, Batch, Device, Layout, Normalize, Output, Policy, Shape};
//!
//! let output = Output::f32(Layout::Nchw, Normalize::CIFAR10);
//! let augmenter = Augmenter::builder(Policy::cifar10()).seed(42).device(Device::Cpu).output(output).build()?;
//! let mixing: Mixing = MixUp { alpha: 0.2, ..MixUp::default() }.into();
//!
//! let shape = Shape { images: 2, height: 32, width: 32, channels: 3 };
//! let batch = Batch::new(vec![128; shape.values()], shape, Layout::Nhwc)?;
//! let (epoch, indices, classes) = (0, [7, 8], [3, 9]);
//! let augmented = augmenter.augment(&batch, epoch, &indices)?;
//!
//! let plan = mixing.plan(42, epoch, &indices, augmented.tensor.shape.size())?;
//! let images = plan.apply(&augmented.tensor)?;
//! let labels = plan.labels(&classes, 10)?; // 2 x 10, each row adds up to 1
//! # assert_eq!((images.shape, labels.len()), (shape, 20));
//! # Ok::<(), autoaugment::Error>(())
//! ```
//!
//! A loader does all of this with a [`Mixer`], by
//! [`loader::LoaderBuilder::mixing`](crate::loader::LoaderBuilder::mixing).
//!
//! On a GPU, the augmented batch stays in bytes, in the layout of the output, until it is mixed:
//!
//! ```
//! # fn main() -> autoaugment::Result<()> {
//! use autoaugment::mixing::{CutMix, Mixing};
//! use autoaugment::{Augmenter, Batch, Gpu, Layout, Normalize, Output, Policy, Shape};
//! # let Ok(gpu) = Gpu::new() else { return Ok(()) };
//!
//! let augmenter = Augmenter::builder(Policy::cifar10()).gpu(gpu).output(Output::u8_as(Layout::Nchw)).build()?;
//! let gpu = augmenter.executor().gpu().expect("it was given one");
//! # let shape = Shape { images: 2, height: 32, width: 32, channels: 3 };
//! # let batch = Batch::new(vec![128; shape.values()], shape, Layout::Nhwc)?;
//! # let (epoch, indices) = (0, [7, 8]);
//! let bytes = augmenter.augment_resident(&gpu.upload(&batch)?, epoch, &indices)?.tensor;
//! let plan = Mixing::from(CutMix::default()).plan(42, epoch, &indices, bytes.shape().size())?;
//! let (images, _) = gpu.mix(&bytes, &plan, &Output::f16(Layout::Nchw, Normalize::CIFAR10))?;
//! gpu.recycle(bytes);
//! # assert_eq!(images.shape(), shape);
//! # Ok(())
//! # }
//! ```

mod mixed;
mod mixer;
mod plan;
mod text;

#[cfg(feature = "burn")]
pub(crate) use mixed::class_refused;
pub use mixer::{Mixed, Mixer};
pub use plan::{MixPlan, MixedImage, Rectangle};

use rand::RngExt;
use serde::{Deserialize, Serialize};

use crate::batch::Size;
use crate::error::{Error, Result};
use crate::random::{Purpose, Stream, Streams, beta};

/// A method for mixing a batch. As text, `mixup(alpha=0.2)` or `cutmix(alpha=1, per=image)`.
///
/// ```
/// use autoaugment::mixing::Mixing;
/// let mixing: Mixing = "cutmix(alpha=1, per=image)".parse()?;
/// assert_eq!(mixing.to_string(), "cutmix(alpha=1, per=image)");
/// assert_eq!("mixup".parse::<Mixing>()?.to_string(), "mixup(alpha=1)");
/// # Ok::<(), autoaugment::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "mixing", rename_all = "lowercase")]
#[non_exhaustive]
pub enum Mixing {
    /// Sums of two images.
    MixUp(MixUp),
    /// Rectangles of one image in another.
    CutMix(CutMix),
}

/// Each image becomes the sum of `lambda` times itself and `1 - lambda` times its partner.
///
/// Source: torchvision's `MixUp` (Zhang et al., arXiv 1710.09412).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MixUp {
    /// Both parameters of the Beta distribution, above 0. Small ones keep most images nearly unchanged.
    pub alpha: f64,
    /// The granularity of lambda.
    #[serde(default, skip_serializing_if = "Granularity::is_batch")]
    pub per: Granularity,
}

/// A rectangle of each image becomes its partner's. Its center is drawn uniformly, and its sides are `sqrt(1 - lambda)`
/// of the image's sides. The part outside the image is cut off. Then `lambda` becomes the remaining fraction of the
/// image.
///
/// Source: torchvision's `CutMix` (Yun et al., arXiv 1905.04899).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CutMix {
    /// Both parameters of the Beta distribution, above 0.
    pub alpha: f64,
    /// The granularity of lambda and rectangle.
    #[serde(default, skip_serializing_if = "Granularity::is_batch")]
    pub per: Granularity,
}

/// The unit that has its own draw: the batch, or each image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Granularity {
    /// The batch, as in torchvision: one draw, which depends on its first sample index.
    #[default]
    Batch,
    /// Each image, by its own sample index.
    Image,
}

impl Granularity {
    fn is_batch(&self) -> bool {
        *self == Granularity::Batch
    }
}

impl Default for MixUp {
    /// torchvision's: alpha 1, so that lambda is uniform.
    fn default() -> Self {
        MixUp { alpha: 1.0, per: Granularity::Batch }
    }
}

impl Default for CutMix {
    /// torchvision's: alpha 1, so that lambda is uniform before the part outside is cut off.
    fn default() -> Self {
        CutMix { alpha: 1.0, per: Granularity::Batch }
    }
}

impl From<MixUp> for Mixing {
    fn from(mixup: MixUp) -> Self {
        Mixing::MixUp(mixup)
    }
}

impl From<CutMix> for Mixing {
    fn from(cutmix: CutMix) -> Self {
        Mixing::CutMix(cutmix)
    }
}

impl Mixing {
    /// The name: `mixup` or `cutmix`.
    pub const fn name(&self) -> &'static str {
        match self {
            Mixing::MixUp(_) => "mixup",
            Mixing::CutMix(_) => "cutmix",
        }
    }

    /// Both parameters of the Beta distribution.
    pub const fn alpha(&self) -> f64 {
        match self {
            Mixing::MixUp(MixUp { alpha, .. }) | Mixing::CutMix(CutMix { alpha, .. }) => *alpha,
        }
    }

    /// The unit that has its own draw: the batch, or each image.
    pub const fn per(&self) -> Granularity {
        match self {
            Mixing::MixUp(MixUp { per, .. }) | Mixing::CutMix(CutMix { per, .. }) => *per,
        }
    }

    /// Refuses an alpha that is not a finite number above 0.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check(&self) -> Result<()> {
        let value = self.alpha();
        if value.is_finite() && value > 0.0 {
            return Ok(());
        }
        Err(Error::Parameter { op: self.name(), parameter: "alpha", value, rule: "is not a finite number above 0" })
    }

    /// Draws the plan for a batch. `indices` are the sample indices in the batch's order. `size` is the size of all
    /// images when they are mixed. You can use the augmenter's seed.
    ///
    /// # Errors
    /// Those of [`Mixing::check`], and [`Error::Batch`] if the size is unusable.
    pub fn plan(&self, seed: u64, epoch: u64, indices: &[u64], size: Size) -> Result<MixPlan> {
        self.check()?;
        size.check()?;
        let drawn = |index| self.draw(&Streams::new(seed, epoch, index), size);
        let shared = indices.first().filter(|_| self.per() == Granularity::Batch).map(|&first| drawn(first));
        let image = |(position, &index): (usize, &u64)| {
            let (lambda, rectangle) = shared.unwrap_or_else(|| drawn(index));
            // Rolled by one: the first image has the last.
            let partner = position.checked_sub(1).unwrap_or(indices.len() - 1);
            MixedImage { index, partner, lambda, rectangle }
        };
        Ok(MixPlan::new(indices.iter().enumerate().map(image).collect()))
    }

    fn draw(&self, streams: &Streams<'_>, size: Size) -> (f64, Option<Rectangle>) {
        match self {
            Mixing::MixUp(MixUp { alpha, .. }) => (lambda(&mut streams.of(Purpose::MixUp, 0), *alpha), None),
            Mixing::CutMix(CutMix { alpha, .. }) => {
                let mut stream = streams.of(Purpose::CutMix, 0);
                let lambda = lambda(&mut stream, *alpha);
                let x = stream.random_range(0..size.width as u64) as usize;
                let y = stream.random_range(0..size.height as u64) as usize;
                let rectangle = Rectangle::around(x, y, lambda, size);
                (rectangle.remaining_fraction(size), Some(rectangle))
            }
        }
    }
}

/// From Beta(alpha, alpha), rounded to `f32`.
fn lambda(stream: &mut Stream, alpha: f64) -> f64 {
    f64::from(beta::symmetric(alpha, stream.random(), stream.random()) as f32)
}
