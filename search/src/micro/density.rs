//! Density: how many images networks still recognize that were trained without a policy.
//!
//! The score is that of Fast AutoAugment (arXiv 1905.00397), as its code has it: the part of held-out images that a
//! network gets right in at least one of five augmented passes. It favors policies that vary images and keep their
//! classes. A policy costs some passes and no training. The score is a filter of random policies. As an aim of a search
//! it finds the mildest ones.

use autoaugment::Transform;

use super::network::Network;
use super::{LANES, Micro, MicroChild};
use crate::augmented::Augmented;
use crate::data::Images;
use crate::error::Result;

/// Passes of each image.
const PASSES: u64 = 5;

/// Networks that were trained without a policy.
pub struct Density {
    child: MicroChild,
    networks: Vec<Network>,
}

impl Density {
    /// Networks. Together with [`Density::IMAGES`], a policy takes a third of a child's time.
    pub const NETWORKS: u64 = 3;
    /// Images that they judge.
    pub const IMAGES: usize = 1024;

    /// Trains so many networks, and keeps the images that they judge.
    ///
    /// # Errors
    /// Those of [`MicroChild::new`].
    pub fn new(settings: Micro, training: Images, held_out: Images, networks: u64, seed: u64) -> Result<Self> {
        let child = MicroChild::new(Micro { warm_epochs: 0, ..settings }, training, held_out, seed)?;
        let train = |number| {
            let seed = seed.wrapping_add(number);
            Ok(child.threads.alone(|| child.trained(&Transform::new(), settings.epochs, seed))??.0)
        };
        let networks = (0..networks).map(train).collect::<Result<_>>()?;
        Ok(Density { child, networks })
    }

    /// The part of images and networks with at least one right pass, 0 to 1. `seed` gives the draws.
    ///
    /// # Errors
    /// Those of the transform.
    pub fn score(&self, transform: &Transform, seed: u64) -> Result<f64> {
        self.child.threads.alone(|| self.part(transform, seed))?
    }

    fn part(&self, transform: &Transform, seed: u64) -> Result<f64> {
        let images = &self.child.validation;
        let labels = &images.labels;
        let mut augmented = Augmented::new(images, &self.child.executor, transform.clone(), seed)?;
        let mut networks = self.networks.clone();
        let mut right = vec![false; labels.len() * networks.len()];
        for pass in 0..PASSES {
            let bytes = augmented.epoch(pass)?;
            for (network, right) in networks.iter_mut().zip(right.chunks_exact_mut(labels.len())) {
                for (block, right) in right.chunks_mut(LANES).enumerate() {
                    // Lanes behind the end repeat an image.
                    let image = |lane: usize| block * LANES + lane.min(right.len() - 1);
                    network.load(bytes, image, &self.child.form);
                    let lanes = network.right(|lane| labels[image(lane)] as usize);
                    right.iter_mut().zip(lanes).for_each(|(right, lane)| *right |= lane);
                }
            }
        }
        Ok(right.iter().filter(|right| **right).count() as f64 / right.len() as f64)
    }
}
