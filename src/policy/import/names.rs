//! Names: each framework's names of operations, and the conventions that give them the same meaning.

use super::{Framework, syntax};
use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::ops::OpKind;

/// An operation under a framework's name.
#[derive(Clone, Copy)]
pub(super) struct Name {
    pub op: OpKind,
    pub conventions: &'static [Convention],
}

const TORCHVISION: &[Convention] = &[Convention::Torchvision];
const FAST: &[Convention] = &[Convention::FastAutoAugment];
const DEEP_VOLTAIRE: &[Convention] = &[Convention::DeepVoltaire];
const TENSORFLOW: &[Convention] = &[Convention::TensorFlow];

/// In order of preference, for a list that fits several.
const TIMM: &[Convention] = &[
    Convention::Timm,
    Convention::TimmOriginal,
    Convention::TimmResearch,
    Convention::TimmIncreasing,
    Convention::TimmRandomBlur,
];
const TIMM_PLAIN: &[Convention] = &[Convention::Timm, Convention::TimmRandomBlur];
const TIMM_ORIGINAL: &[Convention] = &[Convention::TimmOriginal];
const TIMM_NOT_INCREASING: &[Convention] =
    &[Convention::Timm, Convention::TimmOriginal, Convention::TimmResearch, Convention::TimmRandomBlur];
const TIMM_INCREASING: &[Convention] = &[Convention::TimmIncreasing];
const TIMM_FEWER_BITS: &[Convention] = &[Convention::TimmResearch, Convention::TimmIncreasing];
const TIMM_BLUR: &[Convention] =
    &[Convention::Timm, Convention::TimmOriginal, Convention::TimmResearch, Convention::TimmIncreasing];
const TIMM_RANDOM_BLUR: &[Convention] = &[Convention::TimmRandomBlur];

/// timm's names.
const TIMM_NAMES: &[(&str, OpKind, &[Convention])] = &[
    ("AutoContrast", OpKind::AutoContrast, TIMM),
    ("Equalize", OpKind::Equalize, TIMM),
    ("Invert", OpKind::Invert, TIMM),
    ("Rotate", OpKind::Rotate, TIMM),
    ("Posterize", OpKind::Posterize, TIMM_PLAIN),
    ("PosterizeOriginal", OpKind::Posterize, TIMM_ORIGINAL),
    ("PosterizeIncreasing", OpKind::Posterize, TIMM_FEWER_BITS),
    ("Solarize", OpKind::Solarize, TIMM_NOT_INCREASING),
    ("SolarizeIncreasing", OpKind::Solarize, TIMM_INCREASING),
    ("SolarizeAdd", OpKind::SolarizeAdd, TIMM),
    ("Color", OpKind::Color, TIMM_NOT_INCREASING),
    ("ColorIncreasing", OpKind::Color, TIMM_INCREASING),
    ("Contrast", OpKind::Contrast, TIMM_NOT_INCREASING),
    ("ContrastIncreasing", OpKind::Contrast, TIMM_INCREASING),
    ("Brightness", OpKind::Brightness, TIMM_NOT_INCREASING),
    ("BrightnessIncreasing", OpKind::Brightness, TIMM_INCREASING),
    ("Sharpness", OpKind::Sharpness, TIMM_NOT_INCREASING),
    ("SharpnessIncreasing", OpKind::Sharpness, TIMM_INCREASING),
    ("ShearX", OpKind::ShearX, TIMM),
    ("ShearY", OpKind::ShearY, TIMM),
    ("TranslateXRel", OpKind::TranslateX, TIMM),
    ("TranslateYRel", OpKind::TranslateY, TIMM),
    ("Desaturate", OpKind::Desaturate, TIMM),
    ("GaussianBlur", OpKind::GaussianBlur, TIMM_BLUR),
    ("GaussianBlurRand", OpKind::GaussianBlur, TIMM_RANDOM_BLUR),
];

impl Framework {
    /// The possible conventions of a policy of this framework.
    pub(super) fn conventions(self) -> &'static [Convention] {
        match self {
            Framework::Torchvision | Framework::Kornia => TORCHVISION,
            Framework::Timm => TIMM,
            Framework::FastAutoAugment => FAST,
            Framework::DeepVoltaire => DEEP_VOLTAIRE,
            Framework::Dali => TENSORFLOW,
        }
    }

    /// The operation with this name in the framework.
    pub(super) fn operation(self, name: &str) -> Result<Name> {
        if self == Framework::Timm && matches!(name, "TranslateX" | "TranslateY") {
            let why = "shifts by pixels that timm's caller sets";
            return Err(syntax(&format!("timm's `{name}` {why}; only `{name}Rel` says how far")));
        }
        let names = self.names();
        // The copies of DeepVoltaire's class write names in several ways.
        let is_same = |known: &str| match self {
            Framework::DeepVoltaire => known.eq_ignore_ascii_case(name),
            _ => known == name,
        };
        let found = names.iter().find(|(known, ..)| is_same(known));
        let (_, op, conventions) =
            found.ok_or_else(|| Error::unknown("operation", name, names.iter().map(|(known, ..)| known.as_str())))?;
        Ok(Name { op: *op, conventions })
    }

    /// All names of the framework.
    fn names(self) -> Vec<(String, OpKind, &'static [Convention])> {
        let learned = |extra: &[OpKind], spelling: fn(&str) -> String| {
            let [everywhere @ .., _cutout] = &OpKind::PAPER;
            let all = everywhere.iter().chain(extra);
            all.map(|op| (spelling(op.name()), *op, self.conventions())).collect()
        };
        let plain: fn(&str) -> String = str::to_string;
        match self {
            Framework::Torchvision => learned(&[OpKind::Identity], plain),
            Framework::FastAutoAugment => learned(&[OpKind::Cutout], plain),
            Framework::DeepVoltaire => learned(&[], deep_voltaire),
            Framework::Kornia => learned(&[], snake),
            Framework::Dali => learned(&[OpKind::Identity, OpKind::SolarizeAdd], snake),
            Framework::Timm => TIMM_NAMES.iter().map(|(name, op, in_)| (name.to_string(), *op, *in_)).collect(),
        }
    }
}

/// `auto_contrast` for `AutoContrast`.
fn snake(name: &str) -> String {
    let mut made = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !made.is_empty() {
            made.push('_');
        }
        made.push(letter.to_ascii_lowercase());
    }
    made
}

/// `autocontrast` for `AutoContrast`, and `shearX` for `ShearX`.
fn deep_voltaire(name: &str) -> String {
    match name.strip_suffix(['X', 'Y']) {
        Some(before) => format!("{}{}", before.to_lowercase(), &name[before.len()..]),
        None => name.to_lowercase(),
    }
}
