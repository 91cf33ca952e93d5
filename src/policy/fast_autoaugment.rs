//! The policies that Fast AutoAugment found, as tables.
//!
//! The paper is Lim et al., arXiv 1905.00397. The lists are those of the repository kakaobrain/fast-autoaugment (MIT,
//! see `fast_autoaugment/LICENSE`). Within a list, all sub-policies are different. Levels are those of
//! [`Convention::FastAutoAugment`].

use super::Policy;
use super::presets::Pair;
use crate::convention::Convention;
use crate::ops::OpKind::*;

static CIFAR10: [Pair<f64>; 493] = include!("fast_autoaugment/cifar10.in");
static IMAGENET: [Pair<f64>; 498] = include!("fast_autoaugment/imagenet.in");
static SVHN: [Pair<f64>; 497] = include!("fast_autoaugment/svhn.in");

impl Policy {
    /// The 493 sub-policies found on part of CIFAR-10, `fa_reduced_cifar10`.
    pub fn fast_cifar10() -> Self {
        Policy::of(Convention::FastAutoAugment, &CIFAR10)
    }

    /// The 498 sub-policies found on part of ImageNet with ResNet-50, `fa_resnet50_rimagenet`.
    pub fn fast_imagenet() -> Self {
        Policy::of(Convention::FastAutoAugment, &IMAGENET)
    }

    /// The 497 sub-policies found on part of SVHN, `fa_reduced_svhn`.
    pub fn fast_svhn() -> Self {
        Policy::of(Convention::FastAutoAugment, &SVHN)
    }
}
