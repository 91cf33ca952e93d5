//! Transforms: what is done to images and batches, the same with every policy but for the policy.

use std::path::Path;

use anyhow::{Context, Result};
use autoaugment::mixing::{CutMix, MixUp, Mixer, Mixing};
use autoaugment::transform::{RandomCrop, RandomResizedCrop, ResizeStage};
use autoaugment::{Size, Transform};
use clap::{Args, ValueEnum};

/// What comes before the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Base {
    /// Nothing; all images must have one size.
    None,
    /// A random part of the image padded by 2 pixels, and half of them mirrored; all images must have one size.
    Crop,
    /// A random part at `--size`, and half of them mirrored; tested on the middle at `--size`. For images of any sizes.
    Imagenet,
}

/// The transforms, as far as they do not depend on the policy.
#[derive(Args, Clone, Debug)]
pub struct Transforms {
    /// What is done to training images before the policy, whichever it is
    #[arg(long, value_enum, default_value_t = Base::None)]
    base: Base,
    /// Width and height of the images that the base `imagenet` makes
    #[arg(long, default_value_t = 224)]
    size: usize,
    /// Mixes batches by MixUp with this alpha; with `--cutmix` too, each batch by one of the two
    #[arg(long)]
    mixup: Option<f64>,
    /// Mixes batches by CutMix with this alpha
    #[arg(long)]
    cutmix: Option<f64>,
}

impl Transforms {
    /// What training images of this size go through.
    pub fn training(&self, Size { width, height }: Size, policy: Transform) -> Transform {
        let mut base = match self.base {
            Base::None => Transform::new(),
            Base::Crop => {
                Transform::new().random_crop(RandomCrop::padded(width, height, 2)).random_horizontal_flip(0.5)
            }
            Base::Imagenet => {
                let crop = RandomResizedCrop::to(self.size, self.size);
                Transform::new().random_resized_crop(crop).random_horizontal_flip(0.5)
            }
        };
        base.stages.extend(policy.stages);
        base
    }

    /// What mixes training batches, if something does.
    pub fn mixer(&self, classes: usize) -> Result<Option<Mixer>> {
        let mixup = self.mixup.map(|alpha| Mixing::from(MixUp { alpha, ..MixUp::default() }));
        let cutmix = self.cutmix.map(|alpha| Mixing::from(CutMix { alpha, ..CutMix::default() }));
        let ways: Vec<Mixing> = mixup.into_iter().chain(cutmix).collect();
        Ok(if ways.is_empty() { None } else { Some(Mixer::new(ways, classes)?) })
    }

    /// What test images go through.
    pub fn evaluation(&self) -> Transform {
        match self.base {
            Base::None | Base::Crop => Transform::new(),
            // 256 for 224, as usual.
            Base::Imagenet => {
                Transform::new().resize(ResizeStage::shorter_side(self.size * 8 / 7)).center_crop(self.size, self.size)
            }
        }
    }
}

/// `none`, a policy or scheme by name, or a file of text or JSON.
pub fn policy(name: &str) -> Result<Transform> {
    let text = if Path::new(name).is_file() { std::fs::read_to_string(name)? } else { name.to_string() };
    text.parse().with_context(|| name.to_string())
}
