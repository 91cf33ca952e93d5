//! Lines: JSON values of a file or a stream, one a line, with their numbers in messages.

use std::io::{BufRead, Read};

use anyhow::{Context, bail};
use serde::de::DeserializeOwned;

/// The most bytes of a line.
const LONGEST: u64 = 1 << 20;

/// The lines that are not empty.
pub struct Lines<R> {
    source: R,
    place: String,
    number: usize,
    read: u64,
    only_whole: bool,
}

pub struct Line {
    text: Vec<u8>,
    /// Where it is, for messages.
    place: String,
    /// The bytes up to its end.
    pub end: u64,
}

impl<R: BufRead> Lines<R> {
    pub fn new(source: R, place: impl Into<String>) -> Self {
        Lines { source, place: place.into(), number: 0, read: 0, only_whole: false }
    }

    /// Leaves out a last line without a line break, which a kill cut off.
    pub fn only_whole(self) -> Self {
        Lines { only_whole: true, ..self }
    }

    fn read_line(&mut self) -> anyhow::Result<Option<Line>> {
        loop {
            let mut text = Vec::new();
            self.number += 1;
            let place = format!("{}: line {}", self.place, self.number);
            let read = (&mut self.source).take(LONGEST).read_until(b'\n', &mut text).with_context(|| place.clone())?;
            self.read += read as u64;
            let is_whole = text.ends_with(b"\n");
            if read as u64 == LONGEST && !is_whole {
                bail!("{place}: it is longer than {LONGEST} bytes");
            }
            if read == 0 || (self.only_whole && !is_whole) {
                return Ok(None);
            }
            if !text.trim_ascii().is_empty() {
                return Ok(Some(Line { text, place, end: self.read }));
            }
        }
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = anyhow::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read_line().transpose()
    }
}

impl Line {
    pub fn json<T: DeserializeOwned>(&self) -> anyhow::Result<T> {
        serde_json::from_slice(&self.text).with_context(|| self.place.clone())
    }
}
