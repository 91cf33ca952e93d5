//! Masks: images of labels, one number a pixel, that go where their image's pixels go.

use super::geometric_transform::check_branches;
use crate::batch::{Batch, Images, Layout, RaggedBatch, Size, Sizes};
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::interpolation::Interpolation;
use crate::ops::{self, Op, OpKind};
use crate::output::Output;
use crate::plan::{Plan, PlannedImage};

/// How masks follow their images.
///
/// Labels are never interpolated: whatever the interpolation of the image, a mask takes the nearest pixel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Masks<L = u8> {
    /// The label of what comes from outside the image; often the one that the loss ignores.
    pub fill: L,
    /// Whether rectangles that are cut out of the image get that label too; if not, what is under them keeps its own.
    pub cutout: bool,
}

/// The numbers that labels can be: u8, u16 and u32.
pub trait Label: Copy + sealed::Bytes {}

impl Label for u8 {}
impl Label for u16 {}
impl Label for u32 {}

mod sealed {
    /// A number as bytes. Labels are only moved, never computed with, so that each byte can be moved by itself.
    pub trait Bytes: Sized {
        /// How many there are.
        const COUNT: usize;
        /// Byte `k`, the lowest first.
        fn byte(self, k: usize) -> u8;
        /// The number with nothing in it.
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

    bytes! { u8 u16 u32 }
}

impl Masks<u8> {
    /// The plan for the masks of the images that `plan` is for: what moves pixels, with the nearest pixel and this fill, and
    /// perhaps what cuts out; nothing else.
    ///
    /// Masks of u8 are a [`Batch`](crate::Batch) of one channel; with this plan they run on the CPU, on a GPU, and in as few
    /// dispatches as images do.
    ///
    /// # Errors
    /// [`Error::At`] with the image, if it has an AugMix whose branches move things.
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

    /// What an operation does to the mask; nothing if it leaves it alone.
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

impl<L: Label> Masks<L> {
    /// Moves masks of any label type as `plan`, which is for their images, says: masks of these sizes, one after the other,
    /// rows from the top. Returns them, all of one size now, and that size.
    ///
    /// u16 runs twice and u32 four times, a byte at a time.
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
            let plan = Masks { fill: self.fill.byte(k), cutout: self.cutout }.plan(plan)?;
            let bytes: Vec<u8> = labels.iter().map(|label| label.byte(k)).collect();
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
