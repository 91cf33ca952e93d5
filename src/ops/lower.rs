//! Lowering: the form of an operation for the executors, with all f64 arithmetic done.

use super::Crop;
use super::affine::Affine;
use crate::arithmetic::box_blur::BoxBlur;
use crate::arithmetic::resample::Weights;
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
    Resize { columns: Weights, rows: Weights, columns_first: bool },
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
