//! Comparisons: what is trained, what is known already, and the filter of random policies.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use autoaugment::policy::SearchSpace;
use autoaugment::{Policy, Scheme, Stage, Transform};
use autoaugment_search::comparison::{Arm, Comparison, controls};
use autoaugment_search::{Child, Density, Error, Filter, Micro, Result, Score, Strategy};

use super::bars::bars;

/// A child whose accuracy is the number of steps of its policy, and a little more by the seed.
struct Counts(AtomicUsize);

impl Child for Counts {
    fn train(&self, transform: &Transform, seed: u64) -> Result<Score> {
        self.0.fetch_add(1, Ordering::Relaxed);
        let steps = match &transform.stages[..] {
            [Stage::Policy(Scheme::Policy(policy))] => policy.sub_policies.iter().map(|s| s.steps.len()).sum(),
            _ => 0,
        };
        Ok(Score { accuracy: steps as f64 / 100.0 + seed as f64 / 1e4, loss: 1.0, training_loss: 1.0 })
    }
}

#[test]
fn arms_are_trained_with_each_seed_once() {
    let space = SearchSpace::paper();
    let mut arms = controls(&space, 1).unwrap();
    let names: Vec<&str> = arms.iter().map(|arm| &*arm.name).collect();
    let random = ["random 25, draw 0", "random 25, draw 1", "random 25, draw 2"];
    let published = ["trivialaugment", "imagenet", "cifar10", "svhn"];
    assert_eq!(names, [&["none"][..], &random, &published].concat());
    // 25 sub-policies of two steps each, another 25 in each draw.
    let steps = |arm: &Arm| match &arm.transform.stages[..] {
        [Stage::Policy(Scheme::Policy(policy))] => policy.sub_policies.len(),
        _ => 0,
    };
    assert!(arms[1..4].iter().all(|arm| steps(arm) == 25) && arms[1].transform != arms[2].transform);
    arms.truncate(2);
    let child = Arc::new(Counts(AtomicUsize::new(0)));
    let of_seed = |_| Ok(child.clone() as Arc<dyn Child>);
    let mut comparison = Comparison::default();
    comparison.retrain(&arms, 5..8, &of_seed, 2, |_| Ok(())).unwrap();
    assert_eq!(child.0.load(Ordering::Relaxed), 6);
    // Only what is new.
    comparison.retrain(&arms, 5..9, &of_seed, 2, |_| Ok(())).unwrap();
    assert_eq!((child.0.load(Ordering::Relaxed), comparison.retrainings.len()), (8, 8));
    let difference = comparison.difference(&["random 25, draw 0"], &["none"]).unwrap();
    assert!((difference.spread.mean - 0.5).abs() < 1e-12 && difference.wins == 4, "{difference:?}");
    assert!(difference.spread.deviation < 1e-12, "seeds are the same for all arms: {difference:?}");
}

#[test]
fn the_first_failure_ends_a_comparison() {
    let arms = [Arm::new("none", Transform::new())];
    let fails = |_| Err(Error::Child("it was told to fail".to_string()));
    let refused = Comparison::default().retrain(&arms, 0..3, &fails, 2, |_| Ok(())).unwrap_err();
    assert_eq!(refused.to_string(), "child: it was told to fail");
}

#[test]
fn a_filter_proposes_the_best_scores_first() {
    let space = SearchSpace::paper();
    let score = |_: Policy, number: u64| Ok((number % 10) as f64);
    let mut filter = Filter::new(space.clone(), 3, 30, 2, None, score).unwrap();
    let expected = [9, 19, 29, 8, 18, 28];
    for (place, number) in expected.into_iter().enumerate() {
        assert_eq!(filter.propose(place as u64).tokens, space.random(3, number));
    }
    let again = Filter::ranked(space.clone(), 3, filter.order().to_vec()).propose(4);
    assert_eq!((filter.order()[4], again), (18, filter.propose(4)));
    // Behind the last candidate come new ones.
    assert_eq!(filter.propose(30).tokens, space.random(3, 30));
    let joined = filter.policy(2).unwrap();
    assert_eq!(joined.sub_policies[..5], space.policy(&space.random(3, 9)).unwrap().sub_policies[..]);
    let late = Filter::new(space.clone(), 3, 1000, 2, Some(Instant::now()), score).unwrap();
    assert_eq!(late.order().len(), 0);
    let fails = |_: Policy, _: u64| Err(Error::Child("no score".to_string()));
    assert_eq!(Filter::new(space, 3, 4, 1, None, fails).unwrap_err().to_string(), "child: no score");
}

#[test]
fn density_favors_what_keeps_images_recognizable() {
    let (training, held_out) = bars(300, 1, 1).divided(128, 150, 2).unwrap();
    let density = Density::new(Micro { epochs: 30, ..Micro::FRESH }, training, held_out, 2, 3).unwrap();
    let none = density.score(&Transform::new(), 1).unwrap();
    let mild: Policy = "TranslateX 0.5 1 + Brightness 0.5 2".parse().unwrap();
    let blank: Policy = "Posterize 1 9 + Brightness 1 9 + Solarize 1 9 + Cutout 1 9 + TranslateX 1 9".parse().unwrap();
    let [mild, blank] = [mild, blank].map(|policy| density.score(&policy.into(), 1).unwrap());
    assert!(none > 0.85 && mild >= none - 0.02 && blank < none - 0.1, "{none} {mild} {blank}");
    assert_eq!(density.score(&Transform::new(), 9).unwrap(), none);
}
