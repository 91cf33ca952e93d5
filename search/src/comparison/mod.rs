//! Comparison: policies as the arms of an experiment, each trained anew with the same seeds.
//!
//! A search says how good its policies are on images that it chose them by. Here networks are trained anew, by other
//! seeds, and tested on images that no search saw. Seeds give all arms the same start and order, so arms are compared
//! seed by seed.

mod controls;
mod statistics;

use std::sync::Arc;

use autoaugment::Transform;
use serde::{Deserialize, Serialize};

pub use controls::controls;
pub use statistics::{Difference, Spread};

use crate::child::Child;
use crate::error::Result;
use crate::side_by_side::side_by_side;

/// One of the policies that are compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    /// Its name in tables.
    pub name: String,
    /// Its stages; none for training without augmentation.
    pub transform: Transform,
}

impl Arm {
    /// A named policy, or another transform.
    pub fn new(name: impl Into<String>, transform: impl Into<Transform>) -> Self {
        Arm { name: name.into(), transform: transform.into() }
    }
}

/// What a network said that was trained with an arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retraining {
    /// The arm's name.
    pub arm: String,
    /// The seed.
    pub seed: u64,
    /// The part of the images that it gets right, 0 to 1.
    pub accuracy: f64,
    /// The mean loss, in nats.
    pub loss: f64,
}

/// Makes the child of a seed: the same for all, or one whose images the seed draws.
pub type ChildOf<'a> = dyn Fn(u64) -> Result<Arc<dyn Child>> + Sync + 'a;

/// What all networks said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// In any order, each arm and seed once.
    pub retrainings: Vec<Retraining>,
}

impl Comparison {
    /// Trains each arm with each seed, unless that is known already. All arms of a seed come before the next seed.
    /// Hands each result to `report`.
    ///
    /// # Errors
    /// The first one of a child or of `report`.
    pub fn retrain(
        &mut self,
        arms: &[Arm],
        seeds: impl IntoIterator<Item = u64>,
        child: &ChildOf<'_>,
        workers: usize,
        mut report: impl FnMut(&Retraining) -> Result<()>,
    ) -> Result<()> {
        let is_known =
            |arm: &Arm, seed: u64| self.retrainings.iter().any(|known| known.arm == arm.name && known.seed == seed);
        let all = seeds.into_iter().flat_map(|seed| arms.iter().map(move |arm| (arm, seed)));
        let missing: Vec<(&Arm, u64)> = all.filter(|(arm, seed)| !is_known(arm, *seed)).collect();
        let train = |(arm, seed): &(&Arm, u64)| child(*seed)?.train(&arm.transform, *seed);
        side_by_side(
            &missing,
            workers,
            || false,
            train,
            |(arm, seed), score| {
                let score = score?;
                let retraining =
                    Retraining { arm: arm.name.clone(), seed: *seed, accuracy: score.accuracy, loss: score.loss };
                report(&retraining)?;
                self.retrainings.push(retraining);
                Ok(())
            },
        )
    }
}
