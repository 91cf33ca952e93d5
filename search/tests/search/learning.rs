//! What strategies learn from the synthetic reward.

use autoaugment::policy::SearchSpace;
use autoaugment_search::{Controller, Evolution, Ppo, RandomSearch, Reward, Search, Strategy};

use super::synthetic::Worth;

/// Runs a search, and returns the mean worth of its best five and of its last fifth.
fn run(strategy: impl Strategy + 'static, worth: &Worth, children: usize, seed: u64) -> (f64, f64, Search) {
    let mut search = Search::new(SearchSpace::paper(), Box::new(strategy), Reward::ACCURACY, seed);
    while search.done() < children {
        let jobs = search.propose(search.strategy().batch()).unwrap();
        search.learn(jobs.iter().map(|job| worth.outcome(job))).unwrap();
    }
    let mean = |worths: Vec<f64>| worths.iter().sum::<f64>() / worths.len() as f64;
    let best = mean(search.best(5).iter().map(|(job, _)| worth.of(&job.tokens)).collect());
    let last = search.jobs().iter().rev().take(children / 5);
    let last = mean(last.map(|job| worth.of(&job.tokens)).collect());
    (best, last, search)
}

#[test]
fn the_controller_beats_random_search_with_each_seed() {
    let space = SearchSpace::paper();
    for seed in 0..3 {
        let worth = Worth::new(&space, seed);
        let ppo = Ppo { rate: 1e-2, ..Ppo::WARM };
        let (learned, last, search) = run(Controller::new(&space, ppo, seed), &worth, 200, seed);
        let (random, mean, _) = run(RandomSearch::new(space.clone(), seed), &worth, 200, seed);
        println!("seed {seed}: {learned:.4} (last {last:.4}) against {random:.4} (mean {mean:.4})");
        assert!(learned > random && last > mean + 0.01, "seed {seed}");
        assert!(search.strategy().entropy().unwrap() < 74.0);
    }
}

#[test]
fn evolution_beats_random_search() {
    let space = SearchSpace::paper();
    let worth = Worth::new(&space, 5);
    let (evolved, ..) = run(Evolution::new(space.clone(), 5), &worth, 400, 5);
    let (random, ..) = run(RandomSearch::new(space, 5), &worth, 400, 5);
    assert!(evolved > random, "{evolved} and {random}");
}

#[test]
fn a_reward_that_says_nothing_keeps_the_variety() {
    let space = SearchSpace::paper();
    let mut search = Search::new(space.clone(), Box::new(Controller::new(&space, Ppo::WARM, 1)), Reward::ACCURACY, 1);
    for _ in 0..10 {
        let jobs = search.propose(10).unwrap();
        let same = |id| autoaugment_search::Outcome { id, accuracy: Some(0.5), loss: 1.0, seconds: 0.0 };
        search.learn(jobs.iter().map(|job| same(job.id))).unwrap();
    }
    assert!(search.strategy().entropy().unwrap() > 74.0);
}
