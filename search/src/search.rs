//! Search: hands out policies to be tried, takes what became of them, and writes both to a journal.

use std::collections::BTreeMap;
use std::path::Path;

use autoaugment::Policy;
use autoaugment::policy::SearchSpace;
use serde::{Deserialize, Serialize};

use crate::child::check_numbers;
use crate::error::{Error, Result};
use crate::journal::{Journal, Line, Start};
use crate::strategy::{Judged, Proposal, Strategy};

/// A policy to be tried by training a child network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// Its number, from 0.
    pub id: u64,
    /// The policy, as tokens of the search's space.
    pub tokens: Vec<u8>,
    /// The seed of the child: of its weights, the order of its images and its draws.
    pub seed: u64,
    /// The logarithm of the probability with which the strategy drew the policy.
    pub log_probability: f32,
    /// The job whose policy is tried again with another seed. The strategy does not learn from such a job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<u64>,
}

/// What became of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// The job's number.
    pub id: u64,
    /// The part of the validation images that the child got right, 0 to 1; none if the child failed.
    pub accuracy: Option<f64>,
    /// The mean loss on the validation images, in nats.
    pub loss: f64,
    /// The time of the child.
    pub seconds: f64,
}

impl Outcome {
    fn check_numbers(&self) -> Result<(), String> {
        let Outcome { accuracy, loss, seconds, .. } = *self;
        check_numbers(accuracy.unwrap_or(0.0), loss)?;
        if !(seconds.is_finite() && seconds >= 0.0) {
            return Err(format!("the time {seconds} is no number of seconds"));
        }
        Ok(())
    }
}

/// A reward: the accuracy less a part of the loss.
///
/// The paper's reward is the accuracy alone. A fifth of the loss beside it tells policies apart with less noise, at no
/// cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reward {
    /// The weight of the loss.
    pub loss: f64,
}

impl Reward {
    /// The paper's.
    pub const ACCURACY: Reward = Reward { loss: 0.0 };
    /// The accuracy less a fifth of the loss.
    pub const FAST: Reward = Reward { loss: 0.2 };

    /// The reward of an outcome; none if the child failed or its numbers are none.
    pub fn of(self, outcome: &Outcome) -> Option<f64> {
        let reward = outcome.accuracy? - self.loss * outcome.loss;
        reward.is_finite().then_some(reward)
    }
}

/// A search by ask and tell: [`Search::propose`] gives jobs, [`Search::learn`] takes outcomes in any order.
///
/// The strategy learns in the order of the jobs' numbers, whenever an outcome arrives. So the number of workers and
/// their speed change no policy, if each batch is proposed when the one before it is done. With several batches at once
/// that holds too, by [`Search::in_flight`].
pub struct Search {
    space: SearchSpace,
    strategy: Box<dyn Strategy>,
    reward: Reward,
    seed: u64,
    jobs: Vec<Job>,
    outcomes: BTreeMap<u64, Outcome>,
    /// The jobs that the strategy has learned from, from the first on.
    learned: usize,
    /// The most batches that are handed out at once, if the jobs may not depend on the order of outcomes.
    in_flight: Option<usize>,
    journal: Option<Journal>,
}

impl Search {
    /// A search that keeps no journal.
    pub fn new(space: SearchSpace, strategy: Box<dyn Strategy>, reward: Reward, seed: u64) -> Self {
        let (jobs, outcomes) = (Vec::new(), BTreeMap::new());
        Search { space, strategy, reward, seed, jobs, outcomes, learned: 0, in_flight: None, journal: None }
    }

    /// The same with at most `batches` batches of the strategy handed out at once. A policy then depends on the
    /// outcomes of the batches before these and on no others, so that the speed of workers changes no policy. With 1,
    /// the strategy knows the most. With more, workers need not wait for the last child of a batch.
    #[must_use]
    pub fn in_flight(self, batches: usize) -> Self {
        Search { in_flight: Some(batches.max(1)), ..self }
    }

    /// The same with a journal: a file to which every job and outcome is appended, one line each. If the file is there,
    /// the search continues from it. `start` says what the search is; another one in the file is refused.
    ///
    /// # Errors
    /// [`Error::Journal`] if the file cannot be read or written, is of another search, or is no journal.
    pub fn with_journal(mut self, path: &Path, start: &Start) -> Result<Self> {
        let (journal, lines) = Journal::open(path, start)?;
        for (number, line) in lines {
            let refused = |reason: String| journal.refused(format!("line {number}: {reason}"));
            match line {
                Line::Job(job) => self.take_job(job).map_err(refused)?,
                Line::Outcome(outcome) => {
                    self.check(&outcome).map_err(refused)?;
                    self.take_outcome(outcome);
                }
            }
        }
        self.journal = Some(journal);
        Ok(self)
    }

    /// New jobs for `count` children; fewer if outcomes must be known first, see [`Search::in_flight`].
    ///
    /// # Errors
    /// [`Error::Journal`] if they cannot be written down. None of the rest is handed out then.
    pub fn propose(&mut self, count: usize) -> Result<Vec<Job>> {
        let first = self.jobs.len();
        for _ in 0..count {
            let id = self.jobs.len() as u64;
            if !self.learn_before(self.jobs.len()) {
                break;
            }
            let Proposal { tokens, log_probability } = self.strategy.propose(id);
            self.add(Job { id, tokens, seed: self.seed_of(id), log_probability, again: None })?;
        }
        Ok(self.jobs[first..].to_vec())
    }

    /// New jobs that try the `count` policies with the highest first rewards again, until each has had `seeds` more
    /// seeds. The best of many single rewards are the luckiest too. With more seeds, [`Search::best`] chooses among
    /// these policies only, by their mean rewards.
    ///
    /// # Errors
    /// Those of [`Search::propose`].
    pub fn propose_again(&mut self, count: usize, seeds: usize) -> Result<Vec<Job>> {
        let first = self.jobs.len();
        let best: Vec<Job> = self.ranked(|job| job.again.is_none()).into_iter().map(|(job, ..)| job.clone()).collect();
        for job in best.iter().take(count) {
            // A search that was stopped here may have some of them.
            let there = self.jobs.iter().filter(|other| other.again == Some(job.id)).count();
            for _ in there..seeds {
                let id = self.jobs.len() as u64;
                self.add(Job { id, seed: self.seed_of(id), again: Some(job.id), ..job.clone() })?;
            }
        }
        Ok(self.jobs[first..].to_vec())
    }

    /// The jobs of a whole search that can be handed out now, `count` at most: those of new policies up to `children`,
    /// and when all of these are done, those that try the best again, see [`Search::propose_again`].
    ///
    /// # Errors
    /// Those of [`Search::propose`].
    pub fn propose_of(&mut self, children: usize, again: (usize, usize), count: usize) -> Result<Vec<Job>> {
        match children.saturating_sub(self.fresh()) {
            0 if self.done() == self.jobs.len() => self.propose_again(again.0, again.1),
            left => self.propose(count.min(left)),
        }
    }

    /// The number of jobs of new policies.
    pub fn fresh(&self) -> usize {
        self.jobs.iter().filter(|job| job.again.is_none()).count()
    }

    /// Lets the strategy learn what it has to know before the job `id` is drawn. Returns whether all of that is known.
    fn learn_before(&mut self, id: usize) -> bool {
        let Some(batches) = self.in_flight else { return true };
        let batch = self.strategy.batch().max(1);
        let needed = (id / batch + 1).saturating_sub(batches) * batch;
        let is_known = (self.learned..needed).all(|id| self.outcomes.contains_key(&(id as u64)));
        if is_known {
            self.learn_until(needed);
        }
        is_known
    }

    /// Each child has a seed of its own: common ones do not make policies easier to compare.
    fn seed_of(&self, id: u64) -> u64 {
        self.seed.wrapping_add(id.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    fn add(&mut self, job: Job) -> Result<()> {
        if let Some(journal) = &mut self.journal {
            journal.append(&Line::Job(job.clone()))?;
        }
        self.jobs.push(job);
        Ok(())
    }

    /// Takes outcomes, in any order.
    ///
    /// # Errors
    /// [`Error::Outcome`] for a job that was not proposed or is done, and [`Error::Journal`] if one cannot be written
    /// down. The outcomes before it are taken.
    pub fn learn(&mut self, outcomes: impl IntoIterator<Item = Outcome>) -> Result<()> {
        for outcome in outcomes {
            self.check(&outcome).map_err(Error::Outcome)?;
            if let Some(journal) = &mut self.journal {
                journal.append(&Line::Outcome(outcome.clone()))?;
            }
            self.take_outcome(outcome);
        }
        Ok(())
    }

    /// The jobs that were proposed and have no outcome, such as those that ran when a search was stopped.
    pub fn pending(&self) -> Vec<Job> {
        self.jobs.iter().filter(|job| !self.outcomes.contains_key(&job.id)).cloned().collect()
    }

    /// All jobs that were proposed, in the order of their numbers.
    pub fn jobs(&self) -> &[Job] {
        &self.jobs
    }

    /// The number of jobs with an outcome.
    pub fn done(&self) -> usize {
        self.outcomes.len()
    }

    /// The strategy.
    pub fn strategy(&self) -> &dyn Strategy {
        &*self.strategy
    }

    /// The space of its policies.
    pub fn space(&self) -> &SearchSpace {
        &self.space
    }

    /// The `count` policies with the highest mean rewards, each with its first job and that mean; fewer if fewer are
    /// done. If some were tried again to the end, the choice is among them.
    pub fn best(&self, count: usize) -> Vec<(&Job, f64)> {
        let ranked = self.ranked(|_| true);
        let most = ranked.iter().map(|(.., times)| *times).max().unwrap_or(0);
        let tried_most = ranked.into_iter().filter(|(.., times)| *times == most);
        tried_most.map(|(job, mean, _)| (job, mean)).take(count).collect()
    }

    /// The same by the first rewards alone, as if nothing had been tried again.
    pub fn best_at_first(&self, count: usize) -> Vec<(&Job, f64)> {
        let ranked = self.ranked(|job| job.again.is_none());
        ranked.into_iter().map(|(job, mean, _)| (job, mean)).take(count).collect()
    }

    /// The policies by their mean rewards of some jobs, the best first: each with its first job, the mean, and the
    /// number of rewards.
    fn ranked(&self, counts: impl Fn(&Job) -> bool) -> Vec<(&Job, f64, usize)> {
        let mut rewards: BTreeMap<&[u8], Vec<f64>> = BTreeMap::new();
        for job in self.jobs.iter().filter(|job| counts(job)) {
            if let Some(reward) = self.reward_of(job) {
                rewards.entry(&job.tokens).or_default().push(reward);
            }
        }
        let mut means: Vec<(&Job, f64, usize)> = Vec::new();
        for job in self.jobs.iter().filter(|job| job.again.is_none()) {
            // Taken out, so that a policy that was proposed twice counts once.
            if let Some(rewards) = rewards.remove(&job.tokens[..]) {
                means.push((job, rewards.iter().sum::<f64>() / rewards.len() as f64, rewards.len()));
            }
        }
        means.sort_by(|(a, one, _), (b, other, _)| other.total_cmp(one).then(a.id.cmp(&b.id)));
        means
    }

    /// The reward of a job; none if it is not done or its child failed.
    pub fn reward_of(&self, job: &Job) -> Option<f64> {
        self.outcomes.get(&job.id).and_then(|outcome| self.reward.of(outcome))
    }

    /// The outcomes, by the numbers of their jobs.
    pub fn outcomes(&self) -> &BTreeMap<u64, Outcome> {
        &self.outcomes
    }

    /// The sub-policies of the `count` best policies as one policy. The paper joins 5.
    ///
    /// # Errors
    /// [`Error::Policy`] if no job is done.
    pub fn policy(&self, count: usize) -> Result<Policy> {
        let policies = self.best(count).into_iter().map(|(job, _)| self.space.policy(&job.tokens));
        let policies: Vec<Policy> = policies.collect::<Result<_, _>>()?;
        Ok(Policy::concat(&policies)?)
    }

    fn take_job(&mut self, job: Job) -> Result<(), String> {
        let expected = self.jobs.len() as u64;
        if job.id != expected {
            return Err(format!("expected job {expected}, got {}", job.id));
        }
        self.space.policy(&job.tokens).map_err(|error| error.to_string())?;
        if let Some(again) = job.again
            && self.jobs.get(again as usize).is_none_or(|first| first.tokens != job.tokens)
        {
            return Err(format!("job {} tries job {again} again, which has another policy", job.id));
        }
        self.jobs.push(job);
        Ok(())
    }

    fn check(&self, outcome: &Outcome) -> Result<(), String> {
        let id = outcome.id;
        if id >= self.jobs.len() as u64 {
            return Err(format!("job {id} was not proposed"));
        }
        outcome.check_numbers().map_err(|reason| format!("job {id}: {reason}"))?;
        match self.outcomes.contains_key(&id) {
            true => Err(format!("job {id} has an outcome already")),
            false => Ok(()),
        }
    }

    /// Takes an outcome that was checked.
    fn take_outcome(&mut self, outcome: Outcome) {
        self.outcomes.insert(outcome.id, outcome);
        if self.in_flight.is_none() {
            self.learn_until(self.jobs.len());
        }
    }

    /// Lets the strategy learn from the jobs below `end`, as far as all before are done.
    fn learn_until(&mut self, end: usize) {
        while let Some(job) = self.jobs[..end].get(self.learned) {
            let Some(outcome) = self.outcomes.get(&job.id) else { break };
            // A child that failed says nothing of its policy.
            if let Some(reward) = self.reward.of(outcome).filter(|_| job.again.is_none()) {
                let Job { tokens, log_probability, .. } = job.clone();
                self.strategy.learn(Judged { tokens, log_probability, reward });
            }
            self.learned += 1;
        }
    }
}
