//! Point: one size of batch and image, and what was measured there.

use serde::Serialize;

use super::measure::Measured;
use super::rows::Id;
use super::work::Work;

/// All rows for batches of one size.
#[derive(Serialize)]
pub struct Point {
    pub images: usize,
    /// Width and height.
    pub side: usize,
    pub input_bytes: usize,
    pub output_bytes: usize,
    pub rows: Vec<Line>,
}

/// A row in the units that people compare.
#[derive(Serialize)]
pub struct Line {
    pub name: String,
    #[serde(flatten)]
    pub measured: Measured,
    pub images_per_second: f64,
    /// Images and results.
    pub bytes_per_second: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub images_per_cpu_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Id>,
    /// What part of the limit's throughput this has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of_limit: Option<f64>,
}

impl Point {
    pub fn of(work: &Work, measured: Vec<Measured>, threads: usize) -> Self {
        let (images, side) = (work.shape().images, work.shape().width);
        let (input_bytes, output_bytes) = (work.input_bytes(), work.output_bytes());
        let seconds_of = |id| measured.iter().find(|other| other.id == id).map(|other| other.seconds);
        let line = |own: &Measured| Line {
            name: own.id.name(threads),
            images_per_second: images as f64 / own.seconds,
            bytes_per_second: (input_bytes + output_bytes) as f64 / own.seconds,
            images_per_cpu_second: own.cpu_seconds.map(|seconds| images as f64 / seconds),
            limit: own.id.limit(),
            of_limit: own.id.limit().and_then(seconds_of).map(|limit| limit / own.seconds),
            measured: own.clone(),
        };
        let rows = measured.iter().map(line).collect();
        Point { images, side, input_bytes, output_bytes, rows }
    }

    pub fn line(&self, id: Id) -> Option<&Line> {
        self.rows.iter().find(|line| line.measured.id == id)
    }
}
