//! Conventions: which value a magnitude stands for, with which sign, interpolation, fill and direction.
//!
//! The same sub-policy means other pixels in another framework: magnitude 3 of Solarize is a threshold of 170 in one
//! and of 76 in the next. A [`Convention`] fixes all of it. Each is one table in a file of its own; what a table does
//! not name (Cutout in torchvision, say) has the paper's range as the operation declares it.

mod deepvoltaire;
mod tensorflow;
mod torchvision;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::batch::Size;
use crate::error::{Error, Result};
use crate::ops::{Interpolation, Kind, OpKind};

/// Which values magnitudes stand for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Convention {
    /// torchvision 0.29, transforms v2: magnitudes 0..=9, whole pixels, nearest, black fill.
    #[default]
    Torchvision,
    /// The repository DeepVoltaire/AutoAugment: magnitudes 0..=9, fractions of pixels, bicubic shear, grey fill.
    DeepVoltaire,
    /// TensorFlow's TPU EfficientNet `autoaugment.py`: magnitudes 0..=10, grey fill. The `v0` policy is written in it.
    TensorFlow,
}

/// How a magnitude becomes a number. All are exact: the frameworks' own floating-point steps, one by one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scale {
    /// The operation has no magnitude.
    Nothing,
    /// NumPy's `linspace(from, to, n)` in binary64.
    NumPy { from: f64, to: f64 },
    /// PyTorch's `linspace(from, to, n)` in binary32 as its vectorised kernels have it, product and sum fused.
    Torch { from: f64, to: f64 },
    /// TensorFlow's `level / 10 * span + from` in binary64.
    Level { from: f64, span: f64 },
    /// One value a magnitude.
    Table(&'static [f64]),
}

/// What the number is a multiple of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Unit {
    One,
    Width,
    Height,
    ShorterSide,
}

/// What the sign does, which is drawn for each application.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Sign {
    /// There is none.
    None,
    /// Plus or minus the number.
    Mirrored,
    /// 1 plus or minus the number.
    AroundOne,
}

/// What becomes of fractions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Whole {
    Keep,
    Truncate,
    /// The half is truncated, and doubled.
    TruncateHalf,
    Round,
}

/// The range of one operation's magnitude.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Range {
    pub scale: Scale,
    pub unit: Unit,
    pub sign: Sign,
    pub whole: Whole,
}

/// A convention as a table.
pub(crate) struct Table {
    pub name: &'static str,
    pub summary: &'static str,
    /// The largest magnitude; 0 is the smallest.
    pub last: u32,
    /// Whether magnitudes between whole numbers mean something.
    pub fractional: bool,
    pub shear: Interpolation,
    pub translate: Interpolation,
    pub rotate: Interpolation,
    pub fill: [u8; 3],
    /// The direction of a positive translation: 1 to the right and down, -1 to the left and up.
    pub direction: f64,
    pub rows: &'static [(OpKind, Range)],
}

impl Range {
    pub(crate) const NONE: Range = Range::of(Scale::Nothing, Sign::None);

    pub(crate) const fn of(scale: Scale, sign: Sign) -> Self {
        Range { scale, unit: Unit::One, sign, whole: Whole::Keep }
    }

    pub(crate) const fn unsigned(from: f64, to: f64) -> Self {
        Range::of(Scale::NumPy { from, to }, Sign::None)
    }

    pub(crate) const fn signed(from: f64, to: f64) -> Self {
        Range::of(Scale::NumPy { from, to }, Sign::Mirrored)
    }

    pub(crate) const fn around_one(to: f64) -> Self {
        Range::of(Scale::NumPy { from: 0.0, to }, Sign::AroundOne)
    }

    pub(crate) const fn of_width(self) -> Self {
        Range { unit: Unit::Width, ..self }
    }

    pub(crate) const fn of_height(self) -> Self {
        Range { unit: Unit::Height, ..self }
    }

    pub(crate) const fn of_shorter_side(self) -> Self {
        Range { unit: Unit::ShorterSide, ..self }
    }

    pub(crate) const fn whole(self) -> Self {
        Range { whole: Whole::Truncate, ..self }
    }

    pub(crate) const fn even(self) -> Self {
        Range { whole: Whole::TruncateHalf, ..self }
    }

    pub(crate) const fn rounded(self) -> Self {
        Range { whole: Whole::Round, ..self }
    }

    /// The number for `magnitude` of `0..=last`, on images of `size`, before the sign.
    fn number(self, magnitude: f64, last: u32, size: Size) -> f64 {
        let of = match self.unit {
            Unit::One => 1.0,
            Unit::Width => size.width as f64,
            Unit::Height => size.height as f64,
            Unit::ShorterSide => size.width.min(size.height) as f64,
        };
        let number = match self.scale {
            Scale::Nothing => 0.0,
            Scale::NumPy { to, .. } if magnitude == f64::from(last) => to * of,
            Scale::NumPy { from, to } => (magnitude * ((to - from) / f64::from(last)) + from) * of,
            Scale::Torch { from, to } => torch_linspace(from * of, to * of, magnitude as u32, last),
            Scale::Level { from, span } => (magnitude / f64::from(last) * span + from) * of,
            Scale::Table(values) => values.get(magnitude as usize).copied().unwrap_or_default() * of,
        };
        match self.whole {
            Whole::Keep => number,
            Whole::Truncate => number.trunc(),
            Whole::TruncateHalf => 2.0 * (number / 2.0).trunc(),
            Whole::Round => number.round_ties_even(),
        }
    }
}

/// Element `i` of `torch.linspace(from, to, last + 1)` in binary32: from both ends towards the middle.
fn torch_linspace(from: f64, to: f64, i: u32, last: u32) -> f64 {
    let (from, to) = (from as f32, to as f32);
    let step = (to - from) / last as f32;
    let value =
        if i < last.div_ceil(2) { step.mul_add(i as f32, from) } else { (-step).mul_add((last - i) as f32, to) };
    f64::from(value)
}

impl Convention {
    /// All of them.
    pub const ALL: [Convention; 3] = [Convention::Torchvision, Convention::DeepVoltaire, Convention::TensorFlow];

    pub(crate) fn table(self) -> &'static Table {
        match self {
            Convention::Torchvision => &torchvision::TABLE,
            Convention::DeepVoltaire => &deepvoltaire::TABLE,
            Convention::TensorFlow => &tensorflow::TABLE,
        }
    }

    /// The name in files and on the command line: `torchvision`.
    pub fn name(self) -> &'static str {
        self.table().name
    }

    /// One line of help.
    pub fn summary(self) -> &'static str {
        self.table().summary
    }

    /// The largest magnitude; the smallest is 0.
    pub fn last_magnitude(self) -> u32 {
        self.table().last
    }

    /// The colour of what comes from outside the image, red, green and blue.
    pub fn fill(self) -> [u8; 3] {
        self.table().fill
    }

    /// The interpolation of a warp; nearest for whatever is none.
    pub fn interpolation(self, op: OpKind) -> Interpolation {
        match op {
            OpKind::ShearX | OpKind::ShearY => self.table().shear,
            OpKind::TranslateX | OpKind::TranslateY => self.table().translate,
            OpKind::Rotate => self.table().rotate,
            _ => Interpolation::Nearest,
        }
    }

    /// Whether a sign is drawn for this operation.
    pub fn is_signed(self, op: OpKind) -> bool {
        self.range(op).sign != Sign::None
    }

    /// Whether this operation has a magnitude; without one, the policy's digit is ignored.
    pub fn has_magnitude(self, op: OpKind) -> bool {
        self.range(op).scale != Scale::Nothing
    }

    fn range(self, op: OpKind) -> Range {
        let row = self.table().rows.iter().find(|(row, _)| *row == op);
        row.map_or_else(|| op.range(), |(_, range)| *range)
    }

    /// Refuses a magnitude that this convention has no value for. The digits of operations without a magnitude are
    /// checked too, so that one list of sub-policies is right or wrong as a whole.
    ///
    /// # Errors
    /// [`Error::NotInPolicies`], [`Error::Magnitude`] or [`Error::FractionalMagnitude`].
    pub fn check(self, op: OpKind, magnitude: f64) -> Result<()> {
        let table = self.table();
        if OpKind::FRAMING.contains(&op) {
            return Err(Error::NotInPolicies { op: op.name() });
        }
        if !(0.0..=f64::from(table.last)).contains(&magnitude) {
            return Err(Error::Magnitude { op: op.name(), magnitude, last: table.last });
        }
        if magnitude.fract() != 0.0 && !table.fractional {
            return Err(Error::FractionalMagnitude { op: op.name(), magnitude, convention: table.name });
        }
        Ok(())
    }

    /// The value of an operation's parameter at `magnitude` for an image of `size`; `negative` is the drawn sign.
    ///
    /// Shear: the factor. Translate: pixels to the right or down. Rotate: degrees counter-clockwise. Solarize: the
    /// threshold. SolarizeAdd: what is added. Posterize: bits. Brightness, Color, Contrast, Sharpness: the factor.
    /// Cutout: the side in pixels. SamplePairing: the weight. GaussianBlur: the radius. The others: 0.
    ///
    /// # Errors
    /// Those of [`Convention::check`].
    pub fn value(self, op: OpKind, magnitude: f64, negative: bool, size: Size) -> Result<f64> {
        self.check(op, magnitude)?;
        let range = self.range(op);
        let number = range.number(magnitude, self.table().last, size);
        let signed = match (range.sign, negative) {
            (Sign::None, _) => number,
            (Sign::Mirrored, false) => number,
            (Sign::Mirrored, true) => -number,
            (Sign::AroundOne, false) => 1.0 + number,
            (Sign::AroundOne, true) => 1.0 - number,
        };
        // Only translations are relative to a side and warps at once.
        let directed = range.sign == Sign::Mirrored && matches!(op, OpKind::TranslateX | OpKind::TranslateY);
        debug_assert!(!directed || op.class() == Kind::Warp);
        Ok(if directed { signed * self.table().direction } else { signed })
    }
}

impl fmt::Display for Convention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Convention {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Convention::ALL.into_iter().find(|c| c.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| Error::unknown("convention", name, Convention::ALL.map(Convention::name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size { width: 224, height: 224 };

    fn values(convention: Convention, op: OpKind, size: Size) -> Vec<f64> {
        let last = convention.last_magnitude();
        (0..=last).map(|m| convention.value(op, f64::from(m), false, size).unwrap()).collect()
    }

    #[test]
    fn torchvision_has_its_tables() {
        let c = Convention::Torchvision;
        assert_eq!(values(c, OpKind::TranslateX, SIZE), [0., 11., 22., 33., 45., 56., 67., 78., 90., 101.]);
        let small = Size { width: 32, height: 7 };
        assert_eq!(values(c, OpKind::TranslateX, small), [0., 1., 3., 4., 6., 8., 9., 11., 12., 14.]);
        assert_eq!(values(c, OpKind::TranslateY, small)[9], 3.0);
        assert_eq!(values(c, OpKind::Posterize, SIZE), [8., 8., 7., 7., 6., 6., 5., 5., 4., 4.]);
        let first_inverted: Vec<_> = values(c, OpKind::Solarize, SIZE).iter().map(|t| t.ceil()).collect();
        assert_eq!(first_inverted, [255., 227., 199., 171., 142., 114., 86., 57., 29., 0.]);
        assert_eq!(values(c, OpKind::Rotate, SIZE)[9], 30.0);
        assert_eq!(values(c, OpKind::ShearX, SIZE)[9], 0.300_000_011_920_928_96);
    }

    #[test]
    fn deepvoltaire_has_its_tables() {
        let c = Convention::DeepVoltaire;
        let first_inverted: Vec<_> = values(c, OpKind::Solarize, SIZE).iter().map(|t| t.ceil()).collect();
        assert_eq!(first_inverted, [256., 228., 200., 171., 143., 114., 86., 57., 29., 0.]);
        assert_eq!(values(c, OpKind::Posterize, SIZE), [8., 8., 7., 7., 6., 6., 5., 5., 4., 4.]);
        // A positive shift moves the content to the left, by a fraction of the width.
        assert_eq!(values(c, OpKind::TranslateX, SIZE)[9], -(150.0 / 331.0) * 224.0);
        assert_eq!(c.value(OpKind::Color, 3.0, true, SIZE).unwrap(), 1.0 - 0.300_000_000_000_000_04);
    }

    #[test]
    fn tensorflow_has_its_tables() {
        let c = Convention::TensorFlow;
        assert_eq!(values(c, OpKind::Posterize, SIZE), [0., 0., 0., 1., 1., 2., 2., 2., 3., 3., 4.]);
        assert_eq!(values(c, OpKind::Solarize, SIZE), [0., 25., 51., 76., 102., 128., 153., 179., 204., 230., 256.]);
        assert_eq!(values(c, OpKind::Color, SIZE)[0], 0.1);
        assert_eq!(values(c, OpKind::TranslateX, SIZE)[10], -250.0);
    }

    #[test]
    fn magnitudes_outside_are_refused() {
        let check = |c: Convention, m: f64| c.check(OpKind::Rotate, m).unwrap_err().to_string();
        assert_eq!(check(Convention::Torchvision, 11.0), "Rotate: magnitude 11 is outside 0..=9");
        assert_eq!(check(Convention::TensorFlow, -1.0), "Rotate: magnitude -1 is outside 0..=10");
        assert_eq!(check(Convention::Torchvision, f64::NAN), "Rotate: magnitude NaN is outside 0..=9");
        assert_eq!(
            check(Convention::DeepVoltaire, 4.5),
            "Rotate: magnitude 4.5 is not a whole number, and deepvoltaire has whole magnitudes only"
        );
        assert!(Convention::TensorFlow.check(OpKind::Rotate, 4.5).is_ok());
    }
}
