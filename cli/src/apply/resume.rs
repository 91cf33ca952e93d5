//! Resume: a record beside the outputs, which tells whether they belong to the same call.

use std::fmt::{self, Debug, Write};
use std::fs::OpenOptions;
use std::hash::{DefaultHasher, Hasher};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::{read, terminal, write};

/// The most bytes of a record that are read. It has a line for the call, and one for each plan.
const LONGEST: u64 = 1 << 16;

/// The record's name.
const RECORD: &str = ".autoaugment-resume";

pub struct Resume {
    record: PathBuf,
    call: String,
}

impl Resume {
    /// `call` is all that the outputs' bytes depend on, but for the contents of the inputs.
    pub fn new(out: &Path, call: &impl Debug) -> anyhow::Result<Self> {
        let mut hash = Hash(DefaultHasher::new());
        write!(hash, "{call:?}")?;
        let call = format!("autoaugment {}, call {:016x}\n", env!("CARGO_PKG_VERSION"), hash.0.finish());
        Ok(Resume { record: out.join(RECORD), call })
    }

    /// Refuses another call's record, and an output of a run that recorded nothing.
    pub fn check(&self, output: Option<&Path>) -> anyhow::Result<()> {
        match (self.recorded()?, output) {
            (Some(record), _) if !record.starts_with(&self.call) => bail!(
                "--resume: another call or version made {}; use another folder, or remove this file to begin anew",
                terminal::name(&self.record)
            ),
            (None, Some(output)) => bail!(
                "{} exists, and no run with --resume has begun here; write to another folder",
                terminal::name(output)
            ),
            _ => Ok(()),
        }
    }

    /// Whether the run wrote a plan to this file before, so that it may be replaced.
    pub fn has_plan(&self, path: &Path) -> anyhow::Result<bool> {
        let line = plan_line(path);
        Ok(self.recorded()?.is_some_and(|record| record.lines().any(|known| known == line.trim_end())))
    }

    /// Records the call and the file of its plan, unless they are recorded.
    pub fn begin(&self, plan: Option<&Path>) -> anyhow::Result<()> {
        if self.recorded()?.is_none() {
            write::whole(&self.record, self.call.as_bytes(), false)?;
        }
        match plan {
            Some(path) if !self.has_plan(path)? => {
                let file = OpenOptions::new().append(true).open(&self.record);
                let written = file.and_then(|mut file| io::Write::write_all(&mut file, plan_line(path).as_bytes()));
                written.with_context(|| write::failed(&self.record))
            }
            _ => Ok(()),
        }
    }

    fn recorded(&self) -> anyhow::Result<Option<String>> {
        if self.record.symlink_metadata().is_err() {
            return Ok(None);
        }
        let (file, _) = read::open(&self.record).with_context(|| terminal::name(&self.record))?;
        let mut text = Vec::new();
        file.take(LONGEST).read_to_end(&mut text)?;
        Ok(Some(String::from_utf8_lossy(&text).into_owned()))
    }
}

fn plan_line(path: &Path) -> String {
    format!("plan {:?}\n", write::resolved(path))
}

/// Hashes what is written.
struct Hash(DefaultHasher);

impl Write for Hash {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}
