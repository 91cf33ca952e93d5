//! Measure: rows in turns, so that whatever else the machine does hits all alike.

use std::time::Instant;

use autoaugment::Plan;
use cpu_time::ProcessTime;
use indicatif::ProgressBar;
use serde::Serialize;

use super::rows::{Id, Row};
use super::work::Work;

/// What came out for a row.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    pub id: Id,
    /// For a batch, the median of the rounds.
    pub seconds: f64,
    /// From the fastest round to the slowest, as a part of the median.
    pub spread: f64,
    /// For a batch, of those rounds.
    pub fastest_seconds: f64,
    pub slowest_seconds: f64,
    /// Of all threads, for a batch, in the median round; only of what is augmented on the CPU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_seconds: Option<f64>,
    pub rounds: usize,
    /// Batches of each round.
    pub batches: usize,
}

/// A row, how many batches a run of it has, and what the runs took.
struct Turn<'a> {
    row: Row<'a>,
    batches: usize,
    /// Plans so far.
    done: usize,
    rounds: Vec<Round>,
}

/// Seconds.
#[derive(Clone, Copy)]
struct Round {
    /// For a batch, by the row's clock.
    batch: f64,
    /// For a batch, of all threads together.
    cpu: f64,
    /// For all batches, with what the row's clock leaves out.
    used: f64,
}

/// What varies by more than this part of its median is no measurement.
const NOISY: f64 = 0.5;

impl Measured {
    /// Whether other work on the machine made the rounds too different to believe their median.
    pub fn is_noisy(&self) -> bool {
        self.spread > NOISY
    }
}

/// Rounds that every row has, however long they take.
const FEWEST: usize = 3;

/// Runs every row for about `seconds`, divided into rounds.
pub fn measure(
    rows: Vec<Row<'_>>,
    work: &Work,
    seconds: f64,
    rounds: usize,
    progress: &ProgressBar,
) -> anyhow::Result<Vec<Measured>> {
    let mut turns = Vec::new();
    for row in rows {
        let mut turn = Turn { row, batches: 1, done: 0, rounds: Vec::new() };
        // The first run compiles kernels and touches memory; the fastest of the next ones says how many batches fill a
        // round.
        turn.run(work)?;
        let slice = seconds / rounds as f64;
        let mut once = turn.run(work)?.used;
        for _ in 0..2 {
            if once < slice {
                once = once.min(turn.run(work)?.used);
            }
        }
        turn.batches = ((slice / once.max(1e-9)) as usize).clamp(1, 10_000);
        turns.push(turn);
    }
    for round in 0..rounds {
        for turn in &mut turns {
            // What is so slow that it would go far beyond its time has said enough.
            let used: f64 = turn.rounds.iter().map(|round| round.used).sum();
            if round < FEWEST || used < 2.0 * seconds {
                let round = turn.run(work)?;
                turn.rounds.push(round);
            }
            progress.inc(1);
        }
    }
    Ok(turns.into_iter().map(Turn::measured).collect())
}

impl Turn<'_> {
    fn run(&mut self, work: &Work) -> anyhow::Result<Round> {
        let plans: Vec<&Plan> = (self.done..self.done + self.batches).map(|turn| work.plan(turn)).collect();
        self.done += self.batches;
        let (cpu, began) = (ProcessTime::now(), Instant::now());
        let seconds = (self.row.run)(&plans)?;
        let (used, cpu) = (began.elapsed().as_secs_f64(), cpu.elapsed().as_secs_f64());
        let batches = self.batches as f64;
        Ok(Round { batch: seconds / batches, cpu: cpu / batches, used })
    }

    fn measured(mut self) -> Measured {
        self.rounds.sort_by(|a, b| a.batch.total_cmp(&b.batch));
        let (fastest, median, slowest) =
            (self.rounds[0], self.rounds[self.rounds.len() / 2], self.rounds[self.rounds.len() - 1]);
        Measured {
            id: self.row.id,
            seconds: median.batch,
            spread: (slowest.batch - fastest.batch) / median.batch,
            fastest_seconds: fastest.batch,
            slowest_seconds: slowest.batch,
            cpu_seconds: self.row.id.is_on_cpu().then_some(median.cpu),
            rounds: self.rounds.len(),
            batches: self.batches,
        }
    }
}
