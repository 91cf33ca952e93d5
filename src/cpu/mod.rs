//! CPU executor: the twins, one image after the other, images in parallel.
//!
//! This is the reference for the GPU, and what runs where there is none. An image is unpacked, taken through the twin
//! of each of its operations, and written in the output form by the task that has its place in the output.

use half::f16;
use rayon::prelude::*;

use crate::batch::{Layout, Size};
use crate::image::Image;
use crate::images::Images;
use crate::output::{Form, Normalize, Output, Tensor, TensorData};
use crate::plan::Plan;

/// Runs a plan that was checked against the batch and gives images of `size`.
pub(crate) fn run(batch: Images<'_>, size: Size, plan: &Plan, output: &Output) -> Tensor {
    let shape = batch.placement().shape(size);
    let layout = output.layout(batch.placement().layout);
    let mut data = TensorData::zeros(output.dtype(), shape.values());
    let per_image = shape.values_per_image();
    let augmented = |i: usize| plan.images()[i].ops.iter().fold(batch.image(i), |image, op| op.twin(image, &batch));
    match (&mut data, output.form()) {
        (TensorData::U8(values), _) => each_image(values, per_image, |i, out| {
            write(&augmented(i), layout, out, |_, v| v);
        }),
        (TensorData::F32(values), form) => {
            let table = table(form, |v| v);
            each_image(values, per_image, |i, out| write(&augmented(i), layout, out, |c, v| table[c][usize::from(v)]));
        }
        (TensorData::F16(values), form) => {
            let table = table(form, f16::from_f32);
            each_image(values, per_image, |i, out| write(&augmented(i), layout, out, |c, v| table[c][usize::from(v)]));
        }
    }
    Tensor { shape, layout, data }
}

/// Calls `f` with each image's number and its part of the output.
fn each_image<T: Send>(values: &mut [T], per_image: usize, f: impl Fn(usize, &mut [T]) + Sync) {
    values.par_chunks_mut(per_image).enumerate().for_each(|(i, out)| f(i, out));
}

/// What each byte of each channel becomes.
fn table<T: Copy + Default>(form: Form, convert: impl Fn(f32) -> T) -> [[T; 256]; 3] {
    let normalize = match form {
        Form::U8 => Normalize::UNIT,
        Form::F32(normalize) | Form::F16(normalize) => normalize,
    };
    std::array::from_fn(|c| std::array::from_fn(|v| convert(normalize.value(c, v as u8))))
}

/// Writes an interleaved image in `layout`.
fn write<T>(image: &Image, layout: Layout, out: &mut [T], value: impl Fn(usize, u8) -> T) {
    let plane = image.pixels();
    for (p, pixel) in image.data.chunks_exact(image.channels).enumerate() {
        for (c, &v) in pixel.iter().enumerate() {
            let place = match layout {
                Layout::Nhwc => p * image.channels + c,
                Layout::Nchw => c * plane + p,
            };
            out[place] = value(c, v);
        }
    }
}
