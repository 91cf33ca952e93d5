//! Difference: what is wrong with one result, in words and as a picture.

use std::fmt;
use std::path::{Path, PathBuf};

use super::{Case, Expected, Got, Picture};

/// How a result differs from what was expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The case in words.
    pub case: String,
    /// Bytes that differ, of how many, and by how much at most.
    pub bytes: usize,
    pub of: usize,
    pub largest: u8,
    /// The first pixel that differs: column, row, and its channels.
    pub at: (usize, usize),
    pub source: Vec<u8>,
    pub expected: Vec<u8>,
    pub got: Vec<u8>,
}

impl Difference {
    pub fn of(case: &Case, expected: Expected<'_>, got: Got<'_>) -> Option<Self> {
        let picture = &*case.picture;
        assert_eq!(
            expected.0.len(),
            picture.bytes.len(),
            "{case}: what is expected has another length than the source"
        );
        assert_eq!(got.0.len(), picture.bytes.len(), "{case}: the result has another length than the source");
        let distances = || expected.0.iter().zip(got.0).map(|(e, g)| e.abs_diff(*g));
        let first = distances().position(|d| d > 0)?;
        let pixel = first / picture.channels;
        let channels = pixel * picture.channels..(pixel + 1) * picture.channels;
        Some(Difference {
            case: case.to_string(),
            bytes: distances().filter(|&d| d > 0).count(),
            of: picture.bytes.len(),
            largest: distances().max().unwrap_or(0),
            at: (pixel % picture.width, pixel / picture.width),
            source: picture.bytes[channels.clone()].to_vec(),
            expected: expected.0[channels.clone()].to_vec(),
            got: got.0[channels].to_vec(),
        })
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { case, bytes, of, largest, at: (x, y), source, expected, got } = self;
        write!(
            f,
            "{case}: {bytes} of {of} bytes differ, by {largest} at most; first at column {x}, row {y}: \
             source {source:?}, expected {expected:?}, got {got:?}"
        )
    }
}

/// The folder for pictures of differences, inside cargo's target folder.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("diff")
}

/// Writes source, expected, got and (white on black) where they differ side by side, and says where.
pub fn save(case: &Case, name: &str, expected: Expected<'_>, got: Got<'_>) -> PathBuf {
    let source = &*case.picture;
    let marks: Vec<u8> = expected.0.iter().zip(got.0).map(|(e, g)| if e == g { 0 } else { 255 }).collect();
    let sides = [source.clone(), source.with(expected.0), source.with(got.0), source.with(&marks)];
    let path = folder().join(format!("{name}.png"));
    side_by_side(&sides).save(&path);
    path
}

/// The pictures from left to right with a gap between, pixels enlarged so that small pictures can be seen.
fn side_by_side(sides: &[Picture]) -> Picture {
    const GAP: usize = 8;
    let Picture { width, height, channels, .. } = sides[0];
    let scale = (128 / width.max(height)).max(1);
    let (w, h) = (width * scale, height * scale);
    let mut out = Picture {
        name: "sides".to_string(),
        width: sides.len() * (w + GAP) - GAP,
        height: h,
        channels,
        bytes: Vec::new(),
    };
    for y in 0..h {
        for x in 0..out.width {
            let (side, column) = (x / (w + GAP), x % (w + GAP));
            if column < w {
                out.bytes.extend_from_slice(sides[side].pixel(column / scale, y / scale));
            } else {
                out.bytes.extend(std::iter::repeat_n(128, channels));
            }
        }
    }
    out
}
