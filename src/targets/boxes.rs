//! Boxes: rectangles around objects of an image.

use super::GeometricTransform;
use crate::batch::Size;
use crate::error::{Error, Result};

/// A rectangle with sides along the axes. It can reach out of its image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoundingBox {
    /// The smallest x.
    pub left: f64,
    /// The smallest y.
    pub top: f64,
    /// The largest x.
    pub right: f64,
    /// The largest y.
    pub bottom: f64,
}

/// A box after the operations.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct MovedBox {
    /// The smallest box around its visible part. `None` if no part is visible.
    pub bounds: Option<BoundingBox>,
    /// The visible fraction of its area, 0 to 1, corrected for scaling. Parts that were outside the image before, or
    /// left it on the way, do not count. 0 for a box without area.
    pub visible_fraction: f64,
}

impl BoundingBox {
    /// Refuses sides that are not finite or in the wrong order.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the side.
    pub fn check(&self) -> Result<()> {
        let refuse = |parameter, value, rule| Err(Error::Parameter { op: "BoundingBox", parameter, value, rule });
        let BoundingBox { left, top, right, bottom } = *self;
        for (parameter, value) in [("left", left), ("top", top), ("right", right), ("bottom", bottom)] {
            if !value.is_finite() {
                return refuse(parameter, value, "is not finite");
            }
        }
        match () {
            () if left > right => refuse("left", left, "is right of the right side"),
            () if top > bottom => refuse("top", top, "is below the bottom"),
            () => Ok(()),
        }
    }

    fn area(&self) -> f64 {
        (self.right - self.left) * (self.bottom - self.top)
    }
}

impl GeometricTransform {
    /// The box after the operations. Its outline is moved and cut off at the edges of the image. The result is the
    /// smallest box around the rest. After a rotation it is therefore larger than its object, but never larger than the
    /// rotated box.
    ///
    /// # Errors
    /// Those of [`BoundingBox::check`].
    pub fn bounding_box(&self, before: BoundingBox) -> Result<MovedBox> {
        before.check()?;
        let BoundingBox { left, top, right, bottom } = before;
        let outline = self.moved(vec![[left, top], [right, top], [right, bottom], [left, bottom]]);
        let whole = self.steps().iter().fold(before.area(), |area, step| area * step.stretch());
        let rest = area(&outline);
        // Slivers that only rounding made are nothing.
        if whole <= 0.0 || rest <= whole * 1e-12 {
            return Ok(MovedBox { bounds: None, visible_fraction: 0.0 });
        }
        Ok(MovedBox { bounds: Some(hull(&outline)), visible_fraction: (rest / whole).min(1.0) })
    }
}

impl GeometricTransform {
    /// The polygon around an object after the operations, cut off at the edges of the image. It is empty if nothing is
    /// visible. Parts of an object that is not convex stay joined along the edge that cut them.
    ///
    /// # Errors
    /// [`Error::Parameter`] if a coordinate is not finite.
    pub fn polygon(&self, corners: &[[f64; 2]]) -> Result<Vec<[f64; 2]>> {
        let is_not_finite = |value: &&f64| !value.is_finite();
        if let Some(&value) = corners.iter().flatten().find(is_not_finite) {
            return Err(Error::Parameter { op: "polygon", parameter: "corner", value, rule: "is not finite" });
        }
        let outline = self.moved(corners.to_vec());
        // Slivers that only rounding made are nothing.
        Ok(if area(&outline) > 1e-9 { outline } else { Vec::new() })
    }

    /// An outline after the operations, cut off before the first and after each one.
    fn moved(&self, mut outline: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
        clip(&mut outline, self.before());
        for step in self.steps() {
            outline.iter_mut().for_each(|point| *point = step.point(*point));
            clip(&mut outline, step.after);
        }
        outline
    }
}

/// Cuts off the part of an outline outside an image, by Sutherland and Hodgman's algorithm.
fn clip(outline: &mut Vec<[f64; 2]>, size: Size) {
    for (axis, limit) in [(0, size.width as f64), (1, size.height as f64)] {
        keep(outline, axis, 0.0, |v| v >= 0.0);
        keep(outline, axis, limit, |v| v <= limit);
    }
}

/// Keeps the part of an outline on one side of the line on which coordinate `axis` is `limit`.
fn keep(outline: &mut Vec<[f64; 2]>, axis: usize, limit: f64, is_inside: impl Fn(f64) -> bool) {
    let mut kept = Vec::with_capacity(outline.len() + 1);
    for (&from, &to) in outline.iter().zip(outline.iter().cycle().skip(1)) {
        if is_inside(from[axis]) {
            kept.push(from);
        }
        if is_inside(from[axis]) != is_inside(to[axis]) {
            let at = (limit - from[axis]) / (to[axis] - from[axis]);
            let mut crossing = [from[0] + (to[0] - from[0]) * at, from[1] + (to[1] - from[1]) * at];
            // Not a rounding beside the line.
            crossing[axis] = limit;
            kept.push(crossing);
        }
    }
    *outline = kept;
}

/// Half the sum of cross products around the outline.
fn area(outline: &[[f64; 2]]) -> f64 {
    let Some(&[x0, y0]) = outline.first() else { return 0.0 };
    let next = outline.iter().cycle().skip(1);
    // From a corner of it, so that an outline far away does not lose digits.
    let cross = |(a, b): (&[f64; 2], &[f64; 2])| (a[0] - x0) * (b[1] - y0) - (b[0] - x0) * (a[1] - y0);
    outline.iter().zip(next).map(cross).sum::<f64>().abs() / 2.0
}

/// The smallest box around some points.
fn hull(points: &[[f64; 2]]) -> BoundingBox {
    let least = |axis: usize| points.iter().map(|p| p[axis]).fold(f64::INFINITY, f64::min);
    let most = |axis: usize| points.iter().map(|p| p[axis]).fold(f64::NEG_INFINITY, f64::max);
    BoundingBox { left: least(0), top: least(1), right: most(0), bottom: most(1) }
}
