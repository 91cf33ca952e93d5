//! Sheet: images in rows, what is done to them in columns, and the run of all cells on an executor.

use autoaugment::{Executor, ImageView, Op, Output, Plan, PlannedImage, Result, Size, Tensor};
use serde::Serialize;
use serde_json::json;

use crate::columns::Column;
use crate::difference::Difference;
use crate::failure::Failure;
use crate::request::Request;

/// The most pixels of all cells: about what a phone computes in some seconds.
const MOST_PIXELS: usize = 24_000_000;

/// An image of the page's user.
#[derive(Clone, Debug)]
pub struct Picture {
    pub size: Size,
    /// Interleaved RGB.
    pub rgb: Vec<u8>,
}

/// The columns of a request, planned for some images.
pub struct Sheet {
    columns: Vec<Column>,
    groups: Vec<Group>,
}

/// The images of one size. They run together.
struct Group {
    size: Size,
    /// Their places among all images.
    rows: Vec<usize>,
    /// Column after column, the rows of each.
    plan: Plan,
}

/// A cell, for the page.
#[derive(Serialize)]
struct Cell {
    row: usize,
    column: usize,
    width: usize,
    height: usize,
    caption: Vec<String>,
    /// The operations with all parameters, as text and as a plan has them.
    operations: Vec<String>,
    ops: Vec<Op>,
    is_difference: bool,
}

/// The pixels of a sheet.
pub struct Done {
    /// Interleaved RGB of all cells, in the order of the description.
    pub cells: Vec<Vec<u8>>,
    /// What a difference's caption says, by the place of its cell.
    pub captions: Vec<(usize, Vec<String>)>,
    pub device: String,
}

impl Sheet {
    /// Plans every cell.
    pub fn new(request: &Request, sizes: &[Size]) -> Result<Self, Failure> {
        let columns = Column::all(request)?;
        check_pixels(sizes, columns.len())?;
        let mut groups: Vec<Group> = Vec::new();
        for (row, &size) in sizes.iter().enumerate() {
            match groups.iter_mut().find(|group| group.size == size) {
                Some(group) => group.rows.push(row),
                None => groups.push(Group { size, rows: vec![row], plan: Plan::new(Vec::new()) }),
            }
        }
        for group in &mut groups {
            let mut images = Vec::new();
            for column in &columns {
                let planned = column.plan(&group.rows, group.size)?;
                images.extend(planned.into_iter().map(|ops| PlannedImage { ops, ..PlannedImage::default() }));
            }
            group.plan = Plan::new(images);
        }
        Ok(Sheet { columns, groups })
    }

    /// Headings, and the cells in the order of their pixels, as JSON.
    pub fn describe(&self) -> serde_json::Value {
        let heading = |column: &Column| json!({ "heading": column.heading, "details": column.details });
        let columns: Vec<_> = self.columns.iter().map(heading).collect();
        json!({ "columns": columns, "cells": self.cells().collect::<Vec<_>>() })
    }

    fn cells(&self) -> impl Iterator<Item = Cell> {
        self.groups.iter().flat_map(|group| {
            let places = (0..self.columns.len()).flat_map(|column| group.rows.iter().map(move |&row| (column, row)));
            places.zip(group.plan.images()).map(|((column, row), planned)| Cell {
                row,
                column,
                width: group.size.width,
                height: group.size.height,
                caption: planned.ops.iter().map(Op::caption).collect(),
                operations: planned.ops.iter().map(Op::to_string).collect(),
                ops: planned.ops.clone(),
                is_difference: self.columns[column].is_difference(),
            })
        })
    }

    /// Runs all cells, without waiting for a GPU.
    #[cfg(target_arch = "wasm32")]
    pub async fn run(&self, pictures: &[Picture], executor: &Executor) -> Result<Done> {
        let mut tensors = Vec::new();
        for group in &self.groups {
            let views = group.views(pictures, self.columns.len())?;
            tensors.push(executor.apply_async(&views[..], &group.plan, &Output::u8()).await?.0);
        }
        Ok(self.done(tensors.iter().map(bytes), executor.description()))
    }

    /// Runs all cells.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn run(&self, pictures: &[Picture], executor: &Executor) -> Result<Done> {
        let mut tensors = Vec::new();
        for group in &self.groups {
            let views = group.views(pictures, self.columns.len())?;
            tensors.push(executor.apply(&views[..], &group.plan, &Output::u8())?.0);
        }
        Ok(self.done(tensors.iter().map(bytes), executor.description()))
    }

    /// Cuts the results of all groups into cells, and computes the differences.
    fn done<'a>(&self, results: impl Iterator<Item = &'a [u8]>, device: String) -> Done {
        let (mut cells, mut captions) = (Vec::<Vec<u8>>::new(), Vec::new());
        for (group, bytes) in self.groups.iter().zip(results) {
            let (first, rows) = (cells.len(), group.rows.len());
            cells.extend(bytes.chunks_exact(3 * group.size.pixels()).map(<[u8]>::to_vec));
            for column in (2..self.columns.len()).filter(|&column| self.columns[column].is_difference()) {
                for row in 0..rows {
                    let place = first + column * rows + row;
                    let (difference, apart) = Difference::of(&cells[place - 2 * rows], &cells[place - rows]);
                    cells[place] = apart;
                    captions.push((place, difference.caption()));
                }
            }
        }
        Done { cells, captions, device }
    }
}

impl Group {
    /// The images as often as there are columns, where they lie.
    fn views<'a>(&self, pictures: &'a [Picture], columns: usize) -> Result<Vec<ImageView<'a>>> {
        let cells = (0..columns).flat_map(|_| &self.rows);
        cells.map(|&row| ImageView::new(&pictures[row].rgb, self.size, 3)).collect()
    }
}

fn bytes(tensor: &Tensor) -> &[u8] {
    tensor.data.as_u8().unwrap_or_default()
}

/// Refuses a sheet that would take long, before anything is planned.
fn check_pixels(sizes: &[Size], columns: usize) -> Result<(), Failure> {
    let pixels = sizes.iter().map(|size| size.pixels()).sum::<usize>().saturating_mul(columns);
    if pixels <= MOST_PIXELS {
        return Ok(());
    }
    let (wanted, most) = (pixels / 1_000_000, MOST_PIXELS / 1_000_000);
    Err(Failure::new(
        "columns",
        format!("the sheet would have {wanted} megapixels and may have {most}; take fewer columns, or smaller images"),
    ))
}
