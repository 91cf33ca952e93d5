//! The conventions of torchvision's `RandAugment` and `TrivialAugmentWide`, version 0.29, transforms v2, on PIL images.
//!
//! Both have 31 magnitudes, 0..=30. All else is as in the torchvision convention. RandAugment's magnitudes run through
//! the ranges of AutoAugment. TrivialAugmentWide's run through wider ranges, and its translations are up to 32 pixels
//! for images of every size. `torch.linspace` is taken with product and sum fused, as on any modern x86:
//! TrivialAugment's magnitude 15 moves by 15 pixels.

use super::Table;
use super::torchvision::{self, enhance, torch, translate};
use crate::magnitude::{Range, Scale, Sign};
use crate::ops::OpKind;

/// `tan(radians(degrees(atan(m))))` of `linspace(0, 0.3, 31)`; see the torchvision convention.
#[rustfmt::skip]
const SHEAR_X: [f64; 31] = [
    0.0, 0.010000000707805158, 0.020000001415610313, 0.030000001192092896, 0.04000000283122063,
    0.05000000447034836, 0.06000000238418579, 0.07000000774860382, 0.08000000566244127, 0.0900000035762787,
    0.10000000894069672, 0.11000000685453415, 0.12000000476837157, 0.1300000101327896, 0.14000001549720764,
    0.15000000596046448, 0.15999999642372134, 0.17000000178813934, 0.18000000715255737, 0.18999999761581424,
    0.20000000298023227, 0.21000000834465027, 0.2199999988079071, 0.23000000417232513, 0.24000000953674314,
    0.25, 0.2600000202655792, 0.270000010728836, 0.28000000119209295, 0.2900000214576721, 0.30000001192092896,
];

/// The same through `sin / cos`, as torchvision computes ShearY.
#[rustfmt::skip]
const SHEAR_Y: [f64; 31] = [
    0.0, 0.010000000707805157, 0.020000001415610313, 0.030000001192092896, 0.04000000283122063,
    0.05000000447034836, 0.0600000023841858, 0.07000000774860382, 0.08000000566244127, 0.0900000035762787,
    0.10000000894069673, 0.11000000685453415, 0.12000000476837157, 0.13000001013278964, 0.1400000154972076,
    0.15000000596046448, 0.15999999642372134, 0.17000000178813934, 0.1800000071525574, 0.1899999976158142,
    0.20000000298023227, 0.21000000834465027, 0.2199999988079071, 0.23000000417232513, 0.24000000953674316,
    0.25, 0.26000002026557917, 0.27000001072883606, 0.28000000119209295, 0.2900000214576722,
    0.30000001192092896,
];

/// The same of `linspace(0, 0.99, 31)`.
#[rustfmt::skip]
const WIDE_SHEAR_X: [f64; 31] = [
    0.0, 0.032999999821186066, 0.06599999964237213, 0.0989999994635582, 0.13199999928474426,
    0.16499999165534973, 0.1979999989271164, 0.23100000619888306, 0.2639999985694885, 0.296999990940094,
    0.32999998331069946, 0.3630000054836273, 0.3959999978542328, 0.4289999902248383, 0.4620000123977661,
    0.4950000047683715, 0.527999997138977, 0.5609999895095825, 0.5939999818801879, 0.6270000338554385,
    0.6600000262260437, 0.6930000185966492, 0.7260000109672549, 0.7590000033378601, 0.7919999957084656,
    0.8249999880790712, 0.8580000400543212, 0.8910000324249266, 0.9240000247955323, 0.9570000171661376,
    0.9900000095367432,
];

/// The same through `sin / cos`.
#[rustfmt::skip]
const WIDE_SHEAR_Y: [f64; 31] = [
    0.0, 0.032999999821186066, 0.06599999964237212, 0.0989999994635582, 0.13199999928474426,
    0.16499999165534973, 0.19799999892711642, 0.23100000619888308, 0.2639999985694885, 0.29699999094009405,
    0.32999998331069946, 0.3630000054836273, 0.3959999978542328, 0.4289999902248383, 0.4620000123977661,
    0.4950000047683715, 0.527999997138977, 0.5609999895095825, 0.593999981880188, 0.6270000338554383,
    0.6600000262260438, 0.6930000185966492, 0.7260000109672549, 0.7590000033378601, 0.7919999957084656,
    0.824999988079071, 0.8580000400543212, 0.8910000324249268, 0.9240000247955322, 0.9570000171661376,
    0.9900000095367432,
];

/// 255 times `linspace(1, 0, 31)`, each `f32` value times 255 in `f64`.
#[rustfmt::skip]
const SOLARIZE: [f64; 31] = [
    255.0, 246.49999290704727, 238.00000101327896, 229.49999392032623, 221.00000202655792, 212.4999949336052,
    204.00000303983688, 195.49999594688416, 187.00000405311584, 178.49999696016312, 169.9999898672104,
    161.49999797344208, 152.99999088048935, 144.49999898672104, 135.9999918937683, 127.5, 119.00000810623169,
    110.50000861287117, 102.00000911951065, 93.50000202655792, 85.0000025331974, 76.50000303983688,
    68.00000354647636, 59.500004053115845, 51.000004559755325, 42.5000012665987, 34.00000177323818,
    25.500002279877663, 17.00000088661909, 8.500000443309546, 0.0,
];

/// 8 to 4 bits, rounded.
#[rustfmt::skip]
const POSTERIZE: [f64; 31] = [
    8.0, 8.0, 8.0, 8.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 6.0, 6.0, 6.0, 6.0, 6.0, 6.0, 6.0, 5.0, 5.0,
    5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 4.0, 4.0, 4.0, 4.0,
];

/// 8 to 2 bits, rounded.
#[rustfmt::skip]
const WIDE_POSTERIZE: [f64; 31] = [
    8.0, 8.0, 8.0, 7.0, 7.0, 7.0, 7.0, 7.0, 6.0, 6.0, 6.0, 6.0, 6.0, 5.0, 5.0, 5.0, 5.0, 5.0, 4.0, 4.0, 4.0,
    4.0, 4.0, 3.0, 3.0, 3.0, 3.0, 3.0, 2.0, 2.0, 2.0,
];

const fn of(values: &'static [f64; 31], sign: Sign) -> Range {
    Range::of(Scale::Table(values), sign)
}

const fn table(rows: &'static [(OpKind, Range)]) -> Table {
    Table { last: 30, rows, ..torchvision::TABLE }
}

pub(super) const RAND_AUGMENT: Table = table(&[
    (OpKind::ShearX, of(&SHEAR_X, Sign::Mirrored)),
    (OpKind::ShearY, of(&SHEAR_Y, Sign::Mirrored)),
    (OpKind::TranslateX, translate().of_width()),
    (OpKind::TranslateY, translate().of_height()),
    (OpKind::Rotate, torch(30.0)),
    (OpKind::Solarize, of(&SOLARIZE, Sign::None)),
    (OpKind::Posterize, of(&POSTERIZE, Sign::None)),
    (OpKind::Contrast, enhance(0.9)),
    (OpKind::Color, enhance(0.9)),
    (OpKind::Brightness, enhance(0.9)),
    (OpKind::Sharpness, enhance(0.9)),
]);

pub(super) const TRIVIAL_AUGMENT: Table = table(&[
    (OpKind::ShearX, of(&WIDE_SHEAR_X, Sign::Mirrored)),
    (OpKind::ShearY, of(&WIDE_SHEAR_Y, Sign::Mirrored)),
    (OpKind::TranslateX, torch(32.0).whole()),
    (OpKind::TranslateY, torch(32.0).whole()),
    (OpKind::Rotate, torch(135.0)),
    (OpKind::Solarize, of(&SOLARIZE, Sign::None)),
    (OpKind::Posterize, of(&WIDE_POSTERIZE, Sign::None)),
    (OpKind::Contrast, enhance(0.99)),
    (OpKind::Color, enhance(0.99)),
    (OpKind::Brightness, enhance(0.99)),
    (OpKind::Sharpness, enhance(0.99)),
]);
