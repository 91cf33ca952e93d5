//! Masks: images of labels, one number per pixel, which move with their image's pixels.

use super::geometric_transform::check_branches;
use crate::batch::{Batch, Images, Layout, RaggedBatch, Size, Sizes};
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::interpolation::Interpolation;
use crate::ops::{self, Op, OpKind};
use crate::output::Output;
use crate::plan::{Plan, PlannedImage};

/// The options by which masks follow their images.
///
/// Labels are never interpolated. A mask takes the nearest pixel, with every interpolation of its image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Masks<L = u8> {
    /// The label of the area outside the image. Often this is the label that the loss ignores.
    pub fill: L,
    /// Whether rectangles that are cut out of the image get that label too. If not, the pixels under them keep their
    /// labels.
    pub cutout: bool,
}

/// The numbers that labels can be: u8, u16, u32 and u64.
pub trait Label: Copy + sealed::Bytes {}

impl Label for u8 {}
impl Label for u16 {}
impl Label for u32 {}
impl Label for u64 {}

mod sealed {
    /// A number as bytes. Labels are moved and never used in arithmetic, so each byte can be moved by itself.
    pub trait Bytes: Sized {
        /// The number of bytes.
        const COUNT: usize;
        /// Byte `k`, the lowest first.
        fn byte(self, k: usize) -> u8;
        /// The number 0.
        const ZERO: Self;
        /// Puts byte `k` into a number that has 0 there.
        fn put(&mut self, k: usize, byte: u8);
    }

    macro_rules! bytes {
        ($($number:ty)*) => { $(impl Bytes for $number {
            const COUNT: usize = size_of::<$number>();
            const ZERO: Self = 0;

            fn byte(self, k: usize) -> u8 {
                (self >> (8 * k)) as u8
            }

            fn put(&mut self, k: usize, byte: u8) {
                *self |= <$number>::from(byte) << (8 * k);
            }
        })* };
    }

    bytes! { u8 u16 u32 u64 }
}

impl Masks<u8> {
    /// The plan for the masks of the images of `plan`. It keeps the operations that move pixels, with the nearest pixel
    /// and this fill. With `cutout`, it keeps the operations that cut out. It drops all others.
    ///
    /// Masks of u8 are a [`Batch`](crate::Batch) of one channel. With this plan, they run on the CPU or on a GPU, in as
    /// few dispatches as images do.
    ///
    /// # Errors
    /// [`Error::At`] with the image, if the branches of an AugMix move points.
    pub fn plan(&self, plan: &Plan) -> Result<Plan> {
        let followed = |(i, image): (usize, &PlannedImage)| {
            image.ops.iter().try_for_each(check_branches).map_err(|e| e.at(format!("image {i}")))?;
            let ops = image.ops.iter().filter_map(|op| self.op(op)).collect();
            Ok(PlannedImage { ops, file: image.file.clone(), ..*image })
        };
        let images = plan.images().iter().enumerate().map(followed).collect::<Result<_>>()?;
        let left = |kind: &OpKind| match kind.category() {
            ops::Category::Warp | ops::Category::CropOrFlip | ops::Category::Resize => true,
            ops::Category::Mask => self.cutout,
            _ => false,
        };
        Ok(Plan::drawn(images, plan.operations().iter().copied().filter(left).collect()))
    }

    /// The operation for the mask. `None` if the mask stays unchanged.
    fn op(&self, op: &Op) -> Option<Op> {
        let (interpolation, fill) = (Interpolation::Nearest, [self.fill; 3]);
        Some(match op.clone() {
            Op::ShearX(op) => ops::ShearX { interpolation, fill, ..op }.into(),
            Op::ShearY(op) => ops::ShearY { interpolation, fill, ..op }.into(),
            Op::TranslateX(op) => ops::TranslateX { interpolation, fill, ..op }.into(),
            Op::TranslateY(op) => ops::TranslateY { interpolation, fill, ..op }.into(),
            Op::Rotate(op) => ops::Rotate { interpolation, fill, ..op }.into(),
            Op::Crop(op) => ops::Crop { fill, ..op }.into(),
            Op::Resize(op) => ops::Resize { interpolation, ..op }.into(),
            flip @ (Op::HorizontalFlip(_) | Op::VerticalFlip(_)) => flip,
            Op::Cutout(op) if self.cutout => ops::Cutout { fill, ..op }.into(),
            _ => return None,
        })
    }
}

#[cfg(not(all(feature = "gpu", target_arch = "wasm32")))]
impl<L: Label> Masks<L> {
    /// Moves masks of any label type by `plan`, the plan of their images. The masks have these sizes and follow one
    /// another, with rows from the top. Returns the masks and their size, now the same for all.
    ///
    /// Labels of several bytes run one byte at a time. An upper byte that is the fill's in all of them does not run.
    ///
    /// # Errors
    /// [`Error::Batch`] if there are not as many labels as pixels, and those of [`Executor::apply`].
    pub fn apply<'a>(
        &self,
        executor: &Executor,
        plan: &Plan,
        labels: &[L],
        sizes: impl Into<Sizes<'a>>,
    ) -> Result<(Vec<L>, Size)> {
        let sizes = sizes.into();
        sizes.check()?;
        let pixels = (0..sizes.len()).fold(0, |sum: usize, i| sum.saturating_add(sizes.get(i).pixels()));
        if labels.len() != pixels {
            let (masks, there) = (sizes.len(), labels.len());
            return Err(Error::Batch(format!(
                "{masks} masks of {pixels} pixels together, and there are {there} labels"
            )));
        }
        let mut moved = Vec::new();
        let mut size = sizes.get(0);
        for k in 0..L::COUNT {
            let fill = self.fill.byte(k);
            let bytes: Vec<u8> = labels.iter().map(|label| label.byte(k)).collect();
            if k > 0 && bytes.iter().all(|&byte| byte == fill) {
                moved.iter_mut().for_each(|label: &mut L| label.put(k, fill));
                continue;
            }
            let plan = Masks { fill, cutout: self.cutout }.plan(plan)?;
            let (tensor, _) = match sizes.shape() {
                Some(shape) => {
                    let batch = Batch::new(bytes, crate::Shape { channels: 1, ..shape }, Layout::Nhwc)?;
                    executor.apply(&batch, &plan, &Output::u8())?
                }
                None => {
                    let each: Vec<Size> = (0..sizes.len()).map(|i| sizes.get(i)).collect();
                    let batch = RaggedBatch::packed(bytes, &each, 1)?;
                    executor.apply(Images::from(&batch), &plan, &Output::u8())?
                }
            };
            size = tensor.shape.size();
            moved.resize(tensor.shape.values(), L::ZERO);
            for (label, &byte) in moved.iter_mut().zip(tensor.data.as_u8().unwrap_or_default()) {
                label.put(k, byte);
            }
        }
        Ok((moved, size))
    }
}
