//! Run: a search to its end on this machine.

use std::path::{Path, PathBuf};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use autoaugment_search::{Budget, Error};
use clap::Args;

use super::progress::Progress;
use super::proxy::ProxyOptions;
use super::report::{ReportOptions, Searching};
use super::strategy::StrategyOptions;
use crate::outcome::{Outcome, RunFailed};
use crate::terminal::{self, Terminal, counted};
use crate::write;

/// The best policies that are joined, as in the paper.
pub const JOINED: usize = 5;

pub const DETAILS: &str = "\
A small network, a child, is trained with each policy that is proposed. It has a part of the images for training, and \
is judged by others. Its reward is what the search learns from. At the end the best 20 policies are tried again with \
other seeds, and the best 5 of them are joined into one policy.

While it runs, a line has the children so far, the best reward, the mean of the last 20, the entropy of the controller \
in nats, and the time that is left. The paper's space begins with 74.8 nats; near 0 all policies are the same.

The search can be stopped at any moment, by Ctrl-C too. The same command goes on from the journal, and loses only the \
children that ran. The same data, options and seed give the same policy, whatever the number of threads.";

#[derive(Args)]
pub struct Run {
    #[command(flatten)]
    proxy: ProxyOptions,
    #[command(flatten)]
    strategy: StrategyOptions,
    #[command(flatten)]
    report: ReportOptions,
    /// The policy's JSON file to write
    #[arg(long, short, value_name = "FILE", required = true)]
    out: Option<PathBuf>,
    /// The file of all policies and their rewards [default: that of --out, with the extension .journal]
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// Minutes after which the search ends with what it has; fractions are allowed
    #[arg(long, value_name = "MINUTES", value_parser = minutes)]
    minutes: Option<Duration>,
    /// Children that are trained at once [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    threads: Option<u32>,
    /// Overwrite the policy if it exists; the journal is continued
    #[arg(long)]
    force: bool,
}

impl Run {
    pub fn run(self, terminal: Terminal) -> anyhow::Result<Outcome> {
        // The parser sees to it, unless there is a subcommand.
        let out = self.out.context("--out is missing")?;
        let journal = self.journal.clone().unwrap_or_else(|| journal_path(&out));
        write::check_free(&out, self.force)?;
        self.proxy.data.check_output(&out)?;
        self.proxy.data.check_output(&journal)?;
        if write::resolved(&journal) == write::resolved(&out) {
            bail!("--out {0}: the journal has this name too; give it another one by --journal", terminal::name(&out));
        }
        self.report.check(&self.proxy.data, self.force)?;
        let begin = Instant::now();
        let data = self.proxy.data(self.report.seeds().is_some(), terminal)?;
        let proxy = self.proxy.proxy(data.as_ref())?;
        let seed = proxy.description.seed;
        let mut searched = self.strategy.searched(self.proxy.judging.preset, proxy.description.clone())?;
        // The other half of the time is for children.
        let until = self.minutes.map(|minutes| begin + minutes / 2);
        searched.choose(&journal, seed, || Ok(data.as_ref()), until, terminal)?;
        write::create_folder(&journal)?;
        let mut search = searched.open(&journal, seed)?;
        if search.done() > 0 {
            terminal.note(&format!("continuing {} after {} children", terminal::name(&journal), search.done()));
        }
        let until = self.minutes.map(|minutes| begin + minutes);
        let workers = self.threads.map_or_else(processors, |threads| threads as usize);
        let (children, again) = (searched.children, searched.again);
        let budget = Budget { children, again, workers, until, keeps_time: true };
        let mut progress = Progress::new(terminal, &search, children + again.0 * again.1, until);
        let result = search.run(&*proxy.child, budget, |search, error| progress.child(search, error));
        let failed = progress.end();
        match result {
            Err(error @ Error::Child(_)) if search.done() > 0 => {
                let reason = "the last children all failed; the same command tries them again";
                return Err(RunFailed(format!("{reason}; {error}")).into());
            }
            result => result?,
        }
        if search.best(1).is_empty() {
            let reason = match search.done() {
                0 => "the time is up, and no child is done; give it more --minutes".to_string(),
                all => format!(
                    "all {} failed; `search --help` says what a child must print",
                    counted(all, "child", "children")
                ),
            };
            return Err(RunFailed(reason).into());
        }
        let policy = search.policy(JOINED)?;
        write::whole(&out, format!("{}\n", policy.to_json()).as_bytes(), self.force)?;
        let children = counted(search.done(), "child", "children");
        terminal.note(&format!("wrote {} after {children}", terminal::name(&out)));
        let searching = Searching {
            search: &search,
            searched: &searched,
            proxy: &proxy,
            data: data.as_ref(),
            journal: &journal,
            workers,
        };
        self.report.write(&searching, terminal)?;
        if failed > 0 {
            terminal.error(&format!("{failed} of {children} failed; the policy is of the others"));
            return Ok(Outcome::SomeFailed);
        }
        Ok(Outcome::Done)
    }
}

/// The journal beside a policy.
fn journal_path(policy: &Path) -> PathBuf {
    policy.with_extension("journal")
}

pub fn processors() -> usize {
    available_parallelism().map_or(1, usize::from)
}

fn minutes(text: &str) -> Result<Duration, String> {
    let minutes = text.parse::<f64>().ok().filter(|minutes| *minutes > 0.0 && *minutes <= 525_600.0);
    let minutes = minutes.ok_or_else(|| "expected a number of minutes above 0, and at most 525600".to_string())?;
    Duration::try_from_secs_f64(60.0 * minutes).map_err(|error| error.to_string())
}
