//! Warnings: a search that collapsed, one whose rewards say nothing, and one that is well.

use autoaugment::policy::SearchSpace;
use autoaugment_search::{Controller, Evolution, Outcome, Ppo, RandomSearch, Reward, Search, Strategy, Warning};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::synthetic::Worth;

/// A search whose best policies were tried again.
fn searched(
    strategy: impl Strategy + 'static,
    children: usize,
    outcome: impl Fn(&autoaugment_search::Job) -> Outcome,
) -> Search {
    let mut search = Search::new(SearchSpace::paper(), Box::new(strategy), Reward::ACCURACY, 1);
    while search.done() < children {
        let jobs = search.propose(search.strategy().batch()).unwrap();
        search.learn(jobs.iter().map(&outcome)).unwrap();
    }
    let jobs = search.propose_again(20, 3).unwrap();
    search.learn(jobs.iter().map(&outcome)).unwrap();
    search
}

/// A reward that is noise.
fn noise(job: &autoaugment_search::Job) -> Outcome {
    let accuracy = ChaCha8Rng::seed_from_u64(job.seed).random_range(0.7..0.8);
    Outcome { id: job.id, accuracy: Some(accuracy), loss: 0.0, seconds: 0.0 }
}

#[test]
fn a_search_that_works_gets_no_warning() {
    let space = SearchSpace::paper();
    let worth = Worth::new(&space, 1);
    let search = searched(Controller::new(&space, Ppo::WARM, 1), 200, |job| worth.outcome(job));
    assert_eq!(search.warnings(5).unwrap(), []);
    let distances = search.distances(5).unwrap();
    assert!((0..5).all(|i| distances[i][i] == 0 && distances[i][0] == distances[0][i]), "{distances:?}");
    let search = searched(RandomSearch::new(space, 1), 192, |job| worth.outcome(job));
    assert_eq!(search.warnings(5).unwrap(), []);
    // The spread is 0.015 between policies and 0.005 over seeds, as the synthetic reward has them.
    let signal = search.signal().unwrap();
    assert!((0.012..0.018).contains(&signal.policies) && (0.003..0.007).contains(&signal.noise), "{signal:?}");
}

#[test]
fn rewards_of_noise_are_named() {
    let search = searched(RandomSearch::new(SearchSpace::paper(), 1), 192, noise);
    let warnings = search.warnings(5).unwrap();
    let [warning @ Warning::NoSignal { .. }] = &warnings[..] else { panic!("{warnings:?}") };
    assert!(warning.to_string().starts_with("your proxy cannot tell policies apart: "), "{warning}");
}

#[test]
fn a_collapsed_controller_is_named() {
    let space = SearchSpace::paper();
    let worth = Worth::new(&space, 0);
    let search = searched(Controller::new(&space, Ppo { rate: 3e-2, ..Ppo::WARM }, 0), 400, |job| worth.outcome(job));
    let warnings = search.warnings(5).unwrap();
    assert!(matches!(warnings[..], [Warning::Collapsed { .. }, ..]), "{warnings:?}");
}

#[test]
fn near_copies_are_named() {
    let space = SearchSpace::paper();
    let worth = Worth::new(&space, 2);
    let search = searched(Evolution::new(space, 2), 800, |job| worth.outcome(job));
    let warnings = search.warnings(5).unwrap();
    assert!(matches!(warnings[..], [Warning::Alike { count: 5, .. }]), "{warnings:?}");
}
