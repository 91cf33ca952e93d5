//! GeometricTransform: the map of one image's points, operation by operation.

use crate::batch::Size;
use crate::error::{Error, Result};
use crate::ops::size::size_after_alone;
use crate::ops::{Category, Op};
use crate::plan::PlannedImage;

/// `[a0..a5]`: a point (x, y) goes to `(a0 x + a1 y + a2, a3 x + a4 y + a5)`.
type Matrix = [f64; 6];

const STILL: Matrix = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0];

/// The map of one image's points; made by [`PlannedImage::geometric_transform`].
#[derive(Clone, Debug, PartialEq)]
pub struct GeometricTransform {
    before: Size,
    /// The operations that move points.
    steps: Vec<Step>,
}

/// One operation: the map of points, and the size of the resulting image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
    matrix: Matrix,
    pub after: Size,
}

impl PlannedImage {
    /// The map of the points of this image if it has `size`; see [`targets`](crate::targets).
    ///
    /// # Errors
    /// Those of [`Op::check`]. [`Error::Parameter`](crate::Error::Parameter) or [`Error::Batch`](crate::Error::Batch)
    /// if an operation is not possible for an image of this size, or if the branches of an AugMix move points.
    pub fn geometric_transform(&self, size: Size) -> Result<GeometricTransform> {
        size.check()?;
        let mut transform = GeometricTransform { before: size, steps: Vec::new() };
        for op in &self.ops {
            let before = transform.size();
            let after = size_after_alone(op, before)?;
            check_branches(op)?;
            if let Some(matrix) = forward(op, before) {
                transform.steps.push(Step { matrix, after });
            }
        }
        Ok(transform)
    }
}

impl GeometricTransform {
    /// The image's size before all operations.
    pub(super) fn before(&self) -> Size {
        self.before
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The image's size afterwards.
    pub fn size(&self) -> Size {
        self.steps.last().map_or(self.before, |step| step.after)
    }

    /// All operations as one: a point (x, y) goes to `(a0 x + a1 y + a2, a3 x + a4 y + a5)`.
    ///
    /// For targets that are neither masks, boxes nor keypoints. It does not know which points left the image on the
    /// way.
    pub fn matrix(&self) -> [f64; 6] {
        self.steps.iter().fold(STILL, |done, step| compose(done, step.matrix))
    }
}

impl Step {
    pub fn point(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let [a, b, c, d, e, f] = self.matrix;
        [a * x + b * y + c, d * x + e * y + f]
    }

    /// The factor by which areas grow.
    pub fn stretch(&self) -> f64 {
        let [a, b, _, d, e, _] = self.matrix;
        (a * e - b * d).abs()
    }
}

/// First one, then the other.
fn compose(first: Matrix, then: Matrix) -> Matrix {
    let [a, b, c, d, e, f] = first;
    let row = |[p, q, r]: [f64; 3]| [p * a + q * d, p * b + q * e, p * c + q * f + r];
    let [top, bottom] = [row([then[0], then[1], then[2]]), row([then[3], then[4], then[5]])];
    [top[0], top[1], top[2], bottom[0], bottom[1], bottom[2]]
}

/// The inverse map. It exists, because warps keep areas.
fn inverse([a, b, c, d, e, f]: Matrix) -> Matrix {
    let determinant = a * e - b * d;
    let [a, b, d, e] = [e / determinant, -b / determinant, -d / determinant, a / determinant];
    [a, b, -(a * c + b * f), d, e, -(d * c + e * f)]
}

/// Refuses an AugMix whose branches move the contents of the image, each to another place.
pub(super) fn check_branches(op: &Op) -> Result<()> {
    match op {
        Op::AugMix(mix) if mix.ops().any(|op| op.kind().category() == Category::Warp) => Err(Error::NotFollowed),
        _ => Ok(()),
    }
}

/// The map by which an operation moves the points of an image of `size`. `None` if it keeps them in place.
fn forward(op: &Op, size: Size) -> Option<Matrix> {
    let warp = match op {
        Op::ShearX(op) => op.affine(size),
        Op::ShearY(op) => op.affine(size),
        Op::TranslateX(op) => op.affine(size),
        Op::TranslateY(op) => op.affine(size),
        Op::Rotate(op) => op.affine(size),
        Op::Crop(crop) => return Some([1.0, 0.0, -crop.x as f64, 0.0, 1.0, -crop.y as f64]),
        Op::Resize(resize) => {
            let [left, top, right, bottom] = resize.corners(size).map(f64::from);
            let scale = [resize.width as f64 / (right - left), resize.height as f64 / (bottom - top)];
            return Some([scale[0], 0.0, -left * scale[0], 0.0, scale[1], -top * scale[1]]);
        }
        Op::HorizontalFlip(_) => return Some([-1.0, 0.0, size.width as f64, 0.0, 1.0, 0.0]),
        Op::VerticalFlip(_) => return Some([1.0, 0.0, 0.0, 0.0, -1.0, size.height as f64]),
        _ => return None,
    };
    Some(inverse(warp.geometry.matrix(size)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Convention, OpKind, Sampler};

    const SIZE: Size = Size { width: 30, height: 20 };

    #[test]
    fn what_moves_pixels_moves_points() {
        for &kind in OpKind::ALL {
            let op = Sampler::resolve(Convention::Torchvision, kind, 9.0, false, SIZE).unwrap();
            assert_eq!(forward(&op, SIZE).is_some(), kind.category() == Category::Warp, "{op}");
        }
        for op in ["Crop(x=1, y=2, width=3, height=4)", "Resize(width=5, height=6)", "HorizontalFlip", "VerticalFlip"] {
            assert!(forward(&op.parse().unwrap(), SIZE).is_some(), "{op}");
        }
        assert_eq!(OpKind::TRANSFORM_ONLY.len(), 5, "another operation moves pixels: give it its map");
    }

    #[test]
    fn all_operations_are_one_matrix() {
        let ops =
            ["Crop(x=-3, y=2, width=40, height=25)", "Rotate(degrees=21)", "Invert", "Resize(width=11, height=60)"];
        let ops = ops.map(|op| op.parse().unwrap()).to_vec();
        let transform = PlannedImage { ops, ..Default::default() }.geometric_transform(SIZE).unwrap();
        assert_eq!((transform.steps.len(), transform.size()), (3, Size { width: 11, height: 60 }));
        let whole = Step { matrix: transform.matrix(), after: transform.size() };
        for point in [[0.0, 0.0], [17.25, 3.5], [-4.0, 90.0]] {
            let steps = transform.steps.iter().fold(point, |at, step| step.point(at));
            let at_once = whole.point(point);
            assert!(steps.iter().zip(at_once).all(|(a, b)| (a - b).abs() < 1e-9), "{steps:?} {at_once:?}");
        }
        let stretch: f64 = transform.steps.iter().map(Step::stretch).product();
        assert!((stretch - 11.0 * 60.0 / (40.0 * 25.0)).abs() < 1e-12 && (whole.stretch() - stretch).abs() < 1e-12);
    }
}
