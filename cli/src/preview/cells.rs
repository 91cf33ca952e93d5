//! Cells: a sink that keeps augmented images as a sheet shows them.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use autoaugment::mixing::MixPlan;
use autoaugment::{Layout, Shape, Tensor, TensorData};
use image::RgbImage;

use super::pool::Chosen;
use super::sheet::{self, Cell};
use super::text::Pen;
use super::{Run, captions, picture};
use crate::annotations::Annotations;
use crate::decode::{self, DecodedImage};
use crate::inputs::Input;
use crate::run::{Applied, Entry, Sink};

/// Where a cell stands: its image, and its column.
pub type Place = (usize, usize);

pub struct Cells<'a> {
    /// The width of a column.
    pub side: u32,
    /// For the names of classes.
    pub pen: Pen,
    /// Images from this number on are not shown.
    pub shown: usize,
    pub annotations: Option<&'a Annotations>,
    /// The file of each input.
    pub inputs: Vec<Option<&'a Input>>,
    /// Whether images stay as large as they are, to be mixed.
    pub keeps_whole: bool,
    pub cells: Mutex<BTreeMap<Place, Cell>>,
}

impl<'a> Cells<'a> {
    /// The cells of the first images, in squares of `side` pixels.
    pub fn new(run: &Run<'a>, chosen: &Chosen<'a>, side: u32, shown: usize) -> anyhow::Result<Self> {
        let inputs = chosen.images.iter().map(|&image| chosen.pool.input(image)).collect();
        let annotations = run.annotations;
        let pen = sheet::small_pen(side)?;
        Ok(Cells { side, pen, shown, annotations, inputs, keeps_whole: false, cells: Mutex::default() })
    }

    pub fn into_cells(self) -> BTreeMap<Place, Cell> {
        self.cells.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Cells<'_> {
    fn is_there(&self, _: Entry) -> bool {
        false
    }

    fn write(&self, entry: Entry, applied: Applied<'_>) -> anyhow::Result<()> {
        if entry.input >= self.shown {
            return Ok(());
        }
        let Shape { height, width, channels, .. } = applied.tensor.shape;
        let data = applied.bytes().context("the augmented images are no bytes")?.to_vec();
        let image = decode::rgb(DecodedImage { height, width, channels, data })?;
        let mut picture = if self.keeps_whole { image } else { picture::scaled(&image, self.side) };
        if let (Some(annotations), Some(input)) = (self.annotations, self.inputs.get(entry.input).copied().flatten())
            && let Some(targets) = annotations.of(input, applied.size)?
        {
            let moved = targets.moved(applied.planned, applied.size, annotations.rules)?;
            picture::draw(&mut picture, &moved.targets, moved.size, &self.pen);
        }
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        cells.insert((entry.input, entry.copy), Cell::new(picture, captions::of(&applied.planned.ops)));
        Ok(())
    }
}

/// Images of one size mixed by a plan, in floats as training does.
pub fn mixed(images: &[&RgbImage], plan: &MixPlan) -> anyhow::Result<Vec<RgbImage>> {
    let (width, height) = images.first().map_or((0, 0), |image| image.dimensions());
    let shape = Shape { images: images.len(), height: height as usize, width: width as usize, channels: 3 };
    let values = images.iter().flat_map(|image| image.as_raw()).map(|&byte| f32::from(byte)).collect();
    let tensor = Tensor { shape, layout: Layout::Nhwc, data: TensorData::F32(values) };
    let TensorData::F32(values) = plan.apply(&tensor)?.data else { return Ok(Vec::new()) };
    let bytes = |values: &[f32]| values.iter().map(|value| value.round() as u8).collect();
    let image = |values: &[f32]| RgbImage::from_raw(width, height, bytes(values)).context("the image has no size");
    values.chunks_exact(shape.values_per_image()).map(image).collect()
}
