//! Resume: a record beside the outputs, which tells whether they belong to the same call.

use std::fmt::{self, Debug, Write};
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};

use anyhow::bail;

use crate::{terminal, write};

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
        match (fs::read_to_string(&self.record), output) {
            (Ok(call), _) if call != self.call => bail!(
                "--resume: another call or version made {}; use another folder, or remove this file to begin anew",
                terminal::name(&self.record)
            ),
            (Err(_), Some(output)) => bail!(
                "{} exists, and no run with --resume has begun here; --force overwrites it",
                terminal::name(output)
            ),
            _ => Ok(()),
        }
    }

    /// Records the call, unless it is recorded.
    pub fn begin(&self) -> anyhow::Result<()> {
        match self.record.exists() {
            true => Ok(()),
            false => write::whole(&self.record, self.call.as_bytes(), false),
        }
    }
}

/// Hashes what is written.
struct Hash(DefaultHasher);

impl Write for Hash {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}
