//! Lowering: the form of an operation for the executors, with all f64 arithmetic done.

use std::sync::Arc;

use super::Crop;
use super::affine::{Affine, Geometry, Nearest};
use crate::arithmetic::box_blur::BoxBlur;
use crate::arithmetic::resample::Weights;
use crate::batch::Size;
use crate::interpolation::Interpolation;

/// One operation in the form for the executors.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Lowered {
    /// Keeps the image.
    Copy,
    /// One step of a table.
    Point(Arg),
    /// A function of one pixel.
    Pixel(Arg),
    /// A map of coordinates.
    Warp(Warp),
    /// A blend of the pixel with its smoothed neighborhood.
    Window(Arg),
    /// Box blurs along rows, then along columns.
    Blur(BoxBlur),
    /// `fill` for columns `left..right` of rows `top..bottom`.
    Mask { left: u32, top: u32, right: u32, bottom: u32, fill: [u8; 3] },
    /// A blend with the same pixel of image `partner`.
    Mix { arg: Arg, partner: usize },
    /// A part of the image, or more than it.
    Crop(Crop),
    /// The image, flipped.
    Flip { horizontal: bool, vertical: bool },
    /// Weighted sums along each row (the weights of the columns), then along each column.
    Resize { columns: Arc<Weights>, rows: Arc<Weights>, columns_first: bool },
    /// The branches of the operation, each with stages of its own, mixed with the image.
    Branches,
}

/// The argument of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Arg {
    /// A number for the operation's function in the shader.
    Word(u32),
    /// The blend table of this alpha.
    Blend(f32),
}

/// How output pixels find their source.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Warp {
    /// Nearest pixel by 16.16 fixed point: source column `(c[2] + y c[1] + x c[0]) >> 16`, row by `c[3..6]` likewise.
    Fixed { coefficients: [i32; 6], fill: [u8; 3] },
    /// Nearest pixel by a list: for each output pixel the source pixel's index, or `u32::MAX` for the fill.
    IndexMap { affine: Affine },
    /// Bilinear or bicubic through a matrix in f64.
    Interpolated { matrix: [f64; 6], interpolation: Interpolation, fill: [u8; 3] },
}

impl Affine {
    /// The form for the executors, for an image of this size.
    pub fn lower(self, size: Size) -> Lowered {
        let Affine { geometry, interpolation, fill } = self;
        let fixed = |coefficients| Lowered::Warp(Warp::Fixed { coefficients, fill });
        let (w, h) = (size.width as i64, size.height as i64);
        // Within this reach every coordinate fits the 16 integer bits.
        let reach = w <= 32767 && h <= 32767;
        match geometry {
            Geometry::Turns(0) => Lowered::Copy,
            Geometry::Turns(turns) if reach => {
                let (w1, h1) = ((w as i32 - 1) << 16, (h as i32 - 1) << 16);
                const ONE: i32 = 1 << 16;
                fixed(match turns {
                    1 => [0, -ONE, w1, ONE, 0, 0],
                    2 => [-ONE, 0, w1, 0, -ONE, h1],
                    _ => [0, ONE, 0, -ONE, 0, h1],
                })
            }
            // A shift by whole pixels takes whole pixels with every interpolation, because all weights are 0 or 1.
            Geometry::Matrix([1.0, 0.0, a2, 0.0, 1.0, a5])
                if reach
                    && a2.fract() == 0.0
                    && a5.fract() == 0.0
                    && (a2.abs() as i64) < w
                    && (a5.abs() as i64) < h =>
            {
                if a2 == 0.0 && a5 == 0.0 {
                    return Lowered::Copy;
                }
                fixed([1 << 16, 0, (a2 as i32) << 16, 0, 1 << 16, (a5 as i32) << 16])
            }
            Geometry::Matrix(matrix) if interpolation != Interpolation::Nearest => {
                Lowered::Warp(Warp::Interpolated { matrix, interpolation, fill })
            }
            Geometry::Matrix([1.0, 0.0, a2, 0.0, 1.0, a5])
                if reach
                    && let (Some(u), Some(v)) = (certain_shift(a2, size.width), certain_shift(a5, size.height)) =>
            {
                fixed([1 << 16, 0, u << 16, 0, 1 << 16, v << 16])
            }
            Geometry::Matrix(a) => match Nearest::of(&a, size) {
                Nearest::Fixed(coefficients) if reach => fixed(coefficients),
                Nearest::Scale { columns, rows } if reach => match (shift(&columns, a[2]), shift(&rows, a[5])) {
                    (Some(u), Some(v)) => fixed([1 << 16, 0, u << 16, 0, 1 << 16, v << 16]),
                    _ => Lowered::Warp(Warp::IndexMap { affine: Affine { geometry, interpolation, fill } }),
                },
                _ => Lowered::Warp(Warp::IndexMap { affine: Affine { geometry, interpolation, fill } }),
            },
            Geometry::Turns(_) => Lowered::Warp(Warp::IndexMap { affine: Affine { geometry, interpolation, fill } }),
        }
    }
}

/// `offset` as a whole number of pixels, if it is far enough from half a pixel. Then no rounding of the sums that
/// Pillow accumulates can change it: 32,767 sums below 2^16 are off by less than 2^-23.
fn certain_shift(offset: f64, length: usize) -> Option<i32> {
    let start = offset + 0.5;
    let is_certain = (0.001..0.999).contains(&(start - start.floor()));
    is_certain.then(|| (start.floor() as i64).clamp(-(length as i64), length as i64) as i32)
}

/// The whole number of pixels by which `list` is shifted, if it is a shift by at most its own length.
fn shift(list: &[i64], offset: f64) -> Option<i32> {
    let length = list.len() as i64;
    let by = ((offset + 0.5).floor() as i64).clamp(-length, length);
    let same = |(i, &source): (usize, &i64)| {
        let shifted = i as i64 + by;
        let inside = (0..length).contains(&shifted);
        if inside { source == shifted } else { !(0..length).contains(&source) }
    };
    list.iter().enumerate().all(same).then_some(by as i32)
}
