//! Conventions: which value a magnitude stands for, with which sign, interpolation, fill and direction.
//!
//! The same sub-policy means other pixels in another framework: magnitude 3 of Solarize is a threshold of 170 in one
//! and of 76 in the next. A [`Convention`] fixes all of it. Each is one table in a file of its own; what a table does
//! not name (Cutout in torchvision, say) has the paper's range as the operation declares it.

mod deepvoltaire;
mod fast_autoaugment;
mod tensorflow;
mod timm;
mod torchvision;
mod torchvision_bins;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::batch::Size;
use crate::error::{Error, Result};
use crate::ops::{Interpolation, Kind, OpKind};

/// Which values magnitudes stand for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Convention {
    /// torchvision 0.29, transforms v2: magnitudes 0..=9, whole pixels, nearest, black fill.
    #[default]
    Torchvision,
    /// The repository DeepVoltaire/AutoAugment: magnitudes 0..=9, fractions of pixels, bicubic shear, grey fill.
    #[serde(rename = "deepvoltaire")]
    DeepVoltaire,
    /// TensorFlow's TPU EfficientNet `autoaugment.py`: magnitudes 0..=10, grey fill. The `v0` policy is written in it.
    #[serde(rename = "tensorflow")]
    TensorFlow,
    /// The repository kakaobrain/fast-autoaugment: levels 0..=1 through the whole signed range, black fill.
    #[serde(rename = "fast-autoaugment")]
    FastAutoAugment,
    /// timm 1.0.31: magnitudes 0..=10, fractions of the side, bilinear or bicubic by chance, grey fill.
    Timm,
    /// The same with timm's `PosterizeOriginal`, 4 to 8 bits.
    TimmOriginal,
    /// The same with timm's `PosterizeIncreasing`, 4 to 0 bits; timm's policies that end in `r`.
    TimmResearch,
    /// The same with timm's increasing variants of Posterize, Solarize and the enhancing operations.
    TimmIncreasing,
    /// The same as timm with its `GaussianBlurRand`, each application of which draws a radius.
    TimmRandomBlur,
    /// The 31 magnitudes of torchvision's `RandAugment`: its AutoAugment's ranges in finer steps.
    #[serde(rename = "torchvision-randaugment")]
    TorchvisionRandAugment,
    /// The 31 magnitudes of torchvision's `TrivialAugmentWide`: the same in wider ranges.
    #[serde(rename = "torchvision-trivialaugment")]
    TorchvisionTrivialAugment,
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
    /// TensorFlow's `level / last * span + from` in binary64.
    Level { from: f64, span: f64 },
    /// The same from one number to another, and no further for a level beyond the last.
    Between { from: f64, to: f64 },
    /// `from` and as many whole steps as `level / last * span` has, `most` at most; down if `span` is negative.
    Steps { from: f64, span: f64, most: f64 },
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
    /// 1 plus or minus the number, but no less than this.
    AroundOne { least: f64 },
}

/// What becomes of fractions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Whole {
    Keep,
    Truncate,
    /// The half is truncated, and doubled.
    TruncateHalf,
    /// Truncated, and one more where there is anything: a rectangle of which both ends are painted.
    BothEnds,
    Round,
}

/// The range of one operation's magnitude.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Range {
    pub scale: Scale,
    pub unit: Unit,
    pub sign: Sign,
    pub whole: Whole,
    /// Where the number is only the most that may be drawn, the least.
    pub least: Option<f64>,
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
    /// Whether every application draws bilinear or bicubic instead.
    pub draws_interpolation: bool,
    pub fill: [u8; 3],
    /// The colour of Cutout, where it is another.
    pub cutout_fill: Option<[u8; 3]>,
    /// The direction of a positive translation: 1 to the right and down, -1 to the left and up.
    pub direction: f64,
    pub rows: &'static [(OpKind, Range)],
}

impl Range {
    pub(crate) const NONE: Range = Range::of(Scale::Nothing, Sign::None);

    pub(crate) const fn of(scale: Scale, sign: Sign) -> Self {
        Range { scale, unit: Unit::One, sign, whole: Whole::Keep, least: None }
    }

    pub(crate) const fn unsigned(from: f64, to: f64) -> Self {
        Range::of(Scale::NumPy { from, to }, Sign::None)
    }

    pub(crate) const fn signed(from: f64, to: f64) -> Self {
        Range::of(Scale::NumPy { from, to }, Sign::Mirrored)
    }

    pub(crate) const fn around_one(to: f64) -> Self {
        Range::of(Scale::NumPy { from: 0.0, to }, Sign::AroundOne { least: 0.0 })
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

    pub(crate) const fn with_both_ends(self) -> Self {
        Range { whole: Whole::BothEnds, ..self }
    }

    pub(crate) const fn rounded(self) -> Self {
        Range { whole: Whole::Round, ..self }
    }

    pub(crate) const fn drawn_from(self, least: f64) -> Self {
        Range { least: Some(least), ..self }
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
            Scale::Between { from, to } => (magnitude / f64::from(last) * (to - from) + from).clamp(from, to) * of,
            Scale::Steps { from, span, most } => {
                let steps = (magnitude / f64::from(last) * span.abs()).trunc().min(most);
                (from + steps.copysign(span)) * of
            }
            Scale::Table(values) => values.get(magnitude as usize).copied().unwrap_or_default() * of,
        };
        match self.whole {
            Whole::Keep => number,
            Whole::Truncate => number.trunc(),
            Whole::TruncateHalf => 2.0 * (number / 2.0).trunc(),
            Whole::BothEnds if number > 0.0 => number.trunc() + 1.0,
            Whole::BothEnds => 0.0,
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
    pub const ALL: [Convention; 11] = [
        Convention::Torchvision,
        Convention::DeepVoltaire,
        Convention::TensorFlow,
        Convention::FastAutoAugment,
        Convention::Timm,
        Convention::TimmOriginal,
        Convention::TimmResearch,
        Convention::TimmIncreasing,
        Convention::TimmRandomBlur,
        Convention::TorchvisionRandAugment,
        Convention::TorchvisionTrivialAugment,
    ];

    pub(crate) fn table(self) -> &'static Table {
        match self {
            Convention::Torchvision => &torchvision::TABLE,
            Convention::DeepVoltaire => &deepvoltaire::TABLE,
            Convention::TensorFlow => &tensorflow::TABLE,
            Convention::FastAutoAugment => &fast_autoaugment::TABLE,
            Convention::Timm => &timm::PLAIN,
            Convention::TimmOriginal => &timm::ORIGINAL,
            Convention::TimmResearch => &timm::RESEARCH,
            Convention::TimmIncreasing => &timm::INCREASING,
            Convention::TimmRandomBlur => &timm::RANDOM_BLUR,
            Convention::TorchvisionRandAugment => &torchvision_bins::RAND_AUGMENT,
            Convention::TorchvisionTrivialAugment => &torchvision_bins::TRIVIAL_AUGMENT,
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

    /// The magnitudes to show: the whole ones, or tenths where there are only two whole ones.
    pub fn magnitudes(self) -> impl Iterator<Item = f64> {
        let (steps, each) = if self.last_magnitude() == 1 { (10, 10.0) } else { (self.last_magnitude(), 1.0) };
        (0..=steps).map(move |k| f64::from(k) / each)
    }

    /// The colour of what comes from outside the image, red, green and blue.
    pub fn fill(self) -> [u8; 3] {
        self.table().fill
    }

    /// The colour that an operation fills with: Cutout has another than the warps in some.
    pub(crate) fn fill_of(self, op: OpKind) -> [u8; 3] {
        let own = if op == OpKind::Cutout { self.table().cutout_fill } else { None };
        own.unwrap_or(self.table().fill)
    }

    /// Whether each application of a warp draws bilinear or bicubic, of which [`Convention::interpolation`] is one.
    pub fn draws_interpolation(self) -> bool {
        self.table().draws_interpolation
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

    /// The least value, where each application of this operation draws one from it to that of the magnitude.
    pub fn drawn_from(self, op: OpKind) -> Option<f64> {
        self.range(op).least
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
    /// Desaturate: the amount. Cutout: the side in pixels. SamplePairing: the weight. GaussianBlur: the radius. The others: 0.
    ///
    /// # Errors
    /// Those of [`Convention::check`].
    pub fn value(self, op: OpKind, magnitude: f64, negative: bool, size: Size) -> Result<f64> {
        self.check(op, magnitude)?;
        Ok(self.unchecked_value(op, magnitude, negative, size))
    }

    /// The same for a magnitude that has been checked, or is drawn and may be beyond the last one.
    pub(crate) fn unchecked_value(self, op: OpKind, magnitude: f64, negative: bool, size: Size) -> f64 {
        let range = self.range(op);
        let number = range.number(magnitude, self.table().last, size);
        let signed = match (range.sign, negative) {
            (Sign::None, _) => number,
            (Sign::Mirrored, false) => number,
            (Sign::Mirrored, true) => -number,
            (Sign::AroundOne { least }, false) => (1.0 + number).max(least),
            (Sign::AroundOne { least }, true) => (1.0 - number).max(least),
        };
        // Only translations are relative to a side and warps at once.
        let directed = range.sign == Sign::Mirrored && matches!(op, OpKind::TranslateX | OpKind::TranslateY);
        debug_assert!(!directed || op.class() == Kind::Warp);
        if directed { signed * self.table().direction } else { signed }
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
    fn fast_autoaugment_goes_from_minus_to_plus() {
        let c = Convention::FastAutoAugment;
        let value = |op, level| c.value(op, level, false, SIZE).unwrap();
        assert_eq!([0.0, 0.5, 1.0].map(|level| value(OpKind::ShearX, level)), [-0.3, 0.0, 0.3]);
        assert_eq!([0.0, 0.24, 0.25, 1.0].map(|level| value(OpKind::Posterize, level)), [4.0, 4.0, 5.0, 8.0]);
        assert_eq!(value(OpKind::Solarize, 0.3), 76.8);
        // Both ends of the square are painted, unless there is none.
        assert_eq!([0.0, 1e-9, 1.0].map(|level| value(OpKind::Cutout, level)), [0.0, 1.0, 45.0]);
        assert_eq!((c.fill_of(OpKind::Cutout), c.fill_of(OpKind::Rotate)), ([125, 123, 114], [0; 3]));
    }

    /// Noise may carry timm's magnitudes beyond 10, where its own functions cut some values off and others not.
    #[test]
    fn timm_goes_beyond_its_last_magnitude() {
        let value = |c: Convention, op, negative| c.unchecked_value(op, 30.0, negative, SIZE);
        assert_eq!(value(Convention::Timm, OpKind::Rotate, true), -90.0);
        assert_eq!(value(Convention::Timm, OpKind::Posterize, false), 8.0);
        assert_eq!(value(Convention::TimmOriginal, OpKind::Posterize, false), 8.0);
        assert_eq!(value(Convention::TimmResearch, OpKind::Posterize, false), 0.0);
        assert_eq!(value(Convention::Timm, OpKind::Solarize, false), 256.0);
        assert_eq!(value(Convention::TimmIncreasing, OpKind::Solarize, false), 0.0);
        assert_eq!(value(Convention::Timm, OpKind::SolarizeAdd, false), 128.0);
        assert_eq!(value(Convention::TimmIncreasing, OpKind::Color, true), 0.1);
        assert_eq!(value(Convention::Timm, OpKind::Desaturate, false), 1.0);
        assert_eq!(value(Convention::Timm, OpKind::GaussianBlur, false), 2.0);
        assert_eq!(value(Convention::TimmRandomBlur, OpKind::GaussianBlur, false), 2.0);
        assert!((value(Convention::Timm, OpKind::Color, false) - 5.5).abs() < 1e-12);
        assert!((value(Convention::TimmIncreasing, OpKind::Color, false) - 3.7).abs() < 1e-12);
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
