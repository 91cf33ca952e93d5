//! The torchvision convention: `torchvision.transforms.v2.AutoAugment` of version 0.29, on PIL images.
//!
//! Magnitudes are `torch.linspace` in `f32`. Where the vectorized kernel of a modern x86 (product and sum fused) and
//! the plain kernel differ, the values are those of the vectorized one. Translations are whole pixels, truncated.
//! Positive ones move the content right or down. Solarize is 255 times `linspace(1, 0)`, one gray level off transforms
//! v1 at magnitudes 3 and 6.
//!
//! `torchvision-augmix` has the magnitudes of its `AugMix`.

use super::Table;
use crate::interpolation::Interpolation;
use crate::magnitude::{Range, Scale, Sign};
use crate::ops::OpKind;

/// `tan(radians(degrees(atan(m))))` for the ten values m of `linspace(0, 0.3, 10)`: the shears after torchvision's
/// detour through an angle. They are constants, so that they do not depend on a mathematical library.
#[rustfmt::skip]
const SHEAR_X: [f64; 10] = [
    0.0, 0.03333333507180214, 0.06666667014360428, 0.10000000894069672, 0.13333334028720856,
    0.1666666716337204, 0.20000000298023227, 0.23333334922790527, 0.2666666805744171, 0.30000001192092896,
];

/// The same through `sin / cos`, as torchvision computes ShearY.
#[rustfmt::skip]
const SHEAR_Y: [f64; 10] = [
    0.0, 0.033333335071802146, 0.06666667014360429, 0.10000000894069673, 0.13333334028720856,
    0.16666667163372037, 0.20000000298023227, 0.23333334922790525, 0.2666666805744171, 0.30000001192092896,
];

/// 255 times `linspace(1, 0, 10)`, each `f32` value times 255 in `f64`.
#[rustfmt::skip]
const SOLARIZE: [f64; 10] = [
    255.0, 226.66666835546494, 198.33333671092987, 170.0000050663948, 141.66667342185974,
    113.33333417773247, 85.0000025331974, 56.666667088866234, 28.333333544433117, 0.0,
];

pub(super) const fn enhance(to: f64) -> Range {
    Range::of(Scale::Torch { from: 0.0, to }, Sign::AroundOne { least: 0.0 })
}

pub(super) const fn torch(to: f64) -> Range {
    Range::of(Scale::Torch { from: 0.0, to }, Sign::Mirrored)
}

pub(super) const fn translate() -> Range {
    torch(150.0 / 331.0).whole()
}

const fn rows(translate: Range, bits: &'static [f64; 10]) -> [(OpKind, Range); 11] {
    [
        (OpKind::ShearX, Range::of(Scale::Table(&SHEAR_X), Sign::Mirrored)),
        (OpKind::ShearY, Range::of(Scale::Table(&SHEAR_Y), Sign::Mirrored)),
        (OpKind::TranslateX, translate.of_width()),
        (OpKind::TranslateY, translate.of_height()),
        (OpKind::Rotate, torch(30.0)),
        (OpKind::Solarize, Range::of(Scale::Table(&SOLARIZE), Sign::None)),
        (OpKind::Posterize, Range::of(Scale::Table(bits), Sign::None)),
        (OpKind::Contrast, enhance(0.9)),
        (OpKind::Color, enhance(0.9)),
        (OpKind::Brightness, enhance(0.9)),
        (OpKind::Sharpness, enhance(0.9)),
    ]
}

pub(super) const TABLE: Table =
    Table { rows: &rows(translate(), &[8., 8., 7., 7., 6., 6., 5., 5., 4., 4.]), ..Table::BASE };

pub(super) const AUG_MIX: Table = Table {
    shear: Interpolation::Bilinear,
    translate: Interpolation::Bilinear,
    rotate: Interpolation::Bilinear,
    rows: &rows(torch(1.0 / 3.0).whole(), &[4., 4., 3., 3., 2., 2., 1., 1., 0., 0.]),
    ..TABLE
};
