//! Schemes: the methods that draw an image's operations, by a learned policy or without one.
//!
//! Each is one line of [`Scheme`] here, with the forms of its text, and one file.
//!
//! All of them draw for each image by itself, from streams of their own. The drawn operations are ready to run, in a
//! [`Plan`](crate::Plan) like any other.

mod instantiate;
mod policy;
mod text;
mod timm_noise;
mod timm_set;
mod timm_text;

pub use timm_auto_augment::TimmList;
pub use timm_set::TimmSet;

use std::fmt;

use crate::convention::Convention;
use crate::draw::Context;
use crate::error::{Error, Result};
use crate::ops::{Op, OpKind};
use crate::policy::Policy;

/// The code of a stage: its checks, its possible operations and its draw.
pub(crate) trait Draws {
    /// Refuses parameters outside their range.
    fn check(&self) -> Result<()>;

    /// Every operation that it can draw.
    fn operations(&self) -> Vec<OpKind>;

    /// Draws, and appends the operations to `ops`. Returns the position of the sub-policy if there is one.
    fn draw(&self, context: &Context<'_>, ops: &mut Vec<Op>) -> Result<Option<usize>>;
}

/// The operations of torchvision's RandAugment and TrivialAugmentWide.
const TORCHVISION: [OpKind; 14] = [
    OpKind::Identity,
    OpKind::ShearX,
    OpKind::ShearY,
    OpKind::TranslateX,
    OpKind::TranslateY,
    OpKind::Rotate,
    OpKind::Brightness,
    OpKind::Color,
    OpKind::Contrast,
    OpKind::Sharpness,
    OpKind::Posterize,
    OpKind::Solarize,
    OpKind::AutoContrast,
    OpKind::Equalize,
];

macro_rules! schemes {
    ($(
        $(#[$doc:meta])*
        $module:ident => $Name:ident, in |$scheme:pat_param| $convention:expr;
        $($form:literal: $help:literal,)+
    )*) => {
        $(mod $module; pub use $module::$Name;)*

        /// A learned policy, or another method to draw an image's operations.
        ///
        /// ```
        /// use autoaugment::{Policy, Sampler, Scheme, Shape, schemes::RandAugment};
        /// let scheme: Scheme = "randaugment(n=2, m=9)".parse()?;
        /// assert_eq!(scheme, RandAugment::default().n(2).m(9).into());
        /// assert_eq!("imagenet".parse::<Scheme>()?, Policy::imagenet().into());
        /// let shape = Shape { images: 2, height: 32, width: 32, channels: 3 };
        /// let plan = Sampler::new("rand-m9-mstd0.5-inc1".parse::<Scheme>()?, 42)?.plan(shape, 0, &[0, 1])?;
        /// println!("{plan}");
        /// # Ok::<(), autoaugment::Error>(())
        /// ```
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Scheme {
            /// One of a learned policy's sub-policies.
            Policy(Policy),
            $($(#[$doc])* $Name($Name),)*
        }

        impl From<Policy> for Scheme { fn from(policy: Policy) -> Self { Scheme::Policy(policy) } }
        $(impl From<$Name> for Scheme { fn from(scheme: $Name) -> Self { Scheme::$Name(scheme) } })*

        impl Scheme {
            /// The convention of its magnitudes.
            pub fn convention(&self) -> Convention {
                match self {
                    Scheme::Policy(policy) => policy.convention,
                    $(Scheme::$Name($scheme) => $convention,)*
                }
            }

            /// Every form of a scheme's text, each with one line of help. Learned policies come first, by name.
            pub fn forms() -> impl Iterator<Item = (&'static str, &'static str)> {
                Policy::presets().chain([$($(($form, $help),)+)*])
            }

            fn draws(&self) -> &dyn Draws {
                match self { Scheme::Policy(policy) => policy, $(Scheme::$Name(scheme) => scheme,)* }
            }
        }

        impl fmt::Display for Scheme {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { Scheme::Policy(policy) => policy.fmt(f), $(Scheme::$Name(scheme) => scheme.fmt(f),)* }
            }
        }
    };
}

// The file and the type of each, the convention of its magnitudes, and the forms of its text with one line of help.
schemes! {
    /// Some operations at one magnitude.
    rand_augment => RandAugment, in |_| rand_augment::CONVENTION;
        "randaugment(n=2, m=9)": "torchvision's RandAugment: n operations at magnitude m of 0..=30",
    /// One operation at any magnitude.
    trivial_augment => TrivialAugment, in |_| trivial_augment::CONVENTION;
        "trivialaugment": "torchvision's TrivialAugmentWide: one operation at any magnitude",
    /// Some operations at any magnitude, each with any probability.
    uniform_augment => UniformAugment, in |_| uniform_augment::CONVENTION;
        "uniformaugment(n=2)": "UniformAugment: n operations at any magnitude, each with any probability",
    /// Several chains side by side, mixed with the image.
    aug_mix => TorchvisionAugMix, in |_| aug_mix::CONVENTION;
        "augmix(severity=3, width=3)":
            "torchvision's AugMix: chains side by side, mixed with the image; depth, alpha, all_ops",
    /// timm's RandAugment, by timm's configuration string.
    timm_rand_augment => TimmRandAugment, in |scheme| scheme.convention();
        "rand-m9-mstd0.5-inc1":
            "timm's RandAugment, by its configuration string: m, n, p, mstd, mmax, inc, tweights, t3a, t3aw",
    /// timm's AugMix, by timm's configuration string.
    timm_aug_mix => TimmAugMix, in |_| timm_aug_mix::CONVENTION;
        "augmix-m5-w4-d2":
            "timm's AugMix, by its configuration string: m, w, d, mstd, a, b; augmix alone is torchvision's, \
             augmix-m3 timm's",
    /// timm's learned policies, with or without noise on their magnitudes, by timm's configuration string.
    timm_auto_augment => TimmAutoAugment, in |scheme| scheme.policy().convention;
        "original-mstd0.5": "timm's AutoAugment: the ImageNet policy, posterized to 4 to 8 bits",
        "originalr-mstd0.5": "timm's AutoAugment: the ImageNet policy, posterized the more the larger the magnitude",
        "v0-mstd0.5": "timm's AutoAugment: the policy v0; v0 alone is TensorFlow's, v0-mstd0 timm's without noise",
        "v0r-mstd0.5": "timm's AutoAugment: the policy v0, posterized the more the larger the magnitude",
        "3a": "timm's AutoAugment: solarized, gray or blurred, one of the three",
}

impl Scheme {
    /// Every operation that it can draw, once, in the order of [`OpKind::ALL`]. AugMix comes last, if it mixes them.
    pub fn operations(&self) -> Vec<OpKind> {
        let mut operations = self.draws().operations();
        operations.sort();
        operations.dedup();
        operations
    }
}

impl Draws for Scheme {
    fn check(&self) -> Result<()> {
        self.draws().check()
    }

    fn operations(&self) -> Vec<OpKind> {
        self.draws().operations()
    }

    fn draw(&self, context: &Context<'_>, ops: &mut Vec<Op>) -> Result<Option<usize>> {
        self.draws().draw(context, ops)
    }
}

/// Refuses a number of operations that is 0 or far too large.
fn check_count(scheme: &'static str, n: usize) -> Result<()> {
    let rule = "is outside 1..=100";
    if (1..=100).contains(&n) {
        return Ok(());
    }
    Err(Error::Parameter { op: scheme, parameter: "n", value: n as f64, rule })
}
