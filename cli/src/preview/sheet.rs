//! Sheet: images in a grid, with a heading over each column and a caption under each image.

use anyhow::{Context, bail};
use autoaugment::{Shape, Size};
use image::{GenericImage, Rgb, RgbImage};

use super::text::Pen;
use crate::read;

/// A column, its cells from above.
pub struct Column {
    pub heading: String,
    pub details: Vec<String>,
    pub cells: Vec<Cell>,
}

/// An image and the lines under it.
pub struct Cell {
    /// Interleaved RGB of the sheet's cell size.
    pub rgb: Vec<u8>,
    pub caption: Vec<String>,
    pub is_changed: bool,
}

pub struct Sheet {
    columns: Vec<Column>,
    cell: Size,
    heading: Pen,
    detail: Pen,
    caption: Pen,
    /// For images that nothing was done to.
    aside: Pen,
    /// Between columns, and what everything else is a multiple of.
    gap: u32,
}

const WHITE: Rgb<u8> = Rgb([255, 255, 255]);
const INK: Rgb<u8> = Rgb([24, 28, 36]);
const SOFT: Rgb<u8> = Rgb([92, 99, 112]);
const RULE: Rgb<u8> = Rgb([222, 225, 230]);

/// The most pixels of the images on a sheet, and of a sheet with all text.
const MOST_IN_CELLS: u64 = 100_000_000;
const MOST: u64 = 150_000_000;

/// Refuses a sheet that would be too large, before any image is read.
pub fn check_cells(cell: Shape, rows: usize, columns: usize) -> anyhow::Result<()> {
    let pixels = (cell.size().pixels() as u64).saturating_mul(rows as u64).saturating_mul(columns as u64);
    if pixels > MOST_IN_CELLS {
        bail!(
            "a sheet of {rows} images in {columns} columns would have {} megapixels and may have {}; name fewer \
             images, or lower --columns or --size",
            pixels / 1_000_000,
            MOST_IN_CELLS / 1_000_000
        );
    }
    Ok(())
}

impl Sheet {
    /// Type and spaces grow with the images.
    pub fn new(columns: Vec<Column>, cell: Size) -> anyhow::Result<Self> {
        let unit = (cell.width as f32 / 160.0).max(0.75);
        Ok(Sheet {
            columns,
            cell,
            heading: Pen::new(17.0 * unit, INK)?,
            detail: Pen::new(13.5 * unit, SOFT)?,
            caption: Pen::new(14.5 * unit, INK)?,
            aside: Pen::new(14.5 * unit, SOFT)?,
            gap: (14.0 * unit).round() as u32,
        })
    }

    /// The most lines that `lines` has anywhere.
    fn most(&self, lines: impl Fn(&Column) -> usize) -> f32 {
        self.columns.iter().map(lines).max().unwrap_or(0) as f32
    }

    pub fn paint(&self) -> anyhow::Result<RgbImage> {
        let (width, height) = (self.cell.width as u32, self.cell.height as u32);
        let margin = self.gap * 2;
        let rows = self.columns.first().map_or(0, |column| column.cells.len()) as u32;
        let columns = self.columns.len() as u32;
        let head = self.heading.line() + self.most(|c| c.details.len()) * self.detail.line();
        let head = (head.ceil() as u32).saturating_add(self.gap);
        let captions = self.most(|c| c.cells.iter().map(|cell| cell.caption.len()).max().unwrap_or(0));
        let foot = ((captions * self.caption.line()).ceil() as u32).saturating_add(self.gap / 2);
        let pitch = height.saturating_add(foot).saturating_add(self.gap);
        let sheet_width = margin * 2 + columns * width + columns.saturating_sub(1) * self.gap;
        let sheet_height = (margin + margin).saturating_add(head).saturating_add(rows.saturating_mul(pitch));
        let sheet_height = sheet_height - self.gap - self.gap / 2;
        let pixels = u64::from(sheet_width) * u64::from(sheet_height);
        if pixels > MOST {
            bail!(
                "the sheet would have {sheet_width} x {sheet_height} pixels and may have {MOST}; its text is too long"
            );
        }
        let mut white = read::reserved(3 * pixels as usize)?;
        white.resize(3 * pixels as usize, WHITE.0[0]);
        let mut sheet = RgbImage::from_raw(sheet_width, sheet_height, white).context("the sheet has no pixels")?;
        for (c, column) in self.columns.iter().enumerate() {
            let x = margin + c as u32 * (width + self.gap);
            self.paint_heading(&mut sheet, column, x, margin);
            for (r, cell) in column.cells.iter().enumerate() {
                let y = margin + head + r as u32 * pitch;
                self.paint_cell(&mut sheet, cell, x, y)?;
            }
        }
        Ok(sheet)
    }

    fn paint_heading(&self, sheet: &mut RgbImage, column: &Column, x: u32, y: u32) {
        let (x, mut y, width) = (x as f32, y as f32, self.cell.width as f32);
        self.heading.write(sheet, &column.heading, (x, y), width);
        y += self.heading.line();
        for line in &column.details {
            self.detail.write(sheet, line, (x, y), width);
            y += self.detail.line();
        }
    }

    fn paint_cell(&self, sheet: &mut RgbImage, cell: &Cell, x: u32, y: u32) -> anyhow::Result<()> {
        let (width, height) = (self.cell.width as u32, self.cell.height as u32);
        // A thin frame, so that white images have an edge.
        for dx in 0..width + 2 {
            sheet.put_pixel(x + dx - 1, y - 1, RULE);
            sheet.put_pixel(x + dx - 1, y + height, RULE);
        }
        for dy in 0..height {
            sheet.put_pixel(x - 1, y + dy, RULE);
            sheet.put_pixel(x + width, y + dy, RULE);
        }
        if let Some(image) = RgbImage::from_raw(width, height, cell.rgb.clone()) {
            sheet.copy_from(&image, x, y)?;
        }
        let mut below = (y + height + self.gap / 3) as f32;
        let pen = if cell.is_changed { &self.caption } else { &self.aside };
        for line in &cell.caption {
            pen.write(sheet, line, (x as f32, below), width as f32);
            below += self.caption.line();
        }
        Ok(())
    }
}
