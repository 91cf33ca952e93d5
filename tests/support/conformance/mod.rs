//! Conformance: cases with what Pillow makes of them, running them on any executor, and comparing bytes.
//!
//! A test reads cases with [`CaseFile`], has [`run`] send them through an executor, and gives what was expected and
//! what it got to a [`Comparison`], which panics in the end with all that differ:
//!
//! ```ignore
//! let mut comparison = Comparison::new("reference against Pillow");
//! run(&executor, &cases, |case, got| comparison.check(case, Expected(&bytes), Got(got)));
//! comparison.finish();
//! ```

mod casefile;
mod compare;
mod difference;
mod magnitudes;
mod picture;
mod python;
mod run;

use std::io::Write;

pub use casefile::{CaseFile, Expectation, FixtureCase, Magnitude, digest};
pub use compare::{Comparison, Expected, Got, compare};
pub use difference::Difference;
pub use magnitudes::compare_magnitudes;
pub use picture::{Picture, architecture_says, repository, splitmix64 as noise, with_comma};
pub use python::Python;
pub use run::run;

use autoaugment::Op;
use std::sync::Arc;

/// Operations on a picture.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it is about, for people: `torchvision magnitude 3`.
    pub why: String,
    pub picture: Arc<Picture>,
    /// What image 1 is where an operation speaks of image 1 of the batch. Image 0 is the picture itself.
    pub partner: Option<Arc<Picture>>,
    pub ops: Vec<Op>,
}

impl std::fmt::Display for Case {
    /// `Rotate(degrees=30, ...) + Invert [torchvision magnitude 3] on mixed, 65 x 63 x 3`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ops: Vec<_> = self.ops.iter().map(Op::to_string).collect();
        let Picture { name, width, height, channels, .. } = &*self.picture;
        write!(f, "{} [{}] on {name}, {width} x {height} x {channels}", ops.join(" + "), self.why)
    }
}

/// Writes a line to standard error past the test harness, which keeps what passing tests print to itself.
pub fn say(line: &str) {
    // A closed standard error is no reason to fail.
    let _ = writeln!(std::io::stderr(), "{line}");
}
