//! Recipes: the usual transforms, by name.

use std::str::FromStr;

use super::{RandomCrop, RandomErasing, RandomResizedCrop, Resize, Transform};
use crate::error::{Error, Result};
use crate::output::Normalize;
use crate::schemes::Scheme;

/// A data set's usual transforms and normalization.
///
/// ```
/// use autoaugment::{Policy, transform::Recipe};
/// let recipe: Recipe = "imagenet".parse()?;
/// let training = recipe.training(Some(Policy::imagenet()));
/// let evaluation = recipe.evaluation();
/// assert_eq!((training.stages.len(), evaluation.stages.len()), (3, 2));
/// # Ok::<(), autoaugment::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Recipe {
    /// 224 x 224. Training: RandomResizedCrop, horizontal flip, policy. Evaluation: the shorter side to 256, the
    /// center. As in torchvision's reference training.
    ImageNet,
    /// 32 x 32. Training: RandomCrop of the image padded by 4 gray pixels, horizontal flip, policy, Cutout of 16.
    /// Evaluation: no change. As in the repository DeepVoltaire/AutoAugment.
    Cifar,
}

impl Recipe {
    /// Both.
    pub const ALL: [Recipe; 2] = [Recipe::ImageNet, Recipe::Cifar];

    /// The name: `imagenet` or `cifar`.
    pub const fn name(self) -> &'static str {
        match self {
            Recipe::ImageNet => "imagenet",
            Recipe::Cifar => "cifar",
        }
    }

    /// The transform for training. Without a policy or another scheme, all the other stages.
    pub fn training(self, policy: Option<impl Into<Scheme>>) -> Transform {
        let with_policy = |transform: Transform| match policy {
            Some(policy) => transform.policy(policy),
            None => transform,
        };
        match self {
            Recipe::ImageNet => {
                let crop = RandomResizedCrop::to(224, 224);
                with_policy(Transform::new().random_resized_crop(crop).random_horizontal_flip(0.5))
            }
            Recipe::Cifar => {
                let crop = RandomCrop { fill: [128; 3], ..RandomCrop::padded(32, 32, 4) };
                with_policy(Transform::new().random_crop(crop).random_horizontal_flip(0.5)).cutout(16)
            }
        }
    }

    /// The same, with a rectangle erased from a quarter of the images instead of a square from all, as in timm and
    /// DeiT.
    pub fn training_with_erasing(self, policy: Option<impl Into<Scheme>>) -> Transform {
        let mut transform = self.training(policy);
        transform.stages.retain(|stage| !matches!(stage, super::Stage::Cutout(_)));
        transform.random_erasing(RandomErasing { probability: 0.25, ..RandomErasing::default() })
    }

    /// The transform for evaluation.
    pub fn evaluation(self) -> Transform {
        match self {
            Recipe::ImageNet => Transform::new().resize(Resize::shorter_side(256)).center_crop(224, 224),
            Recipe::Cifar => Transform::new(),
        }
    }

    /// The data set's mean and deviation.
    pub const fn normalize(self) -> Normalize {
        match self {
            Recipe::ImageNet => Normalize::IMAGENET,
            Recipe::Cifar => Normalize::CIFAR10,
        }
    }
}

impl FromStr for Recipe {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Recipe::ALL.into_iter().find(|r| r.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| Error::unknown("recipe", name, Recipe::ALL.map(Recipe::name)))
    }
}
