//! Journal: a search as a file of JSON lines, to which jobs and outcomes are appended.
//!
//! The first line says what the search is. A strategy is a function of its seed and of what it has learned, so that the
//! journal is all that a search needs to continue. The last line may be cut off by a kill; it is dropped then.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::search::{Job, Outcome};

/// The first line: what the search is. A search continues only from a journal with the same one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// The version of the form, 1.
    pub version: u32,
    /// The strategy, its settings, the space, the child and the data, as the program that searches describes them.
    pub search: Value,
    /// The seed of the search.
    pub seed: u64,
}

impl Start {
    /// The first line of a journal. `None` if there is no journal or its first line was cut off.
    ///
    /// # Errors
    /// [`Error::Journal`] if the file cannot be read, or its first line is not that of a journal.
    pub fn of(path: &Path) -> Result<Option<Self>> {
        let refused = |reason: String| Error::Journal { path: path.to_path_buf(), reason };
        check_kind(path)?;
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(|error| refused(error.to_string()))?,
        };
        let first = whole_line(&mut BufReader::new(file)).map_err(|error| refused(error.to_string()))?;
        let start = first.map(|line| serde_json::from_str(&line));
        start.transpose().map_err(|error| refused(format!("line 1: {error}")))
    }

    /// Where another start differs, in words; nothing if it is the same.
    fn differences(&self, found: &Start) -> Vec<String> {
        let fields = |start: &Start| serde_json::to_value(start).unwrap_or_default();
        let mut all = Vec::new();
        add_differences("", &fields(self), &fields(found), &mut all);
        all
    }
}

/// Adds one text for each field that differs: `search.children is 400, and 800 was expected`.
fn add_differences(place: &str, expected: &Value, found: &Value, all: &mut Vec<String>) {
    if let (Value::Object(expected), Value::Object(found)) = (expected, found) {
        let others = found.keys().filter(|key| !expected.contains_key(*key));
        for key in expected.keys().chain(others) {
            let place = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
            let of = |fields: &Map<String, Value>| fields.get(key).cloned().unwrap_or_default();
            add_differences(&place, &of(expected), &of(found), all);
        }
    } else if expected != found {
        all.push(format!("{place} is {found}, and {expected} was expected"));
    }
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
        check_kind(path)?;
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(system)?;
        // Two searches in one journal would mix their jobs.
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => refused("another search has it open".to_string()),
            TryLockError::Error(error) => refused(format!("it cannot be locked: {error}")),
        })?;
        let mut journal = Journal { path: path.to_path_buf(), file };
        let (texts, whole) = whole_lines(&journal.file).map_err(system)?;
        let Some((first, rest)) = texts.split_first() else {
            journal.check_beginning(start)?;
            journal.cut_off(0).map_err(system)?;
            journal.append(start)?;
            return Ok((journal, Vec::new()));
        };
        let found: Start = serde_json::from_str(first).map_err(|error| journal.refused(format!("line 1: {error}")))?;
        if found != *start {
            let differences = start.differences(&found).join("; ");
            return Err(journal.refused(format!("it is of another search: {differences}")));
        }
        let lines = (2..).zip(rest).map(|(number, text)| match serde_json::from_str(text) {
            Ok(line) => Ok((number, line)),
            Err(error) => Err(journal.refused(format!("line {number}: {error}"))),
        });
        let lines = lines.collect::<Result<_>>()?;
        // Not before everything else is known to be a journal's: another file stays as it is.
        journal.cut_off(whole).map_err(system)?;
        Ok((journal, lines))
    }

    /// Refuses a file without a line break that is not the beginning of the first line.
    fn check_beginning(&mut self, start: &Start) -> Result<()> {
        let mut there = Vec::new();
        let read = self.file.rewind().and_then(|()| self.file.read_to_end(&mut there));
        read.map_err(|error| self.refused(error.to_string()))?;
        let line = serde_json::to_vec(start).map_err(|error| self.refused(error.to_string()))?;
        match line.starts_with(&there) {
            true => Ok(()),
            false => Err(self.refused("it is no journal, and is left as it is".to_string())),
        }
    }

    /// Drops what is behind `whole` bytes, and appends from there on.
    fn cut_off(&mut self, whole: u64) -> io::Result<()> {
        if self.file.metadata()?.len() > whole {
            let path = self.path.display();
            tracing::warn!("{path}: the last line has no end and is dropped, as a stop in the middle leaves one");
        }
        self.file.set_len(whole)?;
        self.file.seek(SeekFrom::End(0)).map(drop)
    }

    pub fn refused(&self, reason: String) -> Error {
        Error::Journal { path: self.path.clone(), reason }
    }

    /// Writes a line.
    pub fn append(&mut self, value: &impl Serialize) -> Result<()> {
        let mut text = serde_json::to_string(value).map_err(|error| self.refused(error.to_string()))?;
        text.push('\n');
        // One call, so that a kill leaves a whole line or a part of one at the end.
        let written = self.file.write_all(text.as_bytes());
        written.map_err(|error| Error::NotWritten { path: self.path.clone(), error })
    }
}

/// Refuses pipes, devices and folders. A pipe would never end.
fn check_kind(path: &Path) -> Result<()> {
    match fs::metadata(path) {
        Ok(there) if !there.is_file() => {
            Err(Error::Journal { path: path.to_path_buf(), reason: "it is no regular file".to_string() })
        }
        // What is not there can be begun, and opening says why else it cannot be looked at.
        _ => Ok(()),
    }
}

/// The lines that end with a line break, and their bytes in all.
fn whole_lines(file: &File) -> io::Result<(Vec<String>, u64)> {
    let mut reader = BufReader::new(file);
    let (mut lines, mut bytes) = (Vec::new(), 0);
    while let Some(line) = whole_line(&mut reader)? {
        bytes += line.len() as u64 + 1;
        lines.push(line);
    }
    Ok((lines, bytes))
}

/// The next line, without its line break. `None` at the end, or if the last line has none.
fn whole_line(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    let read = io::Read::take(reader, LONGEST).read_until(b'\n', &mut line)?;
    match line.pop() {
        Some(b'\n') => String::from_utf8(line).map(Some).map_err(io::Error::other),
        _ if read as u64 == LONGEST => Err(io::Error::other(format!("a line is longer than {LONGEST} bytes"))),
        _ => Ok(None),
    }
}
