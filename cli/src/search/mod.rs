//! `search`: finds a policy for the user's own data, here or with the workers of another engine.

mod data;
mod engine;
mod evaluate;
mod lines;
mod network;
mod progress;
mod proxy;
mod report;
mod run;
mod strategy;

use std::path::PathBuf;

use anyhow::bail;
use clap::{Args, Subcommand};

use crate::outcome::{EXIT_CODES, Outcome};
use crate::terminal::{self, Terminal};
use crate::write;
use proxy::ProxyOptions;

/// Find a policy for your own data
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = EXIT_CODES, after_long_help = format!("{}\n\n{EXIT_CODES}", run::DETAILS))]
pub struct Search {
    #[command(subcommand)]
    command: Option<SearchCommand>,
    #[command(flatten)]
    run: run::Run,
}

#[derive(Subcommand)]
enum SearchCommand {
    /// Write the images and settings by which a search judges policies to a file, for workers
    Proxy(WriteProxy),
    /// Train children with policies that are given, and print how well they do
    Evaluate(evaluate::Evaluate),
    /// Begin the journal of a search whose children are trained elsewhere
    Start(engine::Start),
    /// Print new jobs of a search, one line of JSON each
    Propose(engine::Propose),
    /// Take outcomes from standard input, as `search evaluate` prints them
    Learn(engine::Learn),
    /// Print jobs to standard output and take outcomes from standard input until the search is over
    Drive(engine::Drive),
    /// Write the best policies of a journal, joined into one
    Policy(engine::WritePolicy),
}

/// Write the images and settings by which a search judges policies to a file, for workers
///
/// The drawn and scaled images go to a file beside it, with the extension .images. Opening both is quick.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
struct WriteProxy {
    #[command(flatten)]
    options: ProxyOptions,
    /// The JSON file to write
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// Overwrite files that exist
    #[arg(long)]
    force: bool,
}

impl Search {
    pub fn run(self, terminal: Terminal) -> anyhow::Result<Outcome> {
        use SearchCommand::{Drive, Evaluate, Learn, Policy, Propose, Proxy, Start};

        match self.command {
            Some(Proxy(command)) => command.run(terminal),
            Some(Evaluate(command)) => command.run(terminal),
            Some(Start(command)) => command.run(terminal),
            Some(Propose(command)) => command.run(),
            Some(Learn(command)) => command.run(terminal),
            Some(Drive(command)) => command.run(terminal),
            Some(Policy(command)) => command.run(terminal),
            None => self.run.run(terminal),
        }
    }
}

impl WriteProxy {
    fn run(self, terminal: Terminal) -> anyhow::Result<Outcome> {
        write::check_free(&self.out, self.force)?;
        self.options.data.check_output(&self.out)?;
        if proxy::images_path(&self.out) == self.out {
            bail!("--out {}: its images would have this name too; let it end in .json", terminal::name(&self.out));
        }
        let data = self.options.data(false, terminal)?;
        if data.is_some() {
            write::check_free(&proxy::images_path(&self.out), self.force)?;
        }
        let proxy = self.options.proxy(data.as_ref())?;
        proxy.write(&self.out, data.as_ref(), self.force)?;
        terminal.note(&format!("wrote {}", terminal::name(&self.out)));
        Ok(Outcome::Done)
    }
}
