//! Plan out: the file of `--plan-out`, begun before the work.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use autoaugment::Plan;

use crate::inputs::Input;
use crate::write::{self, Kept, Pending};
use crate::{read, terminal};

pub enum PlanOut {
    Standard,
    File(PathBuf, Pending),
}

/// The most entries. They are held in memory, with some 500 bytes each.
const MOST: usize = 4_000_000;

/// Refuses more entries than a plan may have.
pub fn check_length(outputs: usize) -> anyhow::Result<()> {
    if outputs > MOST {
        bail!("--plan-out: the run has {outputs} outputs, and a plan at most {MOST}; leave --plan-out out");
    }
    Ok(())
}

/// Refuses inputs that a plan cannot name.
pub fn check_names(inputs: &[Input]) -> anyhow::Result<()> {
    match inputs.iter().find(|input| input.planned_name().is_none()) {
        None => Ok(()),
        Some(input) => bail!(
            "--plan-out: {} is no UTF-8, and a plan is text; rename the file, or leave --plan-out out",
            terminal::name(&input.path)
        ),
    }
}

impl PlanOut {
    /// A path, or `-` for standard output. Refuses a file that the run reads, and without `overwrites` any that is
    /// there.
    pub fn open(path: &Path, kept: &Kept<'_>, overwrites: bool) -> anyhow::Result<Self> {
        if read::is_standard(path) {
            return Ok(PlanOut::Standard);
        }
        write::check_free(path, overwrites)?;
        kept.check(path)?;
        let pending = Pending::create(path, overwrites).with_context(|| write::failed(path))?;
        Ok(PlanOut::File(path.to_path_buf(), pending))
    }

    pub fn finish(self, plan: &Plan) -> anyhow::Result<()> {
        let json = plan.to_json();
        match self {
            PlanOut::Standard => terminal::data(&json),
            PlanOut::File(path, mut pending) => {
                let written = pending.file().and_then(|file| file.write_all(json.as_bytes()));
                written.and_then(|()| pending.finish()).with_context(|| write::failed(&path))
            }
        }
    }
}
