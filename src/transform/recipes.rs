//! Recipes: the usual transforms, by name.

use super::{RandomCrop, RandomErasing, RandomResizedCrop, ResizeStage, Transform};
use crate::output::Normalize;
use crate::schemes::Scheme;
use crate::text::{serde_as_text, text_is_name};

/// A data set's usual transforms and normalization.
///
/// ```
/// use autoaugment::{Policy, Transform, transform::Recipe};
/// let recipe: Recipe = "imagenet".parse()?;
/// let training = Transform::from(recipe.training().policy(Policy::imagenet()));
/// let evaluation = recipe.evaluation();
/// assert_eq!((training.stages.len(), evaluation.stages.len()), (3, 2));
/// # Ok::<(), autoaugment::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Recipe {
    /// 224 x 224. Training: RandomResizedCrop, horizontal flip, policy. Evaluation: the shorter side to 256, the
    /// center. As in torchvision's reference training.
    ImageNet,
    /// 32 x 32. Training: RandomCrop of the image padded by 4 gray pixels, horizontal flip, policy, Cutout of 16.
    /// Evaluation: no change. As in the repository DeepVoltaire/AutoAugment.
    Cifar,
}

/// A recipe's transform for training, which may get a policy. It converts into a [`Transform`]; an
/// [`Augmenter`](crate::Augmenter) and a [`Sampler`](crate::Sampler) take it as it is.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Training {
    recipe: Recipe,
    policy: Option<Scheme>,
    erasing: bool,
}

impl Training {
    /// Adds a policy or another scheme, at the place that the recipe has for it.
    pub fn policy(self, policy: impl Into<Scheme>) -> Self {
        Training { policy: Some(policy.into()), ..self }
    }

    /// Erases a rectangle from a quarter of the images, instead of a square from all of them, as timm and DeiT do.
    pub fn erasing(self) -> Self {
        Training { erasing: true, ..self }
    }
}

impl From<Training> for Transform {
    fn from(Training { recipe, policy, erasing }: Training) -> Self {
        let before = match recipe {
            Recipe::ImageNet => Transform::new().random_resized_crop(RandomResizedCrop::to(224, 224)),
            Recipe::Cifar => {
                Transform::new().random_crop(RandomCrop { fill: [128; 3], ..RandomCrop::padded(32, 32, 4) })
            }
        };
        let mut transform = before.random_horizontal_flip(0.5);
        if let Some(policy) = policy {
            transform = transform.policy(policy);
        }
        match recipe {
            _ if erasing => transform.random_erasing(RandomErasing { probability: 0.25, ..RandomErasing::default() }),
            Recipe::ImageNet => transform,
            Recipe::Cifar => transform.cutout(16),
        }
    }
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

    /// The transform for training, without a policy. [`Training::policy`] adds one.
    pub fn training(self) -> Training {
        Training { recipe: self, policy: None, erasing: false }
    }

    /// The transform for evaluation.
    pub fn evaluation(self) -> Transform {
        match self {
            Recipe::ImageNet => Transform::new().resize(ResizeStage::shorter_side(256)).center_crop(224, 224),
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

text_is_name!("recipe": Recipe);
serde_as_text!(Recipe);
