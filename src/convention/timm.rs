//! The timm conventions: `timm/data/auto_augment.py` of timm 1.0.31.
//!
//! Magnitudes are any numbers from 0 to 10. Noise can carry a scheme's magnitudes beyond 10 if the scheme allows it.
//! Translations are fractions of the side and are not rounded to pixels. (They are timm's `TranslateXRel` and
//! `TranslateYRel`, which all its lists have.) Positive ones move the content left or up. The interpolation is drawn
//! for each application, bilinear or bicubic. The fill is gray, as in `auto_augment_transform` and its siblings. timm's
//! training script takes the data set's mean instead, for ImageNet 124,116,104.
//!
//! timm has one operation under several names whose magnitudes mean different things, and its lists choose among the
//! names. Here the names are conventions:
//!
//! * `timm` has `Posterize` (0 to 4 bits), `Solarize` (weaker with the magnitude) and the enhancing operations from 0.1
//!   to 1.9 without a sign.
//! * `timm-original` has `PosterizeOriginal` (4 to 8 bits) instead.
//! * `timm-research` has `PosterizeIncreasing` (4 to 0 bits) instead.
//! * `timm-increasing` has `PosterizeIncreasing`, `SolarizeIncreasing` and the enhancing operations around 1.
//! * `timm-augmix` is `timm-increasing` with the `translate_pct` of 0.3 that its training pipeline sets for AugMix.
//! * `timm-random-blur` has `GaussianBlurRand` instead of `GaussianBlur`. Its radius is drawn from 0.1 to the value of
//!   its magnitude.
//!
//! Departure: 0 bits give black, as in timm before Pillow 13. With Pillow 13, timm raises an error. Magnitudes above 10
//! would ask for fewer than 0 bits. They give 0 bits too.

use super::Table;
use crate::interpolation::Interpolation;
use crate::magnitude::{Range, Scale, Sign};
use crate::ops::{GaussianBlur, OpKind, Operation};

type Row = (OpKind, Range);

const fn steps(from: f64, span: f64, most: f64) -> Range {
    Range::of(Scale::Steps { from, span, most }, Sign::None)
}

/// The translation of the last magnitude, as a fraction of the side.
const TRANSLATE: f64 = 0.45;
const POSTERIZE: Row = (OpKind::Posterize, steps(0.0, 4.0, 8.0));
const POSTERIZE_ORIGINAL: Row = (OpKind::Posterize, steps(4.0, 4.0, 4.0));
const POSTERIZE_INCREASING: Row = (OpKind::Posterize, steps(4.0, -4.0, 4.0));
const SOLARIZE: Row = (OpKind::Solarize, steps(0.0, 256.0, 256.0));
const SOLARIZE_INCREASING: Row = (OpKind::Solarize, steps(256.0, -256.0, 256.0));
const ENHANCE: Range = Range::level(0.1, 1.8, Sign::None);
const ENHANCE_INCREASING: Range = Range::level(0.0, 0.9, Sign::AroundOne { least: 0.1 });
const BLUR: Range = <GaussianBlur as Operation>::RANGE;
const RANDOM_BLUR_UP_TO: Range = Range::of(Scale::Between { from: 0.0, to: 2.0 }, Sign::None).random_from(0.1);

/// The table of one of the timm conventions.
const fn rows(translate: f64, posterize: Row, solarize: Row, enhance: Range, blur: Range) -> [Row; 13] {
    [
        (OpKind::ShearX, Range::level(0.0, 0.3, Sign::Mirrored)),
        (OpKind::ShearY, Range::level(0.0, 0.3, Sign::Mirrored)),
        (OpKind::TranslateX, Range::level(0.0, translate, Sign::Mirrored).of_width()),
        (OpKind::TranslateY, Range::level(0.0, translate, Sign::Mirrored).of_height()),
        (OpKind::Rotate, Range::level(0.0, 30.0, Sign::Mirrored)),
        posterize,
        solarize,
        (OpKind::SolarizeAdd, steps(0.0, 110.0, 128.0)),
        (OpKind::Contrast, enhance),
        (OpKind::Color, enhance),
        (OpKind::Brightness, enhance),
        (OpKind::Sharpness, enhance),
        (OpKind::GaussianBlur, blur),
    ]
}

const fn table(rows: &'static [Row]) -> Table {
    Table {
        last: 10,
        fractional: true,
        shear: Interpolation::Bicubic,
        translate: Interpolation::Bicubic,
        rotate: Interpolation::Bicubic,
        random_interpolation: true,
        fill: [128; 3],
        direction: -1.0,
        rows,
        ..Table::BASE
    }
}

pub(super) const PLAIN: Table = table(&rows(TRANSLATE, POSTERIZE, SOLARIZE, ENHANCE, BLUR));
pub(super) const ORIGINAL: Table = table(&rows(TRANSLATE, POSTERIZE_ORIGINAL, SOLARIZE, ENHANCE, BLUR));
pub(super) const RESEARCH: Table = table(&rows(TRANSLATE, POSTERIZE_INCREASING, SOLARIZE, ENHANCE, BLUR));
pub(super) const INCREASING: Table =
    table(&rows(TRANSLATE, POSTERIZE_INCREASING, SOLARIZE_INCREASING, ENHANCE_INCREASING, BLUR));
pub(super) const AUG_MIX: Table =
    table(&rows(0.3, POSTERIZE_INCREASING, SOLARIZE_INCREASING, ENHANCE_INCREASING, BLUR));
pub(super) const RANDOM_BLUR: Table = table(&rows(TRANSLATE, POSTERIZE, SOLARIZE, ENHANCE, RANDOM_BLUR_UP_TO));
