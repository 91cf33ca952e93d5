//! Pictures: the found policy's contact sheet, of images as children see them.

use anyhow::Context;
use autoaugment::{Batch, Device, Executor, Layout, Output, Plan, Policy, Sampler, Shape};
use autoaugment_search::Images;

use crate::decode::{self, DecodedImage};
use crate::encode::{self, Format};
use crate::preview::sheet::{Band, Cell, Heading, Sheet};
use crate::preview::{captions, columns, picture};

/// Images of the sheet, and the most sub-policies.
const ROWS: usize = 4;
const COLUMNS: usize = 8;
/// The least width of an image on the sheet.
const WIDTH: usize = 112;

/// A PNG of the first sub-policies of a policy, each with random draws.
pub fn sheet(policy: &Policy, images: &Images) -> anyhow::Result<Vec<u8>> {
    let Images { pixels, labels, side, channels, .. } = images;
    // Classes come in turns, so that the first images are of different ones.
    let rows = labels.len().min(ROWS);
    let shape = Shape { images: rows, height: *side, width: *side, channels: *channels };
    let batch = Batch::new(&pixels[..shape.values()], shape, Layout::Nhwc)?;
    let executor = Executor::new(Device::Cpu)?;
    let numbers: Vec<usize> = (1..=policy.sub_policies.len().min(COLUMNS)).collect();
    // Every pixel becomes a square of pixels: children see no finer ones.
    let width = (side * WIDTH.div_ceil(*side)) as u32;
    let cells = |plan: &Plan| -> anyhow::Result<Vec<Cell>> {
        let (tensor, _) = executor.apply(&batch, plan, &Output::u8())?;
        let bytes = tensor.data.as_u8().context("the augmented images are no bytes")?;
        let images = bytes.chunks_exact(shape.values_per_image()).zip(plan.images());
        let cell = |(data, planned): (&[u8], &autoaugment::PlannedImage)| {
            let image = DecodedImage { height: *side, width: *side, channels: *channels, data: data.to_vec() };
            Ok(Cell::new(picture::scaled(&decode::rgb(image)?, width), captions::of(&planned.ops)))
        };
        images.map(cell).collect()
    };
    let mut originals = cells(&Plan::uniform(rows, Vec::new()))?;
    for (cell, label) in originals.iter_mut().zip(labels) {
        *cell = Cell { caption: vec![format!("class {label}")], is_changed: true, ..cell.clone() };
    }
    let mut headings = vec![Heading { text: "original".to_string(), ..Heading::default() }];
    let mut lines: Vec<Vec<Option<Cell>>> = originals.into_iter().map(|cell| vec![Some(cell)]).collect();
    let places: Vec<u64> = (0..rows as u64).collect();
    for column in columns::of_sub_policies(policy, &numbers, Sampler::new(policy.clone(), 0)?, 0) {
        for (line, cell) in lines.iter_mut().zip(cells(&column.plan(shape, &places)?)?) {
            line.push(Some(cell));
        }
        headings.push(Heading { text: column.heading, details: column.details });
    }
    let image = Sheet::new(Vec::new(), vec![Band { headings, rows: lines }], width)?.paint()?;
    let (width, height) = (image.width() as usize, image.height() as usize);
    encode::encode(image.as_raw(), [height, width, 3], Format::Png, 100, 1)
}
