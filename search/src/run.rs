//! Run: a search to its end on the threads of one machine.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Instant;

use autoaugment::Transform;

use crate::child::Child;
use crate::error::{Error, Result};
use crate::search::{Job, Outcome, Search};

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
}

impl Budget {
    /// As measured to be worth its time: the best 20 tried three times more.
    pub fn of(children: usize, workers: usize) -> Self {
        Budget { children, again: (20, 3), workers, until: None }
    }
}

impl Search {
    /// Trains children until the budget is used. Jobs without an outcome come first, so that a search that was stopped
    /// continues. Calls `report` after each child, with its error if it failed. A failed child counts as tried.
    ///
    /// # Errors
    /// [`Error::Journal`], and [`Error::Child`] if all children of the first batch fail, with the first reason.
    pub fn run(
        &mut self,
        child: &(impl Child + ?Sized),
        budget: Budget,
        mut report: impl FnMut(&Search, Option<&Error>),
    ) -> Result<()> {
        let Budget { children, again: (policies, seeds), until, .. } = budget;
        let is_late = || until.is_some_and(|until| Instant::now() >= until);
        while !is_late() {
            let mut jobs = self.pending();
            if jobs.is_empty() {
                let fresh = self.jobs().iter().filter(|job| job.again.is_none()).count();
                jobs = match children.saturating_sub(fresh) {
                    // Once, when all new policies are done.
                    0 if policies * seeds > 0 && self.jobs().len() == fresh => self.propose_again(policies, seeds)?,
                    0 => return Ok(()),
                    left => self.propose(self.strategy().batch().min(left))?,
                };
            }
            if jobs.is_empty() {
                return Ok(());
            }
            self.train(child, &jobs, budget, &mut report)?;
        }
        Ok(())
    }

    /// Trains the children of some jobs side by side.
    fn train(
        &mut self,
        child: &(impl Child + ?Sized),
        jobs: &[Job],
        budget: Budget,
        report: &mut impl FnMut(&Search, Option<&Error>),
    ) -> Result<()> {
        let space = self.space().clone();
        let train = |job: &Job| {
            let start = Instant::now();
            let score = space
                .policy(&job.tokens)
                .map_err(Error::from)
                .and_then(|policy| child.train(&Transform::from(policy), job.seed));
            (score, start.elapsed().as_secs_f64())
        };
        let is_first = self.done() == 0;
        let (mut failures, mut result) = (Vec::new(), Ok(()));
        let next = Mutex::new(jobs.iter());
        thread::scope(|scope| {
            let (sender, receiver) = channel();
            for _ in 0..budget.workers.clamp(1, jobs.len()) {
                let (sender, next, train) = (sender.clone(), &next, &train);
                scope.spawn(move || {
                    while budget.until.is_none_or(|until| Instant::now() < until) {
                        let job = next.lock().unwrap_or_else(PoisonError::into_inner).next();
                        // Nobody listens where a journal could not be written.
                        if job.is_none_or(|job| sender.send((job.id, train(job))).is_err()) {
                            return;
                        }
                    }
                });
            }
            drop(sender);
            for (id, (score, seconds)) in receiver {
                let (accuracy, loss) = score.as_ref().map_or((None, 0.0), |score| (Some(score.accuracy), score.loss));
                result = self.learn([Outcome { id, accuracy, loss, seconds }]);
                if result.is_err() {
                    return;
                }
                report(self, score.as_ref().err());
                failures.extend(score.err());
            }
        });
        result?;
        match failures.len() == jobs.len() && is_first {
            true => Err(failures.swap_remove(0)),
            false => Ok(()),
        }
    }
}
