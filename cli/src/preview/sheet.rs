//! Sheet: pictures in grids, with a title, a heading over each column and a caption under each picture.

use anyhow::{Context, bail};
use image::{GenericImage, Rgb, RgbImage};

use super::text::Pen;
use crate::read;

/// A grid, with a heading over each column or none at all.
#[derive(Default)]
pub struct Band {
    pub headings: Vec<Heading>,
    /// None where there is nothing to show.
    pub rows: Vec<Vec<Option<Cell>>>,
}

#[derive(Clone, Default)]
pub struct Heading {
    pub text: String,
    pub details: Vec<String>,
}

/// A picture and the lines under it.
#[derive(Clone)]
pub struct Cell {
    pub picture: RgbImage,
    pub caption: Vec<String>,
    pub is_changed: bool,
}

impl Cell {
    /// A picture with what was done to it.
    pub fn new(picture: RgbImage, caption: Vec<String>) -> Self {
        match caption.is_empty() {
            true => Cell { picture, caption: vec!["unchanged".to_string()], is_changed: false },
            false => Cell { picture, caption, is_changed: true },
        }
    }
}

pub struct Sheet {
    /// The first line is large.
    title: Vec<String>,
    bands: Vec<Band>,
    /// The width of a column.
    side: u32,
    name: Pen,
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

/// The most pixels of the pictures on a sheet, and of a sheet with all text.
const MOST_IN_CELLS: u64 = 100_000_000;
const MOST: u64 = 150_000_000;
/// Columns go on below where a sheet would be wider than so many pixels, or have more of them.
const WIDEST: u32 = 2200;
const MOST_BESIDE: u32 = 12;

/// Refuses a sheet that would be too large, before any image is read.
pub fn check_cells(side: u32, rows: usize, columns: usize) -> anyhow::Result<()> {
    let pixels = u64::from(side * side).saturating_mul(rows as u64).saturating_mul(columns as u64);
    if pixels > MOST_IN_CELLS {
        bail!(
            "a sheet of {rows} images in {columns} columns would have {} megapixels and may have {}; lower --images, \
             --columns or --size",
            pixels / 1_000_000,
            MOST_IN_CELLS / 1_000_000
        );
    }
    Ok(())
}

/// The columns beside one another on a sheet of pictures of this width.
pub fn columns_of_a_line(side: u32) -> usize {
    (WIDEST / (side + gap(unit(side)))).clamp(2, MOST_BESIDE) as usize
}

/// A pen for words inside pictures of this width.
pub fn small_pen(side: u32) -> anyhow::Result<Pen> {
    Pen::new(11.5 * unit(side), INK)
}

/// Type and spaces grow with the pictures.
fn unit(side: u32) -> f32 {
    (side as f32 / 160.0).max(0.75)
}

fn gap(unit: f32) -> u32 {
    (14.0 * unit).round() as u32
}

impl Sheet {
    pub fn new(title: Vec<String>, mut bands: Vec<Band>, side: u32) -> anyhow::Result<Self> {
        let unit = unit(side);
        let caption = Pen::new(14.5 * unit, INK)?;
        for cell in bands.iter_mut().flat_map(|band| &mut band.rows).flatten().flatten() {
            cell.caption = cell.caption.iter().flat_map(|line| caption.wrapped(line, side as f32)).collect();
        }
        Ok(Sheet {
            title,
            bands,
            side,
            name: Pen::new(22.0 * unit, INK)?,
            heading: Pen::new(17.0 * unit, INK)?,
            detail: Pen::new(13.5 * unit, SOFT)?,
            caption,
            aside: Pen::new(14.5 * unit, SOFT)?,
            gap: gap(unit),
        })
    }

    pub fn paint(&self) -> anyhow::Result<RgbImage> {
        let margin = self.gap * 2;
        let columns = self.bands.iter().map(Band::columns).max().unwrap_or(0) as u32;
        let width = u64::from(margin) * 2 + u64::from(columns) * u64::from(self.side + self.gap);
        let width = width.saturating_sub(self.gap.into());
        let heights: u64 = self.bands.iter().map(|band| u64::from(self.height(band))).sum();
        let height = u64::from(margin) * 2 + u64::from(self.title_height()) + heights;
        let height = height.saturating_sub(u64::from(self.gap + self.gap / 2));
        let pixels = width.saturating_mul(height);
        if pixels > MOST {
            bail!("the sheet would have {width} x {height} pixels and may have {MOST}; its text is too long");
        }
        let mut white = read::reserved(3 * pixels as usize)?;
        white.resize(3 * pixels as usize, WHITE.0[0]);
        let sheet = RgbImage::from_raw(width as u32, height as u32, white);
        let mut sheet = sheet.context("the sheet has no pixels")?;
        let room = (width as u32).saturating_sub(2 * margin) as f32;
        let mut y = margin as f32;
        for (i, line) in self.title.iter().enumerate() {
            let pen = if i == 0 { &self.name } else { &self.detail };
            pen.write(&mut sheet, line, (margin as f32, y), room);
            y += pen.line();
        }
        let mut y = margin + self.title_height();
        for band in &self.bands {
            self.paint_band(&mut sheet, band, margin, y)?;
            y += self.height(band);
        }
        Ok(sheet)
    }

    fn title_height(&self) -> u32 {
        match self.title.len() as u32 {
            0 => 0,
            lines => (self.name.line() + (lines - 1) as f32 * self.detail.line()).ceil() as u32 + self.gap,
        }
    }

    fn head(&self, band: &Band) -> u32 {
        if band.headings.is_empty() {
            return 0;
        }
        let details = band.headings.iter().map(|heading| heading.details.len()).max().unwrap_or(0);
        (self.heading.line() + details as f32 * self.detail.line()).ceil() as u32 + self.gap / 2
    }

    /// The height of a row's pictures, and of the row with all below them.
    fn row(&self, row: &[Option<Cell>]) -> (u32, u32) {
        let picture = row.iter().flatten().map(|cell| cell.picture.height()).max().unwrap_or(0);
        let lines = row.iter().flatten().map(|cell| cell.caption.len()).max().unwrap_or(0);
        let text = (lines as f32 * self.caption.line()).ceil() as u32;
        (picture, picture.saturating_add(text).saturating_add(self.gap + self.gap / 2))
    }

    fn height(&self, band: &Band) -> u32 {
        let rows = band.rows.iter().map(|row| self.row(row).1);
        rows.fold(self.head(band), u32::saturating_add)
    }

    fn paint_band(&self, sheet: &mut RgbImage, band: &Band, left: u32, top: u32) -> anyhow::Result<()> {
        let x = |column: usize| left + column as u32 * (self.side + self.gap);
        for (column, Heading { text, details }) in band.headings.iter().enumerate() {
            let (x, mut y, width) = (x(column) as f32, top as f32, self.side as f32);
            self.heading.write(sheet, text, (x, y), width);
            y += self.heading.line();
            for line in details {
                self.detail.write(sheet, line, (x, y), width);
                y += self.detail.line();
            }
        }
        let mut y = top + self.head(band);
        for row in &band.rows {
            let (picture, height) = self.row(row);
            for (column, cell) in row.iter().enumerate() {
                if let Some(cell) = cell {
                    // Pictures of one row stand on one line.
                    self.paint_cell(sheet, cell, x(column), y + picture - cell.picture.height())?;
                }
            }
            y += height;
        }
        Ok(())
    }

    fn paint_cell(&self, sheet: &mut RgbImage, cell: &Cell, x: u32, y: u32) -> anyhow::Result<()> {
        let (width, height) = cell.picture.dimensions();
        // A thin frame, so that white images have an edge.
        for dx in 0..width + 2 {
            sheet.put_pixel(x + dx - 1, y - 1, RULE);
            sheet.put_pixel(x + dx - 1, y + height, RULE);
        }
        for dy in 0..height {
            sheet.put_pixel(x - 1, y + dy, RULE);
            sheet.put_pixel(x + width, y + dy, RULE);
        }
        sheet.copy_from(&cell.picture, x, y)?;
        let mut below = (y + height + self.gap / 3) as f32;
        let pen = if cell.is_changed { &self.caption } else { &self.aside };
        for line in &cell.caption {
            pen.write(sheet, line, (x as f32, below), self.side as f32);
            below += self.caption.line();
        }
        Ok(())
    }
}

impl Band {
    fn columns(&self) -> usize {
        self.rows.iter().map(Vec::len).max().unwrap_or(0).max(self.headings.len())
    }
}
