//! Report: what a search did and found, as Markdown with pictures beside it.

mod controls;
mod curve;
mod pictures;
mod text;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use autoaugment_search::Search;
use clap::Args;

use super::data::{Data, DataOptions};
use super::proxy::Proxy;
use super::run::JOINED;
use super::strategy::Searched;
use crate::terminal::{self, Terminal};
use crate::write;
pub use controls::Controls;

/// The options of a report.
#[derive(Args)]
#[command(next_help_heading = "Report")]
pub struct ReportOptions {
    /// Folder for a report: report.md with its pictures
    #[arg(long, value_name = "FOLDER")]
    report: Option<PathBuf>,
    /// Compare the found policy with none, random ones, TrivialAugment, published policies and a random search of the
    /// same length, by networks that are trained anew with so many seeds; takes about as long as the search again
    #[arg(long, value_name = "SEEDS", requires = "report", conflicts_with = "child")]
    #[arg(value_parser = clap::value_parser!(u32).range(2..=1000))]
    controls: Option<u32>,
}

/// A search that is over, and where it came from.
pub struct Searching<'a> {
    pub search: &'a Search,
    pub searched: &'a Searched,
    pub proxy: &'a Proxy,
    pub data: Option<&'a Data>,
    pub journal: &'a Path,
    pub workers: usize,
}

impl ReportOptions {
    /// The seeds of controls, and so whether images are needed that no child sees.
    pub fn seeds(&self) -> Option<u64> {
        self.controls.map(u64::from)
    }

    /// Refuses a folder with another report or of the data, and what is no folder, before the search.
    pub fn check(&self, data: &DataOptions, overwrites: bool) -> anyhow::Result<()> {
        let Some(folder) = &self.report else { return Ok(()) };
        if folder.exists() && !folder.is_dir() {
            bail!("--report {}: it is no folder", terminal::name(folder));
        }
        data.check_folder(folder)?;
        write::check_free(&folder.join("report.md"), overwrites)
    }

    /// Writes the report, if one is wanted.
    pub fn write(&self, searching: &Searching<'_>, terminal: Terminal) -> anyhow::Result<()> {
        let warnings = searching.search.warnings(JOINED)?;
        warnings.iter().for_each(|warning| terminal.note(&format!("warning: {warning}")));
        let Some(folder) = &self.report else { return Ok(()) };
        fs::create_dir_all(folder).with_context(|| terminal::name(folder))?;
        let controls = match (self.seeds(), searching.data) {
            (Some(seeds), Some(data)) => Some(controls::run(searching, data, seeds, folder, terminal)?),
            _ => None,
        };
        let random = controls.as_ref().map(|controls| &controls.random);
        let file = |name: &str, bytes: &[u8]| write::whole(&folder.join(name), bytes, true);
        file("reward.svg", curve::svg(searching.search, random)?.as_bytes())?;
        let policy = searching.search.policy(JOINED)?;
        if let Some(data) = searching.data {
            file("policy.png", &pictures::sheet(&policy, &data.training)?)?;
        }
        let text = text::markdown(searching, &policy, &warnings, controls.as_ref())?;
        // The last file, so that a report that is there is whole.
        file("report.md", text.as_bytes())?;
        terminal.note(&format!("wrote {}", terminal::name(&folder.join("report.md"))));
        Ok(())
    }
}
