//! A cluster, simulated: 450 workers of different speed that die now and then, and several batches at once.
//!
//! The time is a number, so the simulation is the same each time. The search is the real one.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use autoaugment::policy::SearchSpace;
use autoaugment_search::{Controller, Job, Judged, Outcome, Ppo, Proposal, Reward, Search, Strategy};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::synthetic::Worth;

/// A strategy that costs nothing, whose policies depend on every outcome that it knows and on their order.
struct Chained {
    space: SearchSpace,
    known: u64,
    batch: usize,
}

impl Strategy for Chained {
    fn propose(&mut self, number: u64) -> Proposal {
        Proposal { tokens: self.space.random(self.known, number), log_probability: 0.0 }
    }

    fn learn(&mut self, judged: Judged) {
        self.known = self.known.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(judged.reward.to_bits() | 1);
    }

    fn batch(&self) -> usize {
        self.batch
    }
}

/// What is known of a cluster.
#[derive(Clone, Copy)]
struct Cluster {
    workers: usize,
    /// The seed of speeds, times and deaths.
    seed: u64,
    /// The part of the children whose worker dies.
    deaths: f64,
}

/// The median time of a child, and the spread of its logarithm: some take three times as long as others.
const MEDIAN: f64 = 90.0;
const SPREAD: f64 = 0.3;
/// The time from one child to the next, and the time until a dead worker is replaced, in seconds.
const HANDOVER: f64 = 0.5;
const REPLACED: f64 = 120.0;

/// Runs a search to its end. Returns the part of the workers' time that went into children that were done, and how many
/// children were lost with their workers.
fn simulate(search: &mut Search, worth: &Worth, children: usize, cluster: Cluster) -> (f64, usize) {
    let mut stream = ChaCha8Rng::seed_from_u64(cluster.seed);
    let speeds: Vec<f64> = (0..cluster.workers).map(|_| stream.random_range(0.9..1.1)).collect();
    let mut queue: VecDeque<Job> = VecDeque::new();
    let mut idle: VecDeque<usize> = (0..cluster.workers).collect();
    // What happens next: the time in microseconds, the worker, its job, and the job's time if it is done then.
    type Event = (u64, usize, Option<u64>, u64);
    let mut events: BinaryHeap<Reverse<Event>> = BinaryHeap::new();
    let (mut now, mut useful, mut lost) = (0, 0, 0);
    loop {
        // As an engine does: all jobs that can be had.
        loop {
            let jobs = search.propose_of(children, (0, 0), search.strategy().batch()).unwrap();
            if jobs.is_empty() {
                break;
            }
            queue.extend(jobs);
        }
        while let (Some(&worker), false) = (idle.front(), queue.is_empty()) {
            idle.pop_front();
            let job = queue.pop_front().unwrap();
            let normal = (0..12).map(|_| stream.random::<f64>()).sum::<f64>() - 6.0;
            let seconds = MEDIAN * (SPREAD * normal).exp() * speeds[worker];
            if stream.random::<f64>() < cluster.deaths {
                // The engine notices when the worker is gone, and gives the job to another one.
                let seconds = seconds * stream.random::<f64>();
                events.push(Reverse((now + micros(HANDOVER + seconds), worker, Some(job.id), 0)));
            } else {
                events.push(Reverse((now + micros(HANDOVER + seconds), worker, Some(job.id), micros(seconds))));
            }
        }
        let Some(Reverse((time, worker, job, worked))) = events.pop() else { break };
        now = time;
        match job {
            Some(id) if worked > 0 => {
                useful += worked;
                let outcome = worth.outcome(&search.jobs()[id as usize].clone());
                search.learn([outcome]).unwrap();
                idle.push_back(worker);
            }
            Some(id) => {
                lost += 1;
                queue.push_front(search.jobs()[id as usize].clone());
                events.push(Reverse((now + micros(REPLACED), worker, None, 0)));
            }
            None => idle.push_back(worker),
        }
    }
    assert_eq!((search.done(), search.pending()), (children, Vec::new()));
    (useful as f64 / (now as f64 * cluster.workers as f64), lost)
}

fn micros(seconds: f64) -> u64 {
    (seconds * 1e6) as u64
}

fn chained(batches: usize) -> Search {
    let space = SearchSpace::paper();
    let strategy = Chained { space: space.clone(), known: 1, batch: 150 };
    Search::new(space, Box::new(strategy), Reward::ACCURACY, 3).in_flight(batches)
}

#[test]
fn a_cluster_of_450_workers_is_busy() {
    let worth = Worth::new(&SearchSpace::paper(), 3);
    let cluster = Cluster { workers: 450, seed: 1, deaths: 0.005 };
    let mut search = chained(12);
    let (busy, lost) = simulate(&mut search, &worth, 15_000, cluster);
    // With one batch at once, two thirds of the workers have nothing to do.
    let (waiting, _) = simulate(&mut chained(1), &worth, 15_000, cluster);
    println!("busy {busy:.4} with 12 batches, {waiting:.4} with 1; {lost} children lost");
    assert!(busy > 0.9 && waiting < 0.33 && lost > 30, "{busy} {waiting} {lost}");
    // Other speeds and other deaths change no policy.
    for other in [Cluster { seed: 2, deaths: 0.02, ..cluster }, Cluster { workers: 7, ..cluster }] {
        let mut again = chained(12);
        simulate(&mut again, &worth, 15_000, other);
        assert!(again.jobs() == search.jobs());
    }
}

#[test]
fn outcomes_that_are_some_batches_old_still_teach() {
    let space = SearchSpace::paper();
    let worth = Worth::new(&space, 1);
    let ppo = Ppo { rate: 1e-2, ..Ppo::WARM };
    let search = |batches: usize| {
        let strategy = Controller::new(&space, ppo, 1);
        let mut search = Search::new(space.clone(), Box::new(strategy), Reward::ACCURACY, 1).in_flight(batches);
        simulate(&mut search, &worth, 300, Cluster { workers: 40, seed: 5, deaths: 0.0 });
        let last = search.jobs().iter().rev().take(60).map(|job| worth.of(&job.tokens)).sum::<f64>() / 60.0;
        (last, search)
    };
    let ((one, _), (five, searched)) = (search(1), search(5));
    println!("the last 60 of 300 are worth {one:.4} with 1 batch at once, {five:.4} with 5");
    // A random policy is worth 0.785.
    assert!(five > 0.795, "{five}");
    // The ratio of PPO needs the probability of the policy when it was drawn: it is the job's.
    let uniform = -(16f32.ln() + 11f32.ln() + 10f32.ln()) * 10.0;
    assert!(searched.jobs().iter().rev().take(10).all(|job| job.log_probability > uniform + 1.0));
}

#[test]
fn jobs_wait_for_the_outcomes_that_they_depend_on() {
    let mut search = chained(2);
    let outcome = |id: u64| Outcome { id, accuracy: Some(0.5), loss: 0.0, seconds: 0.0 };
    let jobs = search.propose(1000).unwrap();
    assert_eq!((jobs.len(), search.propose(1000).unwrap().len()), (300, 0));
    // The second batch alone is of no use, and neither is all of the first but one.
    search.learn((150..300).chain(1..150).map(outcome)).unwrap();
    assert_eq!(search.propose(1000).unwrap(), []);
    search.learn([outcome(0)]).unwrap();
    assert_eq!(search.propose(1000).unwrap().len(), 300);
}
