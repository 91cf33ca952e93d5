//! Journal: a search as a file of JSON lines, to which jobs and outcomes are appended.
//!
//! The first line says what the search is. A strategy is a function of its seed and of what it has learned, so that the
//! journal is all that a search needs to continue. The last line may be cut off by a kill; it is dropped then.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::search::{Job, Outcome};

/// The first line: what the search is. A search continues only from a journal with the same one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// The version of the form, 1.
    pub version: u32,
    /// The strategy, its settings, the space, the child and the data, as the program that searches describes them.
    pub search: serde_json::Value,
    /// The seed of the search.
    pub seed: u64,
}

/// A line after the first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Line {
    Job(Job),
    Outcome(Outcome),
}

/// The most bytes of a line. A policy of the paper's space takes some 200.
const LONGEST: u64 = 1 << 20;

pub(crate) struct Journal {
    path: PathBuf,
    file: File,
}

impl Journal {
    /// Opens or begins a journal. Returns what it has, with the numbers of the lines.
    pub fn open(path: &Path, start: &Start) -> Result<(Self, Vec<(usize, Line)>)> {
        let refused = |reason: String| Error::Journal { path: path.to_path_buf(), reason };
        let system = |error: io::Error| refused(error.to_string());
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(system)?;
        // Two searches in one journal would mix their jobs.
        file.try_lock().map_err(|error| refused(format!("another search has it open: {error}")))?;
        let mut journal = Journal { path: path.to_path_buf(), file };
        let (texts, whole) = whole_lines(&journal.file).map_err(system)?;
        journal.file.set_len(whole).map_err(system)?;
        journal.file.seek(SeekFrom::End(0)).map_err(system)?;
        let Some((first, rest)) = texts.split_first() else {
            journal.append(start)?;
            return Ok((journal, Vec::new()));
        };
        let found: Start = serde_json::from_str(first).map_err(|error| journal.refused(format!("line 1: {error}")))?;
        if found != *start {
            let [found, start] = [&found, start].map(|start| serde_json::to_string(start).unwrap_or_default());
            return Err(journal.refused(format!("it is of another search: expected {start}, got {found}")));
        }
        let lines = (2..).zip(rest).map(|(number, text)| match serde_json::from_str(text) {
            Ok(line) => Ok((number, line)),
            Err(error) => Err(journal.refused(format!("line {number}: {error}"))),
        });
        let lines = lines.collect::<Result<_>>()?;
        Ok((journal, lines))
    }

    pub fn refused(&self, reason: String) -> Error {
        Error::Journal { path: self.path.clone(), reason }
    }

    /// Writes a line.
    pub fn append(&mut self, value: &impl Serialize) -> Result<()> {
        let mut text = serde_json::to_string(value).map_err(|error| self.refused(error.to_string()))?;
        text.push('\n');
        // One call, so that a kill leaves a whole line or a part of one at the end.
        self.file.write_all(text.as_bytes()).map_err(|error| self.refused(error.to_string()))
    }
}

/// The lines that end with a line break, and their bytes in all.
fn whole_lines(file: &File) -> io::Result<(Vec<String>, u64)> {
    let mut reader = BufReader::new(file);
    let (mut lines, mut bytes) = (Vec::new(), 0);
    loop {
        let mut line = String::new();
        let read = io::Read::take(&mut reader, LONGEST).read_line(&mut line)?;
        if !line.ends_with('\n') {
            if read as u64 == LONGEST {
                return Err(io::Error::other(format!("a line is longer than {LONGEST} bytes")));
            }
            return Ok((lines, bytes));
        }
        bytes += read as u64;
        line.pop();
        lines.push(line);
    }
}
