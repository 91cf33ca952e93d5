//! Conventions: the value of a magnitude, with its sign, interpolation, fill and direction.
//!
//! One sub-policy gives different pixels in different frameworks. Magnitude 3 of Solarize is a threshold of 170 in one
//! and of 76 in the next. A [`Convention`] fixes all of it. Each convention is one table in a file of its own. An
//! operation that the table does not name (such as Cutout in torchvision) has the paper's range, as the operation
//! declares it.

mod table;

pub(crate) use table::{Ranges, Table};

use serde::{Deserialize, Serialize};

use crate::batch::Size;
use crate::error::{Error, Result};
use crate::interpolation::Interpolation;
use crate::magnitude::{Range, Scale, Sign};
use crate::ops::{Category, OpKind};
use crate::text::text_is_name;

macro_rules! conventions {
    ($(
        #[doc = $summary:literal]
        $(#[$default:ident])?
        $Name:ident($name:literal) = $table:path $(, mod $module:ident)?;
    )*) => {
        $($(mod $module;)?)*

        /// The meaning of magnitudes.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Convention { $(#[doc = $summary] $(#[$default])? #[serde(rename = $name)] $Name,)* }

        impl Convention {
            /// All of them.
            pub const ALL: [Convention; [$($name),*].len()] = [$(Convention::$Name),*];

            /// The name in files and on the command line: `torchvision`.
            pub fn name(self) -> &'static str {
                match self { $(Convention::$Name => $name,)* }
            }

            /// One line of help.
            pub fn summary(self) -> &'static str {
                match self { $(Convention::$Name => $summary.trim_ascii(),)* }
            }

            pub(crate) fn table(self) -> &'static Table {
                match self { $(Convention::$Name => &$table,)* }
            }

            /// The range of every operation, in the order of the operations.
            fn ranges(self) -> &'static Ranges {
                match self { $(Convention::$Name => const { &$table.ranges() },)* }
            }
        }
    };
}

// Each with its name, its table, and the file of the table if no other convention has declared it. The text above it is
// the line of help.
conventions! {
    /// torchvision 0.29, transforms v2: whole pixels, nearest, black fill
    #[default]
    Torchvision("torchvision") = torchvision::TABLE, mod torchvision;
    /// the repository DeepVoltaire/AutoAugment: fractions of pixels, bicubic shear, gray fill
    DeepVoltaire("deepvoltaire") = deepvoltaire::TABLE, mod deepvoltaire;
    /// TensorFlow's TPU EfficientNet: levels 0..=10, fixed shifts, nearest, gray fill
    TensorFlow("tensorflow") = tensorflow::TABLE, mod tensorflow;
    /// the repository kakaobrain/fast-autoaugment: levels 0..=1 through signed ranges, nearest, black fill
    FastAutoAugment("fast-autoaugment") = fast_autoaugment::TABLE, mod fast_autoaugment;
    /// timm 1.0.31: magnitudes 0..=10, fractions of the side, bilinear or bicubic by chance, gray fill
    Timm("timm") = timm::PLAIN, mod timm;
    /// timm with PosterizeOriginal, 4 to 8 bits; gray fill
    TimmOriginal("timm-original") = timm::ORIGINAL;
    /// timm with PosterizeIncreasing, 4 to 0 bits; gray fill
    TimmResearch("timm-research") = timm::RESEARCH;
    /// timm with the operations that get stronger with the magnitude; gray fill
    TimmIncreasing("timm-increasing") = timm::INCREASING;
    /// timm with GaussianBlurRand, a blur of a random radius; gray fill
    TimmRandomBlur("timm-random-blur") = timm::RANDOM_BLUR;
    /// torchvision's RandAugment, magnitudes 0..=30, whole pixels, nearest, black fill
    TorchvisionRandAugment("torchvision-randaugment") = torchvision_bins::RAND_AUGMENT, mod torchvision_bins;
    /// torchvision's TrivialAugmentWide, magnitudes 0..=30, wide ranges, nearest, black fill
    TorchvisionTrivialAugment("torchvision-trivialaugment") = torchvision_bins::TRIVIAL_AUGMENT;
    /// torchvision's AugMix, whole pixels up to a third, 4 to 0 bits, bilinear, black fill
    TorchvisionAugMix("torchvision-augmix") = torchvision::AUG_MIX;
    /// timm-increasing with translations by up to 0.3 of the side, for AugMix; gray fill
    TimmAugMix("timm-augmix") = timm::AUG_MIX;
}

impl Convention {
    /// The largest magnitude. The smallest is 0.
    pub fn last_magnitude(self) -> u32 {
        self.table().last
    }

    /// The magnitudes to show: the whole ones, or tenths if there are only two whole ones.
    pub fn magnitudes(self) -> impl Iterator<Item = f64> {
        let (steps, each) = if self.last_magnitude() == 1 { (10, 10.0) } else { (self.last_magnitude(), 1.0) };
        (0..=steps).map(move |k| f64::from(k) / each)
    }

    /// The color outside the image: red, green and blue.
    pub fn fill(self) -> [u8; 3] {
        self.table().fill
    }

    /// The fill color of an operation. In some conventions, Cutout has another one than the warps.
    pub(crate) fn fill_of(self, op: OpKind) -> [u8; 3] {
        let own = if op == OpKind::Cutout { self.table().cutout_fill } else { None };
        own.unwrap_or(self.table().fill)
    }

    /// Whether each application of a warp draws bilinear or bicubic. [`Convention::interpolation`] is then one of the
    /// two.
    pub fn random_interpolation(self) -> bool {
        self.table().random_interpolation
    }

    /// The interpolation of a warp. For all other operations, nearest.
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

    /// Whether this operation has a magnitude. Without one, the policy's digit is ignored.
    pub fn has_magnitude(self, op: OpKind) -> bool {
        self.range(op).scale != Scale::Nothing
    }

    /// The other end of the range, if each application of this operation draws a value between it and the magnitude's
    /// value.
    pub fn random_lower_bound(self, op: OpKind) -> Option<f64> {
        self.range(op).random_from
    }

    fn range(self, op: OpKind) -> &'static Range {
        &self.ranges()[op as usize]
    }

    /// Refuses a magnitude that this convention has no value for. The digits of operations without a magnitude are
    /// checked too, so that one list of sub-policies is right or wrong as a whole.
    ///
    /// # Errors
    /// [`Error::NotInPolicies`], [`Error::Magnitude`] or [`Error::FractionalMagnitude`].
    pub fn check(self, op: OpKind, magnitude: f64) -> Result<()> {
        let table = self.table();
        if OpKind::TRANSFORM_ONLY.contains(&op) {
            return Err(Error::NotInPolicies { op: op.name() });
        }
        if !(0.0..=f64::from(table.last)).contains(&magnitude) {
            return Err(Error::Magnitude { op: op.name(), magnitude, last: table.last });
        }
        if magnitude.fract() != 0.0 && !table.fractional {
            return Err(Error::FractionalMagnitude { op: op.name(), magnitude, convention: self.name() });
        }
        Ok(())
    }

    /// The value of an operation's parameter at `magnitude` for an image of `size`. `negative` is the drawn sign.
    ///
    /// Shear: the factor. Translate: pixels to the right or down. Rotate: degrees counter-clockwise. Solarize: the
    /// threshold. SolarizeAdd: the constant. Posterize: bits. Brightness, Color, Contrast, Sharpness: the factor.
    /// Desaturate: the amount. Cutout: the side in pixels. SamplePairing: the weight. GaussianBlur: the radius, or the
    /// upper end of its random range; see [`Convention::random_lower_bound`]. The others: 0.
    ///
    /// # Errors
    /// Those of [`Convention::check`].
    pub fn value(self, op: OpKind, magnitude: f64, negative: bool, size: Size) -> Result<f64> {
        self.check(op, magnitude)?;
        Ok(self.unchecked_value(op, magnitude, negative, size))
    }

    /// The same for a magnitude that is checked, or that is drawn and can be beyond the last one.
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
        debug_assert!(!directed || op.category() == Category::Warp);
        if directed { signed * self.table().direction } else { signed }
    }
}

text_is_name!("convention": Convention);

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

    /// Noise can carry timm's magnitudes beyond 10. There its own functions cut off some values and not others.
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
