//! Speed: rows of `autoaugment bench` over sizes, batches, forms and groupings.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use autoaugment::gpu::Grouping;
use serde::{Deserialize, Serialize};

use crate::cases::Extent;

/// The most bytes of a batch's results.
const MOST: usize = 1 << 30;

/// What one call of `autoaugment bench` measures.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    pub side: usize,
    pub images: usize,
    pub dtype: &'static str,
    pub grouping: Grouping,
}

/// A line of the results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    pub side: usize,
    pub images: usize,
    pub dtype: String,
    pub grouping: String,
    /// `gpu_resident`, `gpu_upload`, `copy_kernel`, and so on.
    pub row: String,
    pub images_per_second: f64,
    /// Images and results.
    pub gigabytes_per_second: f64,
    /// The part of the row that only moves the same bytes; 0 for such a row.
    pub of_limit: f64,
    /// From the fastest round to the slowest, as a part of the median.
    pub spread: f64,
}

/// What the bench prints, as far as it is read here.
#[derive(Deserialize)]
struct Printed {
    gpu: Option<Adapter>,
    rows: Vec<Row>,
}

/// The adapter of the results.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Adapter {
    pub name: String,
    pub backend: String,
    pub kind: String,
    pub driver: String,
    pub is_software: bool,
    /// Whether the device's own clock timed what stays on it.
    pub has_timestamps: bool,
}

#[derive(Deserialize)]
struct Row {
    id: String,
    spread: f64,
    images_per_second: f64,
    bytes_per_second: f64,
    of_limit: Option<f64>,
}

/// What is measured.
pub fn points(extent: Extent) -> Vec<Point> {
    if extent == Extent::Short {
        return vec![Point { side: 32, images: 32, dtype: "u8", grouping: Grouping::Auto }];
    }
    let mut points = Vec::new();
    for side in [32, 224, 512] {
        for images in [32, 256, 2048] {
            for (dtype, bytes) in [("u8", 1), ("f16", 2), ("f32", 4)] {
                if images * side * side * 3 * bytes <= MOST {
                    points.push(Point { side, images, dtype, grouping: Grouping::Auto });
                }
            }
        }
        // Each division of a batch among dispatches.
        points.extend(Grouping::ALL.map(|grouping| Point { side, images: 256, dtype: "u8", grouping }));
    }
    points
}

/// Measures a point with the command line, for about `seconds` a row.
pub fn measure(bench: &Path, device: &str, point: Point, seconds: f64) -> Result<(Adapter, Vec<Line>)> {
    let Point { side, images, dtype, grouping } = point;
    let mut command = Command::new(bench);
    command.args(["bench", "--json", "--quiet", "--device", device, "--dtype", dtype]);
    command.args(["--grouping", grouping.name(), "--seconds", &seconds.to_string()]);
    command.args(["--size", &side.to_string(), "--batch", &images.to_string()]);
    let output = command.output().with_context(|| format!("{} does not start", bench.display()))?;
    let error = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "{point:?}: {}", error.trim());
    let printed: Printed = serde_json::from_slice(&output.stdout).context("what `autoaugment bench` printed")?;
    let adapter = printed.gpu.context("`autoaugment bench` found no GPU")?;
    let line = |row: Row| Line {
        side,
        images,
        dtype: dtype.to_string(),
        grouping: grouping.name().to_string(),
        row: row.id,
        images_per_second: row.images_per_second,
        gigabytes_per_second: row.bytes_per_second / 1e9,
        of_limit: row.of_limit.unwrap_or(0.0),
        spread: row.spread,
    };
    Ok((adapter, printed.rows.into_iter().map(line).collect()))
}

impl Line {
    /// The same of two runs.
    pub fn is_like(&self, other: &Line) -> bool {
        let key = |line: &Line| (line.side, line.images, line.dtype.clone(), line.grouping.clone(), line.row.clone());
        key(self) == key(other)
    }

    pub fn csv(&self) -> String {
        let Line { side, images, dtype, grouping, row, images_per_second, gigabytes_per_second, of_limit, spread } =
            self;
        format!(
            "{side},{images},{dtype},{grouping},{row},{images_per_second:.1},{gigabytes_per_second:.3},{of_limit:.4},\
             {spread:.4}"
        )
    }
}

/// The first line of the table.
pub const COLUMNS: &str = "side,images,dtype,grouping,row,images_per_second,gigabytes_per_second,of_limit,spread";
