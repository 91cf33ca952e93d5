//! StatsPlot: a bar for each operation, as long as it is often applied, with its strength beside it.

use std::path::Path;

use anyhow::anyhow;
use plotters::coord::Shift;
use plotters::element::{Rectangle, Text};
use plotters::prelude::{BitMapBackend, Color, DrawingArea, DrawingBackend, IntoDrawingArea, SVGBackend, WHITE};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{IntoFont, RGBColor, TextStyle};

use super::stats::{Report, Row, Strength};
use crate::bench;
use crate::encode::{self, Format};

const WIDTH: u32 = 900;
/// Of a bar with the space around it.
const LINE: u32 = 26;
const HEAD: u32 = 64;
/// Where bars begin and end.
const LEFT: i32 = 150;
const RIGHT: i32 = 560;
/// Pixels of a PNG to one of the SVG.
const FINE: u32 = 2;
const INK: RGBColor = RGBColor(0x33, 0x33, 0x33);
const SOFT: RGBColor = RGBColor(0x77, 0x77, 0x77);
const BAR: RGBColor = RGBColor(0x00, 0x72, 0xb2);

/// The plot's file, by the name's extension.
pub fn bytes(report: &Report, path: &Path) -> anyhow::Result<Vec<u8>> {
    bench::register_plot_font()?;
    let height = HEAD + LINE * report.operations.len() as u32 + LINE / 2;
    if bench::is_svg(path) {
        let mut text = String::new();
        draw(report, SVGBackend::with_string(&mut text, (WIDTH, height)).into_drawing_area(), 1)?;
        return Ok(text.into_bytes());
    }
    let [width, height] = [WIDTH * FINE, height * FINE];
    let mut rgb = vec![0; (width * height * 3) as usize];
    draw(report, BitMapBackend::with_buffer(&mut rgb, (width, height)).into_drawing_area(), FINE as i32)?;
    encode::encode(&rgb, [height as usize, width as usize, 3], Format::Png, 100, 1)
}

fn draw<DB: DrawingBackend>(report: &Report, area: DrawingArea<DB, Shift>, scale: i32) -> anyhow::Result<()> {
    let failed = |error: &dyn std::fmt::Display| anyhow!("drawing the plot: {error}");
    let text = |size: i32, color: &'static RGBColor, side: HPos| -> TextStyle<'static> {
        TextStyle::from((bench::PLOT_FONT, size * scale).into_font()).color(color).pos(Pos::new(side, VPos::Center))
    };
    area.fill(&WHITE).map_err(|e| failed(&e))?;
    let title = Text::new(report.heading(), (20 * scale, 26 * scale), text(16, &INK, HPos::Left));
    area.draw(&title).map_err(|e| failed(&e))?;
    let most = report.operations.iter().map(|row| row.per_image).fold(1e-9, f64::max);
    for (i, row) in report.operations.iter().enumerate() {
        let y = (HEAD as i32 + LINE as i32 * i as i32) * scale;
        let end = LEFT * scale + (f64::from((RIGHT - LEFT) * scale) * row.per_image / most).round() as i32;
        let name = Text::new(row.op.to_string(), ((LEFT - 10) * scale, y), text(14, &INK, HPos::Right));
        area.draw(&name).map_err(|e| failed(&e))?;
        let bar = Rectangle::new([(LEFT * scale, y - 8 * scale), (end, y + 8 * scale)], BAR.filled());
        area.draw(&bar).map_err(|e| failed(&e))?;
        let often = Text::new(words(row), (end + 8 * scale, y), text(13, &SOFT, HPos::Left));
        area.draw(&often).map_err(|e| failed(&e))?;
    }
    area.present().map_err(|e| failed(&e))
}

/// How often and how strongly.
fn words(row: &Row) -> String {
    let often = format!("{:.1} % of images", 100.0 * row.images);
    match &row.strength {
        Some(Strength { parameter, mean, .. }) => format!("{often}, |{parameter}| {mean:.3} on average"),
        None => often,
    }
}
