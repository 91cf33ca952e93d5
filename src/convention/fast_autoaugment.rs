//! The fast-autoaugment convention: `FastAutoAugment/augmentations.py` of the repository kakaobrain/fast-autoaugment.
//!
//! Levels are any numbers from 0 to 1, and a value is `level * (high - low) + low`. Signed ranges go from minus to
//! plus, and a sign is drawn besides. Level 0.5 is then neutral, and 0 and 1 are the strongest. Posterize truncates to
//! whole bits and gets weaker with the level. Solarize gets weaker too, and its threshold keeps its fraction.
//! Translations are fractions of the side, and positive ones move the content left or up. The area outside an image is
//! black. Cutout's square is not.
//!
//! Departure: the repository draws Cutout's center from (1, W], and moves a square inside if it would begin outside.
//! Here the center is any pixel, and the part outside is cut off. The side is the repository's: a fifth of the width
//! times the level, with both ends painted.

use super::Table;
use crate::magnitude::{Range, Sign};
use crate::ops::OpKind;

const fn from_to(low: f64, high: f64, sign: Sign) -> Range {
    Range::level(low, high - low, sign)
}

const ENHANCE: Range = from_to(0.1, 1.9, Sign::None);
const SHEAR: Range = from_to(-0.3, 0.3, Sign::Mirrored);
const TRANSLATE: Range = from_to(-0.45, 0.45, Sign::Mirrored);

pub(super) const TABLE: Table = Table {
    last: 1,
    fractional: true,
    cutout_fill: Some([125, 123, 114]),
    direction: -1.0,
    rows: &[
        (OpKind::ShearX, SHEAR),
        (OpKind::ShearY, SHEAR),
        (OpKind::TranslateX, TRANSLATE.of_width()),
        (OpKind::TranslateY, TRANSLATE.of_height()),
        (OpKind::Rotate, from_to(-30.0, 30.0, Sign::Mirrored)),
        (OpKind::Solarize, from_to(0.0, 256.0, Sign::None)),
        (OpKind::Posterize, from_to(4.0, 8.0, Sign::None).whole()),
        (OpKind::Contrast, ENHANCE),
        (OpKind::Color, ENHANCE),
        (OpKind::Brightness, ENHANCE),
        (OpKind::Sharpness, ENHANCE),
        (OpKind::Cutout, from_to(0.0, 0.2, Sign::None).of_width().with_both_ends()),
    ],
    ..Table::BASE
};
