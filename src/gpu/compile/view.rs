//! Source view: the map from a segment's coordinates to its source, made of the crops and flips before it.

use crate::batch::Size;
use crate::ops::{Border, Crop};

/// Bits of the view's flags. The lowest two are the border, in the order of [`Border::ALL`].
pub(crate) const FLIP_X: u32 = 4;
pub(crate) const FLIP_Y: u32 = 8;
/// The source's pixels are weighted sums: the second half of resizing.
pub(crate) const WEIGHTED: u32 = 16;
/// None of these.
pub(crate) const WHOLE: u32 = 32;
/// Weighted sums run along rows, not along columns.
pub(crate) const ALONG_ROWS: u32 = 64;

/// Pixel (x, y) of the segment is pixel (`x0` ± x, `y0` ± y) of the source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SourceView {
    pub source: Size,
    pub x0: i32,
    pub y0: i32,
    flip_x: bool,
    flip_y: bool,
    border: Border,
    pub fill: [u8; 3],
    /// The visible size of the source.
    pub size: Size,
}

impl SourceView {
    /// The source as it is.
    pub fn whole(source: Size) -> Self {
        let (flip_x, flip_y, border) = (false, false, Border::Constant);
        SourceView { source, x0: 0, y0: 0, flip_x, flip_y, border, fill: [0; 3], size: source }
    }

    /// Whether it changes nothing.
    pub fn is_whole(&self) -> bool {
        *self == SourceView { border: self.border, fill: self.fill, ..SourceView::whole(self.source) }
    }

    /// The view after a flip.
    pub fn flip(mut self, horizontal: bool, vertical: bool) -> Self {
        if horizontal {
            self.x0 += self.step_x() * (self.size.width as i32 - 1);
            self.flip_x = !self.flip_x;
        }
        if vertical {
            self.y0 += self.step_y() * (self.size.height as i32 - 1);
            self.flip_y = !self.flip_y;
        }
        self
    }

    /// The view after a crop. `None` if the crop needs a border around a part, which one map cannot express.
    pub fn crop(mut self, crop: &Crop) -> Option<Self> {
        let within = |start: i64, length: usize, side: usize| start >= 0 && start + length as i64 <= side as i64;
        let inside = within(crop.x, crop.width, self.size.width) && within(crop.y, crop.height, self.size.height);
        let sees_all = SourceView::whole(self.source).flip(self.flip_x, self.flip_y);
        if !inside && (self.x0, self.y0, self.size) != (sees_all.x0, sees_all.y0, sees_all.size) {
            return None;
        }
        let start = |v: i64| i32::try_from(v).ok();
        self.x0 = self.x0.checked_add(self.step_x() * start(crop.x)?)?;
        self.y0 = self.y0.checked_add(self.step_y() * start(crop.y)?)?;
        self.size = Size { width: crop.width, height: crop.height };
        if !inside {
            (self.border, self.fill) = (crop.border, crop.fill);
        }
        Some(self)
    }

    fn step_x(&self) -> i32 {
        if self.flip_x { -1 } else { 1 }
    }

    fn step_y(&self) -> i32 {
        if self.flip_y { -1 } else { 1 }
    }

    /// The same without its first columns and rows. Its size stays.
    pub fn skip(mut self, columns: usize, rows: usize) -> Self {
        self.x0 += self.step_x() * columns as i32;
        self.y0 += self.step_y() * rows as i32;
        self
    }

    /// The flags as the shaders read them, without those of sums.
    pub fn flags(&self, weighted: bool) -> u32 {
        let mut flags = self.border as u32;
        for (set, bit) in
            [(self.flip_x, FLIP_X), (self.flip_y, FLIP_Y), (weighted, WEIGHTED), (!weighted && self.is_whole(), WHOLE)]
        {
            flags |= if set { bit } else { 0 };
        }
        flags
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shaders' map, in Rust.
    fn source(view: &SourceView, x: i32, y: i32) -> Option<(i64, i64)> {
        let (u, v) = (view.x0 + view.step_x() * x, view.y0 + view.step_y() * y);
        let Size { width, height } = view.source;
        Some((view.border.source(i64::from(u), width as i64)?, view.border.source(i64::from(v), height as i64)?))
    }

    #[test]
    fn crops_and_flips_fold_into_one_map() {
        let whole = SourceView::whole(Size { width: 10, height: 6 });
        let crop = |x, y, width, height, border| Crop { x, y, width, height, border, fill: [0; 3] };
        let part = whole.crop(&crop(2, 1, 5, 4, Border::Constant)).unwrap();
        assert_eq!(source(&part, 0, 0), Some((2, 1)));
        let turned = part.flip(true, false);
        assert_eq!(source(&turned, 0, 0), Some((6, 1)));
        assert_eq!(source(&turned.crop(&crop(1, 0, 2, 2, Border::Edge)).unwrap(), 0, 1), Some((5, 2)));
        assert_eq!(turned.flip(true, false), part);
        // A border of a part is not a border of the source.
        assert_eq!(part.crop(&crop(-1, 0, 5, 4, Border::Constant)), None);
        let padded = whole.flip(true, true).crop(&crop(-2, -2, 12, 9, Border::Reflect)).unwrap();
        assert_eq!(source(&padded, 0, 2), Some((7, 5)));
        assert_eq!(source(&padded, 2, 0), Some((9, 3)));
        assert!(whole.flip(true, true).flip(true, true).is_whole());
        assert!(!whole.flip(false, true).is_whole());
    }
}
