//! Run: a search to its end on the threads of one machine.

use std::time::{Duration, Instant};

use autoaugment::Transform;

use crate::child::{Child, Score};
use crate::error::{Error, Result};
use crate::search::{Job, Outcome, Search};
use crate::side_by_side::side_by_side;

/// When a search ends, and how many children are trained at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// Children of new policies.
    pub children: usize,
    /// The best policies that are tried again, 0 for none, and the seeds that each of them gets.
    pub again: (usize, usize),
    /// Children at once.
    pub workers: usize,
    /// No child begins after this moment.
    pub until: Option<Instant>,
    /// Whether new policies end so early that there is time until then to try the best again. Otherwise `until` only
    /// stops the search.
    pub keeps_time: bool,
}

impl Budget {
    /// As measured to be worth its time: the best 20 tried three times more.
    pub fn of(children: usize, workers: usize) -> Self {
        Budget { children, again: (20, 3), workers, until: None, keeps_time: false }
    }
}

/// If so many children fail and none succeeds, that is no matter of their policies.
const TELLING: usize = 5;

pub(crate) fn is_over(until: Option<Instant>) -> bool {
    until.is_some_and(|until| Instant::now() >= until)
}

impl Search {
    /// Trains children until the budget is used. Jobs without an outcome come first, so that a search that was stopped
    /// continues. Calls `report` after each child, with its error if it failed. A failed child counts as tried.
    ///
    /// # Errors
    /// Those of [`Search::learn`], and [`Error::Child`] if all children of a batch fail, with the first reason. They
    /// are tried again when the search continues.
    pub fn run(
        &mut self,
        child: &(impl Child + ?Sized),
        budget: Budget,
        mut report: impl FnMut(&Search, Option<&Error>),
    ) -> Result<()> {
        let Budget { children, again: (policies, seeds), until, keeps_time, .. } = budget;
        loop {
            let until = until.map(|until| match keeps_time {
                true => until.checked_sub(self.time_of_again(&budget)).unwrap_or(until),
                false => until,
            });
            if is_over(until) {
                break;
            }
            let batch = self.strategy().batch().max(1);
            // A batch of which a kill left a part is filled up, so that the strategy learns as if there had been none.
            let part = self.fresh() % batch;
            let mut jobs: Vec<Job> = self.pending().into_iter().filter(|job| job.again.is_none()).collect();
            let count = if part > 0 || jobs.is_empty() { batch - part } else { 0 };
            jobs.extend(self.propose(count.min(children.saturating_sub(self.fresh())))?);
            if jobs.is_empty() {
                break;
            }
            self.train(child, &jobs, budget.workers, until, &mut report)?;
        }
        if is_over(until) {
            return Ok(());
        }
        self.propose_again(policies, seeds)?;
        let jobs: Vec<Job> = self.pending().into_iter().filter(|job| job.again.is_some()).collect();
        self.train(child, &jobs, budget.workers, until, &mut report)
    }

    /// The time that trying the best again will take, as far as the children so far tell.
    fn time_of_again(&self, budget: &Budget) -> Duration {
        let seconds: f64 = self.outcomes().values().map(|outcome| outcome.seconds).sum();
        let mean = seconds / (self.done().max(1) as f64);
        let children = (budget.again.0 * budget.again.1) as f64 / budget.workers.max(1) as f64;
        // The last child is not done when the others are.
        Duration::try_from_secs_f64(mean * (children + 1.0)).unwrap_or_default()
    }

    /// Trains the children of some jobs side by side.
    fn train(
        &mut self,
        child: &(impl Child + ?Sized),
        jobs: &[Job],
        workers: usize,
        until: Option<Instant>,
        report: &mut impl FnMut(&Search, Option<&Error>),
    ) -> Result<()> {
        if jobs.is_empty() {
            return Ok(());
        }
        let space = self.space().clone();
        let train = |job: &Job| {
            let start = Instant::now();
            let score = space
                .policy(&job.tokens)
                .map_err(Error::from)
                .and_then(|policy| child.train(&Transform::from(policy), job.seed))
                .and_then(Score::checked);
            (score, start.elapsed().as_secs_f64())
        };
        // Until a child succeeds, failures are not learned: if all fail, their jobs are there to be tried again.
        let mut held = (self.done() == 0 || jobs.len() >= TELLING).then(Vec::new);
        let mut failures = Vec::new();
        side_by_side(
            jobs,
            workers,
            || is_over(until),
            train,
            |job, (score, seconds)| {
                let (accuracy, loss) = score.as_ref().map_or((None, 0.0), |score| (Some(score.accuracy), score.loss));
                let outcome = Outcome { id: job.id, accuracy, loss, seconds };
                match &mut held {
                    Some(held) if score.is_err() => held.push(outcome),
                    _ => {
                        self.learn(held.take().into_iter().flatten())?;
                        self.learn([outcome])?;
                    }
                }
                report(self, score.as_ref().err());
                failures.extend(score.err());
                Ok(())
            },
        )?;
        match held {
            Some(_) if !failures.is_empty() => Err(failures.swap_remove(0)),
            _ => Ok(()),
        }
    }
}
