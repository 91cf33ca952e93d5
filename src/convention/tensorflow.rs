//! The tensorflow convention: `efficientnet/autoaugment.py` of the repository tensorflow/tpu.
//!
//! Levels are any numbers from 0 to 10, and a value is `level / 10` of its maximum. Posterize and Solarize get weaker
//! with the level. Below level 2.5, Posterize keeps 0 bits and gives black. The enhancing operations have no sign and
//! are neutral at level 5. Translations are in pixels for images of every size, and positive ones move the content left
//! or up.
//!
//! Departure: the pixels are Pillow's, in every convention. TensorFlow's own kernels give slightly different ones.

use super::Table;
use crate::magnitude::{Range, Sign};
use crate::ops::OpKind;

const ENHANCE: Range = Range::level(0.1, 1.8, Sign::None);
const TRANSLATE: Range = Range::level(0.0, 250.0, Sign::Mirrored);

pub(super) const TABLE: Table = Table {
    last: 10,
    fractional: true,
    fill: [128; 3],
    direction: -1.0,
    rows: &[
        (OpKind::ShearX, Range::level(0.0, 0.3, Sign::Mirrored)),
        (OpKind::ShearY, Range::level(0.0, 0.3, Sign::Mirrored)),
        (OpKind::TranslateX, TRANSLATE),
        (OpKind::TranslateY, TRANSLATE),
        (OpKind::Rotate, Range::level(0.0, 30.0, Sign::Mirrored)),
        (OpKind::Solarize, Range::level(0.0, 256.0, Sign::None).whole()),
        (OpKind::SolarizeAdd, Range::level(0.0, 110.0, Sign::None).whole()),
        (OpKind::Posterize, Range::level(0.0, 4.0, Sign::None).whole()),
        (OpKind::Contrast, ENHANCE),
        (OpKind::Color, ENHANCE),
        (OpKind::Brightness, ENHANCE),
        (OpKind::Sharpness, ENHANCE),
        // The framework's whole number is half a side: `int(level / 10 * 100)`.
        (OpKind::Cutout, Range::level(0.0, 200.0, Sign::None).even()),
    ],
    ..Table::BASE
};
