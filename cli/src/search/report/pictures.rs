//! Pictures: the found policy's contact sheet, of images as children see them.

use anyhow::Context;
use autoaugment::{Batch, Device, Executor, Layout, Output, Policy, Shape};
use autoaugment_search::Images;

use crate::choices::Drawing;
use crate::encode::{self, Format};
use crate::preview::sheet::{Cell, Column, Sheet};
use crate::preview::{cells, columns};

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
    let bytes = side * side * channels;
    let rgb: Vec<u8> = pixels[..rows * bytes].chunks_exact(*channels).flat_map(in_rgb).collect();
    let shape = Shape { images: rows, height: *side, width: *side, channels: 3 };
    let batch = Batch::new(&rgb[..], shape, Layout::Nhwc)?;
    let executor = Executor::new(Device::Cpu)?;
    let drawing = Drawing { policy: None, convention: None, interpolation: None, fill: None, seed: 0, epoch: 0 };
    let numbers: Vec<usize> = (1..=policy.sub_policies.len().min(COLUMNS)).collect();
    let originals = rgb.chunks_exact(3 * side * side).zip(labels);
    let original = |(rgb, label): (&[u8], &u32)| Cell {
        rgb: rgb.to_vec(),
        caption: vec![format!("class {label}")],
        is_changed: true,
    };
    let originals = originals.map(original).collect();
    let mut shown = vec![Column { heading: "original".to_string(), details: Vec::new(), cells: originals }];
    for column in columns::of_sub_policies(policy, &numbers, &drawing)? {
        let plan = column.plan(shape)?;
        let (tensor, _) = executor.apply(&batch, &plan, &Output::u8())?;
        let bytes = tensor.data.as_u8().context("the augmented images are no bytes")?;
        shown.push(Column { heading: column.heading, details: column.details, cells: cells(bytes, &plan, shape) });
    }
    // Every pixel becomes a square of pixels: children see no finer ones.
    let factor = WIDTH.div_ceil(*side);
    for cell in shown.iter_mut().flat_map(|column| &mut column.cells) {
        cell.rgb = enlarged(&cell.rgb, *side, factor);
    }
    let shape = Shape { height: side * factor, width: side * factor, ..shape };
    let image = Sheet::new(shown, shape.size())?.paint()?;
    let (width, height) = (image.width() as usize, image.height() as usize);
    encode::encode(image.as_raw(), [height, width, 3], Format::Png, 100, 1)
}

fn in_rgb(pixel: &[u8]) -> [u8; 3] {
    match pixel {
        [red, green, blue] => [*red, *green, *blue],
        gray => [gray[0]; 3],
    }
}

fn enlarged(rgb: &[u8], side: usize, factor: usize) -> Vec<u8> {
    let places = (0..side * factor).flat_map(|y| (0..side * factor).map(move |x| (y / factor) * side + x / factor));
    places.flat_map(|place| [rgb[3 * place], rgb[3 * place + 1], rgb[3 * place + 2]]).collect()
}
