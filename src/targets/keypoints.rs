//! Keypoints: single points of an image.

use super::GeometricTransform;
use crate::batch::Size;

/// A point after the operations.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Keypoint {
    /// x and y afterwards, even of a point outside the image.
    pub point: [f64; 2],
    /// Whether it is in the image, edges included, and never left it on the way.
    pub is_inside: bool,
}

impl GeometricTransform {
    /// The point (x, y) after the operations. A point with NaN is never inside.
    pub fn keypoint(&self, point: [f64; 2]) -> Keypoint {
        let start = Keypoint { point, is_inside: is_inside(point, self.before()) };
        self.steps().iter().fold(start, |at, step| {
            let point = step.point(at.point);
            Keypoint { point, is_inside: at.is_inside && is_inside(point, step.after) }
        })
    }
}

fn is_inside([x, y]: [f64; 2], size: Size) -> bool {
    (0.0..=size.width as f64).contains(&x) && (0.0..=size.height as f64).contains(&y)
}
