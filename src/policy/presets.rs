//! The learned policies, as tables.
//!
//! ImageNet, CIFAR-10 and SVHN are the AutoAugment paper's. DeepVoltaire/AutoAugment, torchvision and kornia agree on
//! them. v0 is the list of TensorFlow's TPU EfficientNet, which timm calls `v0` and DALI `image_net`. It is not in the
//! paper.

use super::{Policy, Step, SubPolicy};
use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::ops::OpKind;
use crate::ops::OpKind::*;

/// Two steps: operation, probability, magnitude.
pub(super) type Pair<M> = [(OpKind, f64, M); 2];

/// Name, one line of help, and the policy.
type Preset = (&'static str, &'static str, fn() -> Policy);

const PRESETS: [Preset; 8] = [
    ("imagenet", "learned on ImageNet: colors and rotations", Policy::imagenet),
    ("cifar10", "learned on CIFAR-10", Policy::cifar10),
    ("svhn", "learned on Street View House Numbers: shears and inversions", Policy::svhn),
    ("v0", "of TensorFlow's EfficientNet, in the tensorflow convention", Policy::v0),
    ("fast-imagenet", "found by Fast AutoAugment on ImageNet: 498 sub-policies", Policy::fast_imagenet),
    ("fast-cifar10", "found by Fast AutoAugment on CIFAR-10: 493 sub-policies", Policy::fast_cifar10),
    ("fast-svhn", "found by Fast AutoAugment on SVHN: 497 sub-policies", Policy::fast_svhn),
    (
        "fashion-mnist-found",
        "found by `autoaugment search` on Fashion-MNIST: 25 sub-policies",
        Policy::fashion_mnist_found,
    ),
];

impl Policy {
    /// The policy learned on ImageNet: colors and rotations. Sub-policies 21 to 25 repeat earlier ones.
    pub fn imagenet() -> Self {
        Policy::of(Convention::Torchvision, &IMAGENET)
    }

    /// The policy learned on CIFAR-10.
    pub fn cifar10() -> Self {
        Policy::of(Convention::Torchvision, &CIFAR10)
    }

    /// The policy learned on Street View House Numbers: shears and inversions.
    pub fn svhn() -> Self {
        Policy::of(Convention::Torchvision, &SVHN)
    }

    /// TensorFlow's EfficientNet policy, in the tensorflow convention.
    pub fn v0() -> Self {
        Policy::of(Convention::TensorFlow, &V0)
    }

    /// The names that [`Policy::preset`] knows.
    pub fn preset_names() -> impl Iterator<Item = &'static str> {
        PRESETS.iter().map(|(name, ..)| *name)
    }

    /// The same names with one line of help each.
    pub(crate) fn presets() -> impl Iterator<Item = (&'static str, &'static str)> {
        PRESETS.iter().map(|(name, summary, ..)| (*name, *summary))
    }

    /// A policy by its name, `imagenet`, `fast-svhn`, ...; `-` and `_` and case do not matter.
    ///
    /// # Errors
    /// [`Error::Unknown`] with the closest name.
    pub fn preset(name: &str) -> Result<Self> {
        let plain = |name: &str| name.to_lowercase().replace(['-', '_'], "");
        let found = PRESETS.iter().find(|(known, ..)| plain(known) == plain(name));
        let (_, _, policy) = found.ok_or_else(|| Error::unknown("policy", name, Policy::preset_names()))?;
        Ok(policy())
    }

    pub(super) fn of<M: Copy + Into<f64>>(convention: Convention, pairs: &[Pair<M>]) -> Self {
        let step =
            |&(op, probability, magnitude): &(OpKind, f64, M)| Step { op, probability, magnitude: magnitude.into() };
        let sub_policies = pairs.iter().map(|pair| SubPolicy { steps: pair.iter().map(step).collect() }).collect();
        Policy { convention, sub_policies }
    }
}

#[rustfmt::skip]
const IMAGENET: [Pair<u8>; 25] = [
    [(Posterize, 0.4, 8), (Rotate, 0.6, 9)],
    [(Solarize, 0.6, 5), (AutoContrast, 0.6, 5)],
    [(Equalize, 0.8, 8), (Equalize, 0.6, 3)],
    [(Posterize, 0.6, 7), (Posterize, 0.6, 6)],
    [(Equalize, 0.4, 7), (Solarize, 0.2, 4)],
    [(Equalize, 0.4, 4), (Rotate, 0.8, 8)],
    [(Solarize, 0.6, 3), (Equalize, 0.6, 7)],
    [(Posterize, 0.8, 5), (Equalize, 1.0, 2)],
    [(Rotate, 0.2, 3), (Solarize, 0.6, 8)],
    [(Equalize, 0.6, 8), (Posterize, 0.4, 6)],
    [(Rotate, 0.8, 8), (Color, 0.4, 0)],
    [(Rotate, 0.4, 9), (Equalize, 0.6, 2)],
    [(Equalize, 0.0, 7), (Equalize, 0.8, 8)],
    [(Invert, 0.6, 4), (Equalize, 1.0, 8)],
    [(Color, 0.6, 4), (Contrast, 1.0, 8)],
    [(Rotate, 0.8, 8), (Color, 1.0, 2)],
    [(Color, 0.8, 8), (Solarize, 0.8, 7)],
    [(Sharpness, 0.4, 7), (Invert, 0.6, 8)],
    [(ShearX, 0.6, 5), (Equalize, 1.0, 9)],
    [(Color, 0.4, 0), (Equalize, 0.6, 3)],
    [(Equalize, 0.4, 7), (Solarize, 0.2, 4)],
    [(Solarize, 0.6, 5), (AutoContrast, 0.6, 5)],
    [(Invert, 0.6, 4), (Equalize, 1.0, 8)],
    [(Color, 0.6, 4), (Contrast, 1.0, 8)],
    [(Equalize, 0.8, 8), (Equalize, 0.6, 3)],
];

#[rustfmt::skip]
const CIFAR10: [Pair<u8>; 25] = [
    [(Invert, 0.1, 7), (Contrast, 0.2, 6)],
    [(Rotate, 0.7, 2), (TranslateX, 0.3, 9)],
    [(Sharpness, 0.8, 1), (Sharpness, 0.9, 3)],
    [(ShearY, 0.5, 8), (TranslateY, 0.7, 9)],
    [(AutoContrast, 0.5, 8), (Equalize, 0.9, 2)],
    [(ShearY, 0.2, 7), (Posterize, 0.3, 7)],
    [(Color, 0.4, 3), (Brightness, 0.6, 7)],
    [(Sharpness, 0.3, 9), (Brightness, 0.7, 9)],
    [(Equalize, 0.6, 5), (Equalize, 0.5, 1)],
    [(Contrast, 0.6, 7), (Sharpness, 0.6, 5)],
    [(Color, 0.7, 7), (TranslateX, 0.5, 8)],
    [(Equalize, 0.3, 7), (AutoContrast, 0.4, 8)],
    [(TranslateY, 0.4, 3), (Sharpness, 0.2, 6)],
    [(Brightness, 0.9, 6), (Color, 0.2, 8)],
    [(Solarize, 0.5, 2), (Invert, 0.0, 3)],
    [(Equalize, 0.2, 0), (AutoContrast, 0.6, 0)],
    [(Equalize, 0.2, 8), (Equalize, 0.6, 4)],
    [(Color, 0.9, 9), (Equalize, 0.6, 6)],
    [(AutoContrast, 0.8, 4), (Solarize, 0.2, 8)],
    [(Brightness, 0.1, 3), (Color, 0.7, 0)],
    [(Solarize, 0.4, 5), (AutoContrast, 0.9, 3)],
    [(TranslateY, 0.9, 9), (TranslateY, 0.7, 9)],
    [(AutoContrast, 0.9, 2), (Solarize, 0.8, 3)],
    [(Equalize, 0.8, 8), (Invert, 0.1, 3)],
    [(TranslateY, 0.7, 9), (AutoContrast, 0.9, 1)],
];

#[rustfmt::skip]
const SVHN: [Pair<u8>; 25] = [
    [(ShearX, 0.9, 4), (Invert, 0.2, 3)],
    [(ShearY, 0.9, 8), (Invert, 0.7, 5)],
    [(Equalize, 0.6, 5), (Solarize, 0.6, 6)],
    [(Invert, 0.9, 3), (Equalize, 0.6, 3)],
    [(Equalize, 0.6, 1), (Rotate, 0.9, 3)],
    [(ShearX, 0.9, 4), (AutoContrast, 0.8, 3)],
    [(ShearY, 0.9, 8), (Invert, 0.4, 5)],
    [(ShearY, 0.9, 5), (Solarize, 0.2, 6)],
    [(Invert, 0.9, 6), (AutoContrast, 0.8, 1)],
    [(Equalize, 0.6, 3), (Rotate, 0.9, 3)],
    [(ShearX, 0.9, 4), (Solarize, 0.3, 3)],
    [(ShearY, 0.8, 8), (Invert, 0.7, 4)],
    [(Equalize, 0.9, 5), (TranslateY, 0.6, 6)],
    [(Invert, 0.9, 4), (Equalize, 0.6, 7)],
    [(Contrast, 0.3, 3), (Rotate, 0.8, 4)],
    [(Invert, 0.8, 5), (TranslateY, 0.0, 2)],
    [(ShearY, 0.7, 6), (Solarize, 0.4, 8)],
    [(Invert, 0.6, 4), (Rotate, 0.8, 4)],
    [(ShearY, 0.3, 7), (TranslateX, 0.9, 3)],
    [(ShearX, 0.1, 6), (Invert, 0.6, 5)],
    [(Solarize, 0.7, 2), (TranslateY, 0.6, 7)],
    [(ShearY, 0.8, 4), (Invert, 0.8, 8)],
    [(ShearX, 0.7, 9), (TranslateY, 0.8, 3)],
    [(ShearY, 0.8, 5), (AutoContrast, 0.7, 3)],
    [(ShearX, 0.7, 2), (Invert, 0.1, 5)],
];

#[rustfmt::skip]
const V0: [Pair<u8>; 25] = [
    [(Equalize, 0.8, 1), (ShearY, 0.8, 4)],
    [(Color, 0.4, 9), (Equalize, 0.6, 3)],
    [(Color, 0.4, 1), (Rotate, 0.6, 8)],
    [(Solarize, 0.8, 3), (Equalize, 0.4, 7)],
    [(Solarize, 0.4, 2), (Solarize, 0.6, 2)],
    [(Color, 0.2, 0), (Equalize, 0.8, 8)],
    [(Equalize, 0.4, 8), (SolarizeAdd, 0.8, 3)],
    [(ShearX, 0.2, 9), (Rotate, 0.6, 8)],
    [(Color, 0.6, 1), (Equalize, 1.0, 2)],
    [(Invert, 0.4, 9), (Rotate, 0.6, 0)],
    [(Equalize, 1.0, 9), (ShearY, 0.6, 3)],
    [(Color, 0.4, 7), (Equalize, 0.6, 0)],
    [(Posterize, 0.4, 6), (AutoContrast, 0.4, 7)],
    [(Solarize, 0.6, 8), (Color, 0.6, 9)],
    [(Solarize, 0.2, 4), (Rotate, 0.8, 9)],
    [(Rotate, 1.0, 7), (TranslateY, 0.8, 9)],
    [(ShearX, 0.0, 0), (Solarize, 0.8, 4)],
    [(ShearY, 0.8, 0), (Color, 0.6, 4)],
    [(Color, 1.0, 0), (Rotate, 0.6, 2)],
    [(Equalize, 0.8, 4), (Equalize, 0.0, 8)],
    [(Equalize, 1.0, 4), (AutoContrast, 0.6, 2)],
    [(ShearY, 0.4, 7), (SolarizeAdd, 0.6, 7)],
    [(Posterize, 0.8, 2), (Solarize, 0.6, 10)],
    [(Solarize, 0.6, 8), (Equalize, 0.6, 1)],
    [(Color, 0.8, 6), (Rotate, 0.4, 5)],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_valid_and_found_by_name() {
        for (name, ..) in PRESETS {
            let policy = Policy::preset(name).unwrap();
            policy.check().unwrap();
            let count = [("fast-imagenet", 498), ("fast-cifar10", 493), ("fast-svhn", 497)];
            let count = count.into_iter().find(|(fast, _)| *fast == name).map_or(25, |(_, count)| count);
            assert_eq!(policy.sub_policies.len(), count);
        }
        assert_eq!(Policy::preset("Fast_CIFAR-10").unwrap(), Policy::fast_cifar10());
        assert_eq!(Policy::preset("CIFAR-10").unwrap(), Policy::cifar10());
        assert_eq!(
            Policy::preset("imagnet").unwrap_err().to_string(),
            "unknown policy `imagnet`; did you mean `imagenet`?"
        );
    }
}
