//! The deepvoltaire convention: `autoaugment.py` of the repository DeepVoltaire/AutoAugment, at commit 19c8c48.
//!
//! Magnitudes are `numpy.linspace` in `f64`. Translations are fractions of the side, not rounded to pixels. Positive
//! ones move the content left or up. With nearest interpolation, a shift of t pixels acts as `floor(t + 0.5)`. Shears
//! are bicubic. The fill is gray. For Rotate, the repository makes it through an alpha channel, with the bytes of a
//! plain rotation with that fill. Its `np.int` fails on NumPy 1.24 and later. The values here are those of earlier
//! versions.

use super::Table;
use crate::interpolation::Interpolation;
use crate::magnitude::Range;
use crate::ops::OpKind;

pub(super) const TABLE: Table = Table {
    shear: Interpolation::Bicubic,
    fill: [128; 3],
    direction: -1.0,
    rows: &[
        (OpKind::ShearX, Range::signed(0.0, 0.3)),
        (OpKind::ShearY, Range::signed(0.0, 0.3)),
        (OpKind::TranslateX, Range::signed(0.0, 150.0 / 331.0).of_width()),
        (OpKind::TranslateY, Range::signed(0.0, 150.0 / 331.0).of_height()),
        (OpKind::Rotate, Range::signed(0.0, 30.0)),
        (OpKind::Solarize, Range::unsigned(256.0, 0.0)),
        (OpKind::Posterize, Range::unsigned(8.0, 4.0).rounded()),
        (OpKind::Contrast, Range::around_one(0.9)),
        (OpKind::Color, Range::around_one(0.9)),
        (OpKind::Brightness, Range::around_one(0.9)),
        (OpKind::Sharpness, Range::around_one(0.9)),
    ],
    ..Table::BASE
};
