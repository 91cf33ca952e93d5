//! Mixed: a plan applied to images in host memory and to labels, images in parallel.

use std::fmt::Display;

use half::f16;
use half::slice::HalfFloatSliceExt;
use rayon::prelude::*;

use super::{MixPlan, MixedImage, Rectangle};
use crate::batch::{Layout, Shape};
use crate::error::{Error, Result};
use crate::output::{Tensor, TensorData};
use crate::simd::multiversioned;
use crate::threads;
use crate::zeros::zeros;

/// Values that one thread mixes in its nearest cache.
const PART: usize = 1024;

impl MixPlan {
    /// Mixes augmented and normalized images; bytes can be mixed by CutMix only.
    ///
    /// # Errors
    /// Those of [`MixPlan::check`], and [`Error::Output`] for MixUp of bytes.
    pub fn apply(&self, images: &Tensor) -> Result<Tensor> {
        let mut mixed = Tensor::default();
        self.apply_into(images, &mut mixed)?;
        Ok(mixed)
    }

    /// The same into a tensor. Its memory is reused if it is large enough, and its values are overwritten.
    ///
    /// # Errors
    /// Those of [`MixPlan::apply`].
    pub fn apply_into(&self, images: &Tensor, mixed: &mut Tensor) -> Result<()> {
        let Tensor { shape, layout, ref data } = *images;
        shape.check()?;
        if data.len() != shape.values() {
            return Err(Error::Batch(format!(
                "expected {} values for the shape of the tensor, got {}",
                shape.values(),
                data.len()
            )));
        }
        self.check(shape)?;
        if data.dtype() == crate::Dtype::U8 {
            self.check_cuts_only()?;
        }
        mixed.shape_as(shape, layout, data.dtype())?;
        let run = Run { plan: self, shape, layout };
        threads::shared(|| {
            match (data, &mut mixed.data) {
                (TensorData::U8(images), TensorData::U8(out)) => run.each(images, out, |_, _, _, _| ()),
                (TensorData::F32(images), TensorData::F32(out)) => run.each(images, out, sums),
                (TensorData::F16(images), TensorData::F16(out)) => run.each(images, out, half_sums),
                _ => return Err(Error::Output("the result has another type than the images".to_string())),
            }
            Ok(())
        })?
    }

    /// The results of MixUp are not bytes.
    pub(crate) fn check_cuts_only(&self) -> Result<()> {
        match self.images().iter().position(|image| image.rectangle.is_none()) {
            None => Ok(()),
            Some(i) => Err(bytes_refused().at(format!("image {i}"))),
        }
    }

    /// Soft labels, one row of `classes` per image: `lambda` for its class and `1 - lambda` for its partner's. If both
    /// classes are the same, it is their sum. All in `f32`, as in torch.
    ///
    /// # Errors
    /// Those of [`MixPlan::check`] except for rectangles, and [`Error::Batch`] for a class that is not below `classes`.
    pub fn labels(&self, labels: &[u32], classes: usize) -> Result<Vec<f32>> {
        let Some(numbers) = labels.len().checked_mul(classes) else {
            return Err(Error::Batch(format!("{} labels x {classes} classes are too many", labels.len())));
        };
        let mut rows = zeros("soft labels", numbers)?;
        for (i, &label) in labels.iter().enumerate() {
            if label as usize >= classes {
                return Err(class_refused(i, label, classes));
            }
            rows[i * classes + label as usize] = 1.0;
        }
        self.soft_labels(&rows, classes)
    }

    /// The same for labels that are already soft, one row of `classes` per image.
    ///
    /// # Errors
    /// Those of [`MixPlan::check`] except for rectangles, and [`Error::Batch`] if there is not one row per image.
    pub fn soft_labels(&self, rows: &[f32], classes: usize) -> Result<Vec<f32>> {
        if classes == 0 {
            return Err(Error::Batch("the number of classes must be at least 1, got 0".to_string()));
        }
        if !rows.len().is_multiple_of(classes) {
            return Err(Error::Batch(format!("expected a multiple of {classes} label values, got {}", rows.len())));
        }
        self.check_each(rows.len() / classes, |_| Ok(()))?;
        let mut mixed = zeros("soft labels", rows.len())?;
        for (i, (image, out)) in self.images().iter().zip(mixed.chunks_exact_mut(classes)).enumerate() {
            let row = |i: usize| &rows[i * classes..][..classes];
            sums(row(i), row(image.partner), image.weights(), out);
        }
        Ok(mixed)
    }
}

pub(crate) fn class_refused(image: usize, label: impl Display, classes: usize) -> Error {
    Error::Batch(format!("the class {label} is outside 0..{classes}")).at(format!("image {image}"))
}

pub(super) fn bytes_refused() -> Error {
    Error::Output("MixUp needs f32 or f16 output, got u8".to_string())
}

/// A checked plan and its input.
struct Run<'a> {
    plan: &'a MixPlan,
    shape: Shape,
    layout: Layout,
}

impl Run<'_> {
    /// Mixes each image; `sum` makes sums of two images' values.
    fn each<T: Copy + Send + Sync>(
        &self,
        images: &[T],
        out: &mut [T],
        sum: impl Fn(&[T], &[T], [f32; 2], &mut [T]) + Sync,
    ) {
        let values = self.shape.values_per_image();
        let of = |i: usize| &images[i * values..][..values];
        let one = |((i, image), out): ((usize, &MixedImage), &mut [T])| {
            let (own, partner) = (of(i), of(image.partner));
            match &image.rectangle {
                None => sum(own, partner, image.weights(), out),
                Some(rectangle) => {
                    out.copy_from_slice(own);
                    self.paste(rectangle, partner, out);
                }
            }
        };
        if threads::are_none() {
            return self.plan.images().iter().enumerate().zip(out.chunks_exact_mut(values)).for_each(one);
        }
        self.plan.images().par_iter().enumerate().zip(out.par_chunks_exact_mut(values)).for_each(one);
    }

    fn paste<T: Copy>(&self, rectangle: &Rectangle, partner: &[T], out: &mut [T]) {
        let Shape { height, width, channels, .. } = self.shape;
        let (planes, values) = match self.layout {
            Layout::Nhwc => (1, channels),
            Layout::Nchw => (channels, 1),
        };
        for plane in 0..planes {
            for y in rectangle.y..rectangle.y + rectangle.height {
                let first = ((plane * height + y) * width + rectangle.x) * values;
                let row = first..first + rectangle.width * values;
                out[row.clone()].copy_from_slice(&partner[row]);
            }
        }
    }
}

multiversioned! {
fn sums(own: &[f32], partner: &[f32], weights: [f32; 2], out: &mut [f32]) {
    let [of_own, of_partner] = weights;
    for ((own, partner), out) in own.iter().zip(partner).zip(out) {
        *out = partner * of_partner + own * of_own;
    }
}
}

multiversioned! {
fn scale(values: &mut [f32], by: f32) {
    for value in values {
        *value *= by;
    }
}
}

/// Products and sum are rounded to `f16` one by one.
fn half_sums(own: &[f16], partner: &[f16], [of_own, of_partner]: [f32; 2], out: &mut [f16]) {
    let (mut wide, mut sum) = ([0.0; PART], [0.0; PART]);
    let product = |values: &[f16], by: f32, halves: &mut [f16], into: &mut [f32]| {
        values.convert_to_f32_slice(into);
        scale(into, by);
        halves.convert_from_f32_slice(into);
        halves.convert_to_f32_slice(into);
    };
    for ((own, partner), out) in own.chunks(PART).zip(partner.chunks(PART)).zip(out.chunks_mut(PART)) {
        let (wide, sum) = (&mut wide[..out.len()], &mut sum[..out.len()]);
        product(own, of_own, out, wide);
        product(partner, of_partner, out, sum);
        for (sum, wide) in sum.iter_mut().zip(&*wide) {
            *sum += wide;
        }
        out.convert_from_f32_slice(sum);
    }
}
