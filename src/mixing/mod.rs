//! Mixing: MixUp and CutMix, what is done to a whole batch and its labels once its images are augmented.
//!
//! The semantics are torchvision's (0.29, transforms v2): each image's partner is the one before it in the batch, the first
//! one's the last; lambda comes from Beta(alpha, alpha) and is rounded to binary32, as torch's is; CutMix's lambda becomes the
//! part of the image that is left. The random numbers are this crate's: a [`MixPlan`] depends on seed, epoch and sample index.
//!
//! Mixing comes after normalizing, and what is computed is what torch computes: both products in binary32, each rounded, and
//! their rounded sum; weights are `lambda` and `1 - lambda`, rounded to binary32. In binary16 each product, computed in
//! binary32 from values of binary16, is rounded to binary16, and so is the sum of the two. CutMix computes nothing.
//!
//! On the host that happens to a [`Tensor`](crate::Tensor), on a GPU ([`Gpu::mix`](crate::Gpu::mix)) to a batch of augmented bytes, which is
//! normalized on the way: products of bytes are looked up, so that they are the host's. Both give the same bits.
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
//! A loader does all of this by itself ([`loader::LoaderBuilder::mixing`](crate::loader::LoaderBuilder::mixing)), by a [`Mixer`].
//!
//! On a GPU the augmented batch stays bytes, in the layout of the output, until it is mixed:
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
//! let (bytes, _, _) = augmenter.augment_resident(&gpu.upload(&batch)?, epoch, &indices)?;
//! let plan = Mixing::from(CutMix::default()).plan(42, epoch, &indices, bytes.shape().size())?;
//! let images = gpu.mix(&bytes, &plan, &Output::f16(Layout::Nchw, Normalize::CIFAR10))?;
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
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::batch::Size;
use crate::error::{Error, Result};
use crate::random::{Purpose, Streams, beta};

/// How a batch is mixed. As text `mixup(alpha=0.2)` or `cutmix(alpha=1, per=image)`.
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

/// Each image becomes `lambda` of itself and `1 - lambda` of its partner.
///
/// Source: torchvision's `MixUp` (Zhang et al., arXiv 1710.09412).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MixUp {
    /// Both parameters of the Beta distribution; above 0. Small ones leave most images nearly alone.
    pub alpha: f64,
    /// For what lambda is drawn.
    #[serde(default, skip_serializing_if = "Granularity::is_batch")]
    pub per: Granularity,
}

/// A rectangle of each image becomes its partner's. Its center is drawn uniformly, its sides are `sqrt(1 - lambda)` of the
/// image's, what is outside the image is cut off, and `lambda` becomes the part of the image that is left.
///
/// Source: torchvision's `CutMix` (Yun et al., arXiv 1905.04899).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CutMix {
    /// Both parameters of the Beta distribution; above 0.
    pub alpha: f64,
    /// For what lambda and rectangle are drawn.
    #[serde(default, skip_serializing_if = "Granularity::is_batch")]
    pub per: Granularity,
}

/// What has its own draw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Granularity {
    /// The batch, as in torchvision: one draw, which depends on the number of its first image.
    #[default]
    Batch,
    /// Each image, by its own number.
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
    /// torchvision's: alpha 1, so that lambda is uniform before what is outside is cut off.
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

    /// What has its own draw.
    pub const fn per(&self) -> Granularity {
        match self {
            Mixing::MixUp(MixUp { per, .. }) | Mixing::CutMix(CutMix { per, .. }) => *per,
        }
    }

    /// Refuses an alpha that is no finite number above 0.
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

    /// Draws what a batch is mixed by. `indices` are the images' numbers in the data set, in the batch's order; `size` is what
    /// all images have when they are mixed. The same seed as the augmenter's serves.
    ///
    /// # Errors
    /// Those of [`Mixing::check`], and [`Error::Batch`] if the size is unusable.
    pub fn plan(&self, seed: u64, epoch: u64, indices: &[u64], size: Size) -> Result<MixPlan> {
        self.check()?;
        size.check()?;
        let drawn = |index| self.draw(&Streams { seed, epoch, index }, size);
        let shared = indices.first().filter(|_| self.per() == Granularity::Batch).map(|&first| drawn(first));
        let image = |(position, &index): (usize, &u64)| {
            let (lambda, rectangle) = shared.unwrap_or_else(|| drawn(index));
            // Rolled by one: the first image has the last.
            let partner = position.checked_sub(1).unwrap_or(indices.len() - 1);
            MixedImage { index, partner, lambda, rectangle }
        };
        Ok(MixPlan::new(indices.iter().enumerate().map(image).collect()))
    }

    fn draw(&self, streams: &Streams, size: Size) -> (f64, Option<Rectangle>) {
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

/// From Beta(alpha, alpha), rounded to binary32.
fn lambda(stream: &mut ChaCha8Rng, alpha: f64) -> f64 {
    f64::from(beta::symmetric(alpha, stream.random(), stream.random()) as f32)
}
