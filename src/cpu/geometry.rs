//! Geometry: the source of an image's next pixels. It fills bands from the image before.

use std::ops::Range;
use std::sync::Arc;

use super::kernels::blend::Blend;
use super::kernels::box_blur;
use super::kernels::interpolated::Warped;
use super::kernels::nearest::{Walk, repeat, touch};
use super::kernels::planar::{interleave, reverse};
use super::kernels::resize::{Columns, along_columns};
use super::kernels::sharpness::smooth;
use super::kernels::transpose::STRIP;
use crate::arithmetic::box_blur::BoxBlur;
use crate::arithmetic::resample::Weights;
use crate::batch::{ImageView, Size};
use crate::interpolation::Interpolation;
use crate::ops::Crop;
use crate::rgbx;

/// Pixels in memory, interleaved unless the geometry says otherwise.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub pixels: &'a [u8],
    pub size: Size,
    pub channels: usize,
}

/// The source of an output pixel. A boxed blend would be an allocation per image.
#[allow(clippy::large_enum_variant)]
#[derive(Debug)]
pub(super) enum Geometry {
    /// The pixel at the same place.
    Same,
    /// By 16.16 fixed point.
    Fixed { coefficients: [i32; 6], fill: [u8; 3] },
    /// By the source pixel of each output pixel, `u32::MAX` for the fill.
    IndexMap { map: Vec<u32>, fill: [u8; 3] },
    /// Between pixels.
    Interpolated { matrix: [f64; 6], interpolation: Interpolation, fill: [u8; 3] },
    /// The pixel blended with its neighborhood.
    Window(Blend),
    /// All passes of a blur along rows.
    BlurRows(BoxBlur),
    /// The pixel at the same place, in strips of columns, one after the other.
    Strips,
    /// The pixel at the same place. Rows begin this many bytes apart.
    Padded { row_stride: usize },
    /// The pixel at the same place, in three planes, one after the other.
    Planes,
    /// The pixel at the same place, in four bytes.
    Rgbx,
    /// A rectangle, perhaps beyond the image.
    Crop(Crop),
    /// Flipped.
    Flip { horizontal: bool, vertical: bool },
    /// Weighted sums along rows, from this column on. The row is the source of the first output row.
    AlongRows { columns: Columns, left: usize, first_row: usize },
    /// Weighted sums along columns. This is the first row of the source.
    AlongColumns { rows: Arc<Weights>, first_row: usize },
}

impl Geometry {
    /// How the pixels of an image of the batch are found.
    pub fn of(image: &ImageView<'_>) -> Self {
        match image.contiguous() {
            _ if !image.is_interleaved() => Geometry::Planes,
            Some(_) => Geometry::Same,
            None => Geometry::Padded { row_stride: image.row_stride() },
        }
    }

    /// Whether a step that ignores places can run after it, because it only moves pixels.
    pub fn moves_pixels(&self) -> bool {
        matches!(self, Geometry::Fixed { .. } | Geometry::Flip { .. })
    }

    /// Before the first row.
    pub fn prepare(&self, View { pixels: source, size, channels }: View<'_>) {
        match self {
            &Geometry::Fixed { coefficients, .. } => Walk { coefficients, size, channels }.prepare(source),
            Geometry::Interpolated { .. } | Geometry::IndexMap { .. } => touch(source),
            _ => {}
        }
    }

    /// Writes rows `rows` of an output of this `width`. `inside` is called with the columns of each row that come from
    /// the source, and can change them.
    pub fn fill(
        &self,
        View { pixels: source, size, channels }: View<'_>,
        rows: Range<usize>,
        width: usize,
        out: &mut [u8],
        mut inside: impl FnMut(&mut [u8]),
    ) {
        let row_length = size.width * channels;
        let source_row = |y: usize| &source[y * row_length..][..row_length];
        let out_rows = rows.clone().zip(out.chunks_exact_mut(width * channels));
        match self {
            Geometry::Same => out.copy_from_slice(&source[rows.start * row_length..rows.end * row_length]),
            &Geometry::Fixed { coefficients, ref fill } => {
                let walk = Walk { coefficients, size, channels };
                for (y, out) in out_rows {
                    let columns = walk.row(source, y, &fill[..channels], out);
                    inside(&mut out[columns.start * channels..columns.end * channels]);
                }
            }
            Geometry::IndexMap { map, fill } => {
                for (y, out) in out_rows {
                    for (&place, pixel) in map[y * width..].iter().zip(out.chunks_exact_mut(channels)) {
                        let from = place as usize * channels;
                        pixel.copy_from_slice(match place {
                            u32::MAX => &fill[..channels],
                            _ => &source[from..from + channels],
                        });
                    }
                }
            }
            Geometry::Interpolated { matrix, interpolation, fill } => {
                let warped = Warped { source, size, channels, matrix, interpolation: *interpolation };
                for (y, out) in out_rows {
                    repeat(&fill[..channels], out);
                    warped.row(y, out);
                }
            }
            Geometry::Window(blend) => {
                let own = &source[rows.start * row_length..rows.end * row_length];
                // A pixel that is not smoothed is blended with itself, which keeps it.
                out.copy_from_slice(own);
                for (y, out) in rows.zip(out.chunks_exact_mut(row_length)) {
                    if y > 0 && y + 1 < size.height {
                        smooth([source_row(y - 1), source_row(y), source_row(y + 1)], channels, out);
                    }
                }
                blend.bytes(out, own);
            }
            Geometry::BlurRows(blur) => {
                let own = &source[rows.start * row_length..rows.end * row_length];
                box_blur::along_rows(own, row_length, channels, *blur, out);
            }
            Geometry::Strips => {
                for (y, out) in out_rows {
                    for (k, out) in out.chunks_mut(STRIP).enumerate() {
                        let first = (k * size.height + y) * STRIP;
                        out.copy_from_slice(&source[first..first + out.len()]);
                    }
                }
            }
            &Geometry::Padded { row_stride } => {
                for (y, out) in out_rows {
                    out.copy_from_slice(&source[y * row_stride..][..row_length]);
                }
            }
            Geometry::Planes => {
                let planes =
                    std::array::from_fn(|c| &source[c * size.pixels()..][rows.start * width..rows.end * width]);
                interleave(planes, out);
            }
            Geometry::Rgbx => rgbx::pack(&source[rows.start * width * 4..rows.end * width * 4], out),
            Geometry::Crop(crop) => {
                for (y, out) in out_rows {
                    crop_row(crop, size, channels, y, source_row, out);
                }
            }
            &Geometry::Flip { horizontal, vertical } => {
                for (y, out) in out_rows {
                    let row = source_row(if vertical { size.height - 1 - y } else { y });
                    match horizontal {
                        true => reverse(row, channels, out),
                        false => out.copy_from_slice(row),
                    }
                    inside(out);
                }
            }
            Geometry::AlongRows { columns, left, first_row } => {
                for (y, out) in out_rows {
                    columns.along_rows(&source[(first_row + y) * row_length + left * channels..], channels, out);
                }
            }
            Geometry::AlongColumns { rows: weights, first_row } => {
                for (y, out) in out_rows {
                    let (first, weights) = weights.of(y);
                    along_columns(&source[(first - first_row) * row_length..], weights, out);
                }
            }
        }
    }
}

/// One row of a crop. The part inside the image is copied at once.
fn crop_row<'a>(
    crop: &Crop,
    size: Size,
    channels: usize,
    y: usize,
    source_row: impl Fn(usize) -> &'a [u8],
    out: &mut [u8],
) {
    let fill = &crop.fill[..channels];
    let Some(v) = crop.border.source(crop.y + y as i64, size.height as i64) else { return repeat(fill, out) };
    let row = source_row(v as usize);
    let clip = |x: i64| (x - crop.x).clamp(0, crop.width as i64) as usize;
    let (left, right) = (clip(0), clip(size.width as i64));
    for x in (0..left).chain(right..crop.width) {
        let pixel = match crop.border.source(crop.x + x as i64, size.width as i64) {
            Some(u) => &row[u as usize * channels..][..channels],
            None => fill,
        };
        out[x * channels..][..channels].copy_from_slice(pixel);
    }
    if left < right {
        let from = (crop.x + left as i64) as usize * channels;
        let length = (right - left) * channels;
        out[left * channels..][..length].copy_from_slice(&row[from..from + length]);
    }
}
