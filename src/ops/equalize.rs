//! Equalize: the histogram of each channel is made flat.

use serde::{Deserialize, Serialize};

use super::lower::{Arg, Lowered};
use super::{Category, ImageStats, Operation, RequiredStats, Table};
use crate::arithmetic::blend::truncated;
use crate::arithmetic::histogram::{Histogram, histograms};
use crate::batch::Size;
use crate::magnitude::Range;

use crate::batch::{Image, Images};
use crate::draw::Draw;
use crate::simd::multiversioned;

/// Maps each channel by a table from the running sum of its histogram.
///
/// A channel with a single value stays unchanged. So does one with fewer than 255 pixels below its brightest value.
///
/// Source: `ImageOps.equalize`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Equalize {}

impl Operation for Equalize {
    const NAME: &'static str = "Equalize";
    const SUMMARY: &'static str = "makes the histogram of each channel flat";
    const EXAMPLES: &'static [&'static str] = &["Equalize"];
    const CATEGORY: Category = Category::Point(RequiredStats::Histogram);
    const RANGE: Range = Range::NONE;
    const WGSL: &'static str = include_str!("../../shaders/ops/equalize.wgsl");

    fn from_draw(_: &mut Draw<'_>) -> Self {
        Equalize {}
    }

    fn reference(&self, image: Image, _: &Images<'_>) -> Image {
        let tables: Vec<_> = histograms(&image).iter().map(equalize).collect();
        image.map_channels(&tables)
    }

    fn table(&self, stats: &ImageStats) -> Table {
        equalize(&stats.counts)
    }

    fn lower(&self, _: Size) -> Lowered {
        Lowered::Point(Arg::Word(0))
    }
}

multiversioned! {
/// The table of one channel: `min(255, (step / 2 + pixels below v) / step)`.
fn equalize(counts: &Histogram) -> Table {
    let total: u32 = counts.iter().sum();
    let last = counts.iter().copied().rfind(|&n| n > 0).unwrap_or(0);
    let step = (total - last) / 255;
    if step == 0 {
        return std::array::from_fn(|v| v as u8);
    }
    let mut sum = step / 2;
    let sums: [u32; 256] = std::array::from_fn(|v| {
        let below = sum;
        sum += counts[v];
        below
    });
    // This is exact, and faster than a division of integers. `f64` rounds the quotient by far less than its distance to
    // the next whole number.
    let step = f64::from(step);
    sums.map(|sum| truncated(f64::from(sum) / step))
}
}
