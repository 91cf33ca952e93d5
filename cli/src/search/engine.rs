//! The commands of an engine, which trains children elsewhere: a journal is begun, jobs come out, outcomes go in.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, bail};
use autoaugment::Policy;
use autoaugment_search::{Job, Outcome as Judged, Search};
use clap::Args;
use serde::{Deserialize, Serialize};

use super::lines::Lines;
use super::proxy::{self, Description, Preset};
use super::run::JOINED;
use super::strategy::{Searched, StrategyOptions};
use crate::outcome::{EXIT_CODES, Outcome, RunFailed};
use crate::terminal::{self, Terminal, counted};
use crate::write;

/// Begin the journal of a search whose children are trained elsewhere
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub struct Start {
    /// The file that `search proxy` wrote
    #[arg(long, value_name = "FILE")]
    proxy: PathBuf,
    /// The journal to begin; one that is there must be of the same search
    #[arg(long, value_name = "FILE")]
    journal: PathBuf,
    /// Seed of the search [default: the proxy's]
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Defaults that belong together
    #[arg(long, value_enum, default_value = "fast")]
    preset: Preset,
    #[command(flatten)]
    strategy: StrategyOptions,
    /// Batches that are handed out at once; with more, no worker waits for a batch's last child
    ///
    /// A policy depends on the outcomes of the batches before these, and so on no worker's speed. A batch has 20
    /// policies (ppo), 10 (evolution, and ppo with the preset warm) or 64 (random and filter), unless --batch says
    /// otherwise.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    batches: u32,
    /// Policies of a batch, from which ppo learns at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    batch: Option<u32>,
}

/// Print new jobs of a search, one line of JSON each
///
/// Jobs whose outcomes are missing are not printed again: see --pending.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub struct Propose {
    #[command(flatten)]
    journal: Journal,
    /// Jobs at most; fewer if outcomes must be known first, and none when the search is over
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    #[arg(required_unless_present = "pending")]
    count: Option<u32>,
    /// Print the jobs that have no outcome yet, and no new ones
    #[arg(long, conflicts_with = "count")]
    pending: bool,
}

/// Take outcomes from standard input, as `search evaluate` prints them
///
/// Outcomes can come in any order. One that the journal has already is left out.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub struct Learn {
    #[command(flatten)]
    journal: Journal,
}

/// Print jobs to standard output and take outcomes from standard input until the search is over
///
/// Jobs without an outcome are printed first, so that the same command continues a search. A worker's lost job can be
/// given to another one: the outcome is the same.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub struct Drive {
    #[command(flatten)]
    journal: Journal,
}

/// Write the best policies of a journal, joined into one
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub struct WritePolicy {
    #[command(flatten)]
    journal: Journal,
    /// The policy's JSON file to write
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// Overwrite the policy if it exists
    #[arg(long)]
    force: bool,
}

#[derive(Args)]
struct Journal {
    /// The journal that `search start`, or a search, began
    #[arg(long = "journal", value_name = "FILE")]
    path: PathBuf,
}

impl Journal {
    fn open(&self) -> anyhow::Result<(Searched, Search)> {
        let (searched, seed) = Searched::of(&self.path)?;
        let search = searched.open(&self.path, seed)?;
        Ok((searched, search))
    }
}

/// A job as a line for workers. Its log-probability is in the journal.
#[derive(Serialize)]
struct Line {
    id: u64,
    policy: Policy,
    seed: u64,
}

/// An outcome as a line of a worker. Further fields are of no use here.
#[derive(Deserialize)]
struct Reported {
    id: u64,
    accuracy: Option<f64>,
    loss: Option<f64>,
    seconds: Option<f64>,
    proxy: Option<String>,
}

impl Start {
    pub fn run(self, terminal: Terminal) -> anyhow::Result<Outcome> {
        let description = Description::of(&self.proxy)?;
        let seed = self.seed.unwrap_or(description.seed);
        let mut searched = self.strategy.searched(self.preset, description)?;
        searched.in_flight = self.batches as usize;
        if let Some(batch) = self.batch {
            searched.set_batch(batch as usize)?;
        }
        searched.choose(&self.journal, seed, || proxy::data(&self.proxy), None, terminal)?;
        let search = searched.open(&self.journal, seed)?;
        let jobs = counted(search.jobs().len(), "job", "jobs");
        terminal.note(&format!("{} has {jobs}", terminal::name(&self.journal)));
        Ok(Outcome::Done)
    }
}

impl Propose {
    pub fn run(self) -> anyhow::Result<Outcome> {
        let (searched, mut search) = self.journal.open()?;
        let jobs = match self.count {
            Some(count) => search.propose_of(searched.children, searched.again, count as usize)?,
            None => search.pending(),
        };
        print(&search, &jobs)?;
        Ok(Outcome::Done)
    }
}

impl Learn {
    pub fn run(self, terminal: Terminal) -> anyhow::Result<Outcome> {
        let (searched, mut search) = self.journal.open()?;
        let (digest, needs_loss) = (searched.proxy.digest()?, searched.proxy.reward.loss != 0.0);
        let mut left_out = 0;
        for line in Lines::new(io::stdin().lock(), "standard input") {
            left_out += usize::from(!learn(&mut search, &line?.json()?, &digest, needs_loss)?);
        }
        if left_out > 0 {
            terminal.note(&format!("{} there already", counted(left_out, "outcome was", "outcomes were")));
        }
        Ok(Outcome::Done)
    }
}

impl Drive {
    pub fn run(self, terminal: Terminal) -> anyhow::Result<Outcome> {
        let (searched, mut search) = self.journal.open()?;
        let (digest, needs_loss) = (searched.proxy.digest()?, searched.proxy.reward.loss != 0.0);
        print(&search, &search.pending())?;
        let mut outcomes = Lines::new(io::stdin().lock(), "standard input");
        loop {
            loop {
                let count = search.strategy().batch();
                let jobs = search.propose_of(searched.children, searched.again, count)?;
                if jobs.is_empty() {
                    break;
                }
                print(&search, &jobs)?;
            }
            if search.done() == search.jobs().len() {
                terminal.note(&format!("the search is over after {}", counted(search.done(), "child", "children")));
                return Ok(Outcome::Done);
            }
            let Some(line) = outcomes.next() else {
                let pending = counted(search.pending().len(), "job has", "jobs have");
                return Err(RunFailed(format!("standard input ended, and {pending} no outcome; start it again")).into());
            };
            learn(&mut search, &line?.json()?, &digest, needs_loss)?;
        }
    }
}

impl WritePolicy {
    pub fn run(self, terminal: Terminal) -> anyhow::Result<Outcome> {
        write::check_free(&self.out, self.force)?;
        let (_, search) = self.journal.open()?;
        if search.best(1).is_empty() {
            bail!("journal {}: no child is done", terminal::name(&self.journal.path));
        }
        let policy = search.policy(JOINED)?;
        write::whole(&self.out, format!("{}\n", policy.to_json()).as_bytes(), self.force)?;
        terminal.note(&format!("wrote {}", terminal::name(&self.out)));
        Ok(Outcome::Done)
    }
}

/// Prints jobs, all of them at once.
fn print(search: &Search, jobs: &[Job]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    let mut lines = String::new();
    for job in jobs {
        let line = Line { id: job.id, policy: search.space().policy(&job.tokens)?, seed: job.seed };
        lines.push_str(&serde_json::to_string(&line)?);
        lines.push('\n');
    }
    out.write_all(lines.as_bytes()).and_then(|()| out.flush()).context("standard output")
}

/// Takes an outcome. Returns whether it is new.
fn learn(search: &mut Search, reported: &Reported, digest: &str, needs_loss: bool) -> anyhow::Result<bool> {
    let &Reported { id, accuracy, loss, seconds, ref proxy } = reported;
    if let Some(proxy) = proxy.as_ref().filter(|proxy| *proxy != digest) {
        bail!("the outcome of job {id} is of the proxy {}, and the search's is {digest}", terminal::quoted(proxy));
    }
    if search.outcomes().contains_key(&id) {
        return Ok(false);
    }
    if accuracy.is_some() && loss.is_none() && needs_loss {
        bail!("the outcome of job {id} has no `loss`, which the reward needs");
    }
    let (loss, seconds) = (loss.unwrap_or(0.0), seconds.unwrap_or(0.0));
    search.learn([Judged { id, accuracy, loss, seconds }])?;
    Ok(true)
}
