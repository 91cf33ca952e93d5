//! A search run to its end: the same whatever the workers, continued wherever it stopped, and honest about failures.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use autoaugment::policy::SearchSpace;
use autoaugment::{Scheme, Stage, Transform};
use autoaugment_search::{Budget, Child, Controller, Error, Ppo, Result, Reward, Score, Search, Start};

use super::synthetic::Worth;

/// A child that says what a policy is worth, after a while that depends on the seed. Every `fails`-th one fails.
struct Told {
    space: SearchSpace,
    worth: Worth,
    fails: usize,
    trained: AtomicUsize,
}

impl Told {
    fn new(fails: usize) -> Self {
        let space = SearchSpace::paper();
        Told { worth: Worth::new(&space, 3), space, fails, trained: AtomicUsize::new(0) }
    }
}

impl Child for Told {
    fn train(&self, transform: &Transform, seed: u64) -> Result<Score> {
        self.trained.fetch_add(1, Ordering::Relaxed);
        std::thread::sleep(Duration::from_micros(seed % 700));
        if self.fails > 0 && seed.is_multiple_of(self.fails as u64) {
            return Err(Error::Child("it was told to fail".to_string()));
        }
        let [Stage::Policy(Scheme::Policy(policy))] = &transform.stages[..] else { panic!("{transform:?}") };
        let tokens = self.space.tokens(policy).unwrap();
        Ok(Score { accuracy: self.worth.of(&tokens) + (seed % 100) as f64 * 1e-5, loss: 0.5, training_loss: 0.5 })
    }
}

fn new() -> Search {
    let space = SearchSpace::paper();
    let controller = Controller::new(&space, Ppo { rate: 1e-2, steps: 1, ..Ppo::WARM }, 3);
    Search::new(space, Box::new(controller), Reward::FAST, 3)
}

fn budget(workers: usize) -> Budget {
    Budget { children: 45, again: (6, 2), ..Budget::of(45, workers) }
}

#[test]
fn workers_change_nothing() {
    let mut searches = [1, 4].map(|workers| {
        let mut search = new();
        search.run(&Told::new(0), budget(workers), |_, error| assert!(error.is_none())).unwrap();
        search
    });
    let [one, four] = &mut searches;
    assert_eq!(one.jobs(), four.jobs());
    assert_eq!((one.done(), one.jobs().len()), (57, 57));
    assert_eq!(one.best(5), four.best(5));
    // The best are among those that were tried three times.
    let again: Vec<u64> = one.jobs().iter().filter_map(|job| job.again).collect();
    assert!(one.best(5).iter().all(|(job, _)| again.contains(&job.id)));
    assert_eq!((again.len(), one.best(100).len()), (12, 6));
    assert_eq!(one.policy(5).unwrap().sub_policies.len(), 25);
    // Nothing is left to do.
    let child = Told::new(0);
    one.run(&child, budget(2), |_, _| ()).unwrap();
    assert_eq!(child.trained.load(Ordering::Relaxed), 0);
}

#[test]
fn a_stopped_run_continues_with_the_same_jobs() {
    let mut whole = new();
    whole.run(&Told::new(0), budget(2), |_, _| ()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let start = Start { version: 1, search: serde_json::json!("told"), seed: 3 };
    let child = Told::new(0);
    let mut runs = 0;
    loop {
        let mut search = new().with_journal(&path, &start).unwrap();
        if search.done() == whole.done() {
            assert_eq!(search.jobs(), whole.jobs());
            break;
        }
        let until = Some(Instant::now() + Duration::from_millis(4));
        search.run(&child, Budget { until, ..budget(2) }, |_, _| ()).unwrap();
        runs += 1;
        assert!(runs < 1000);
    }
    assert!(runs > 1);
    // No child was trained twice, because a child that has begun is waited for.
    assert_eq!(child.trained.load(Ordering::Relaxed), whole.done());
    assert!(fs::read_to_string(&path).unwrap().lines().count() == 1 + 2 * whole.done());
}

#[test]
fn failures_are_reported_and_not_learned_from() {
    let (mut search, mut failed) = (new(), 0);
    search.run(&Told::new(3), budget(3), |_, error| failed += usize::from(error.is_some())).unwrap();
    assert!(failed > 5 && search.done() == search.jobs().len(), "{failed}");
    let mut refused = new();
    let reason = refused.run(&Told::new(1), budget(3), |_, _| ()).unwrap_err();
    assert_eq!(reason.to_string(), "child: it was told to fail");
    // They are there to be tried again.
    assert_eq!((refused.done(), refused.pending().len()), (0, 10));
}
