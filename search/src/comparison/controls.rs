//! Controls: what a found policy must beat, and costs no search.

use autoaugment::policy::SearchSpace;
use autoaugment::schemes::TrivialAugment;
use autoaugment::{Policy, Scheme, Transform};

use super::Arm;
use crate::error::Result;

/// Draws of random sub-policies, since one may be lucky.
const DRAWS: u64 = 3;

/// No policy, some draws of 25 random sub-policies of the space, TrivialAugment, and the paper's policies. `seed` gives
/// the draws.
///
/// # Errors
/// Those of policies of the space.
pub fn controls(space: &SearchSpace, seed: u64) -> Result<Vec<Arm>> {
    let mut arms = vec![Arm::new("none", Transform::new())];
    let policies = 25usize.div_ceil(space.sub_policies()) as u64;
    for draw in 0..DRAWS {
        let numbers = draw * policies..(draw + 1) * policies;
        let random: Vec<Policy> =
            numbers.map(|number| space.policy(&space.random(seed, number))).collect::<Result<_, _>>()?;
        arms.push(Arm::new(format!("random 25, draw {draw}"), Policy::concat(&random)?));
    }
    arms.push(Arm::new("trivialaugment", Scheme::from(TrivialAugment::default())));
    for name in ["imagenet", "cifar10", "svhn"] {
        arms.push(Arm::new(name, Policy::preset(name)?));
    }
    Ok(arms)
}
