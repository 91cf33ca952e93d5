//! Plot: throughput over the size of the batch and of the images, in bytes and in images. Each row has its limit as a
//! broken line of its color, and a bar from its slowest round to its fastest at each point.

use std::ops::Range;
use std::path::Path;

use anyhow::{anyhow, bail};
use epaint_default_fonts::UBUNTU_LIGHT;
use plotters::coord::Shift;
use plotters::element::{EmptyElement, PathElement, Polygon, Text};
use plotters::prelude::{
    BindKeyPoints, BitMapBackend, ChartBuilder, DashedLineSeries, DrawingArea, DrawingBackend, IntoDrawingArea,
    IntoLogRange, LineSeries, RGBColor, SVGBackend, WHITE,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, IntoFont, TextStyle, register_font};

use super::measure::Measured;
use super::point::{Line, Point};
use super::report::{Report, significant};
use super::rows::Id;
use super::sweep::{Over, Sweep};
use crate::terminal;

const WIDTH: u32 = 1200;
const HEIGHT: u32 = 900;
/// Of the legend, beside the panels.
const LEGEND: u32 = 256;
/// Pixels of a PNG to one of the SVG.
const FINE: u32 = 2;
pub const FONT: &str = "sans-serif";
const INK: RGBColor = RGBColor(0x33, 0x33, 0x33);
const GRID: RGBColor = RGBColor(0xdd, 0xdd, 0xdd);

/// Refuses a name that says no format.
pub fn check_name(path: &Path) -> anyhow::Result<()> {
    if is_svg(path) || has_extension(path, "png") {
        return Ok(());
    }
    bail!("--plot {}: the plot is an SVG or a PNG, and its name must end in .svg or .png", terminal::name(path));
}

pub fn is_svg(path: &Path) -> bool {
    has_extension(path, "svg")
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case(extension))
}

/// Makes the typeface known to the plotter.
pub fn register() -> anyhow::Result<()> {
    register_font(FONT, FontStyle::Normal, UBUNTU_LIGHT).map_err(|_| anyhow!("the plot's font is unusable"))
}

/// The plot as SVG.
pub fn svg(report: &Report) -> anyhow::Result<String> {
    let mut text = String::new();
    let plot = Plot { report, scale: 1 };
    plot.draw(SVGBackend::with_string(&mut text, (WIDTH, HEIGHT)).into_drawing_area())?;
    Ok(text)
}

/// The plot as interleaved RGB, with its width and height.
pub fn rgb(report: &Report) -> anyhow::Result<(Vec<u8>, [usize; 2])> {
    let [width, height] = [WIDTH * FINE, HEIGHT * FINE];
    let mut rgb = vec![0; (width * height * 3) as usize];
    let plot = Plot { report, scale: FINE };
    plot.draw(BitMapBackend::with_buffer(&mut rgb, (width, height)).into_drawing_area())?;
    Ok((rgb, [width as usize, height as usize]))
}

struct Plot<'a> {
    report: &'a Report,
    /// Pixels of the picture to one of what is laid out here.
    scale: u32,
}

/// What a panel shows.
#[derive(Clone, Copy)]
enum Unit {
    Bytes,
    Images,
}

impl Unit {
    fn label(self) -> &'static str {
        match self {
            Unit::Bytes => "GB/s, images and results",
            Unit::Images => "images/s",
        }
    }

    /// The throughput of the median round.
    fn of(self, line: &Line) -> f64 {
        match self {
            Unit::Bytes => line.bytes_per_second / 1e9,
            Unit::Images => line.images_per_second,
        }
    }

    /// Those of the slowest and of the fastest round.
    fn range(self, line: &Line) -> [f64; 2] {
        let Measured { seconds, fastest_seconds, slowest_seconds, .. } = line.measured;
        [slowest_seconds, fastest_seconds].map(|round| self.of(line) * seconds / round)
    }
}

/// How a row looks: colors that people tell apart who see them differently, and a mark of its own.
#[derive(Clone, Copy)]
struct Look {
    color: RGBColor,
    mark: Mark,
}

/// Corners around a point.
type Mark = &'static [(f64, f64)];

const ROUND: Mark =
    &[(-1.0, -0.4), (-0.4, -1.0), (0.4, -1.0), (1.0, -0.4), (1.0, 0.4), (0.4, 1.0), (-0.4, 1.0), (-1.0, 0.4)];
const SQUARE: Mark = &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)];
const DIAMOND: Mark = &[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)];
const UP: Mark = &[(0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)];
const DOWN: Mark = &[(0.0, 1.2), (1.1, -0.8), (-1.1, -0.8)];

impl Look {
    /// None for limits, which look like what they are the limit of.
    fn of(id: Id) -> Option<Self> {
        let (color, mark) = match id {
            Id::CpuOneThread => (RGBColor(0x55, 0x55, 0x55), ROUND),
            Id::CpuAllThreads => (RGBColor(0x00, 0x72, 0xb2), SQUARE),
            Id::GpuResident => (RGBColor(0xd5, 0x5e, 0x00), UP),
            Id::GpuUpload => (RGBColor(0x00, 0x9e, 0x73), DIAMOND),
            Id::GpuUploadAndReadback => (RGBColor(0xcc, 0x79, 0xa7), DOWN),
            _ => return None,
        };
        Some(Look { color, mark })
    }
}

impl Plot<'_> {
    fn draw<DB: DrawingBackend>(&self, area: DrawingArea<DB, Shift>) -> anyhow::Result<()> {
        register()?;
        area.fill(&WHITE).map_err(failed)?;
        let place = |x, y| (self.px(x), self.px(y));
        for (line, (y, size)) in self.headings().into_iter().zip([(14, 18), (40, 15)]) {
            area.draw(&Text::new(line, place(20, y), self.text(size))).map_err(failed)?;
        }
        let (_, body) = area.split_vertically(self.px(64));
        let (panels, legend) = body.split_horizontally(self.px((WIDTH - LEGEND) as i32));
        let units = [Unit::Bytes, Unit::Images].into_iter();
        let shown = units.flat_map(|unit| self.report.sweeps.iter().map(move |sweep| (unit, sweep)));
        for (panel, (unit, sweep)) in panels.split_evenly((2, self.report.sweeps.len().max(1))).iter().zip(shown) {
            self.panel(panel, sweep, unit)?;
        }
        self.legend(&legend)?;
        area.present().map_err(failed)
    }

    /// What was measured, and on what.
    fn headings(&self) -> [String; 2] {
        let Report { version, policy, source, output, cpu, gpu, .. } = self.report;
        let gpu = gpu.as_ref().map(|gpu| format!("; {} ({})", gpu.name, gpu.backend)).unwrap_or_default();
        let threads = crate::terminal::counted(cpu.threads, "thread", "threads");
        [
            format!("autoaugment {version}: policy {}, u8 to {output}, {source}", shortened(policy)),
            format!("{}, {threads}{gpu}", cpu.name),
        ]
    }

    fn panel<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, Shift>,
        sweep: &Sweep,
        unit: Unit,
    ) -> anyhow::Result<()> {
        let over = |point: &Point| match sweep.over {
            Over::BatchSize => point.images as f64,
            Over::ImageSize => point.side as f64,
        };
        let xs: Vec<f64> = sweep.points.iter().map(over).collect();
        let (first, last) = (xs[0], xs[xs.len() - 1]);
        let (range, ticks) = self.axis(unit);
        let (images, side) = (self.report.table.images, self.report.table.side);
        let (caption, x_label) = match sweep.over {
            Over::BatchSize => (format!("Images of {side} x {side}"), "images of a batch"),
            Over::ImageSize => {
                (format!("Batches of {images} images, fewer beyond {side}"), "width and height in pixels")
            }
        };
        let x_axis = (first / 1.15..last * 1.15).log_scale().with_key_points(xs.clone());
        let mut chart = ChartBuilder::on(area)
            .caption(caption, self.text(16))
            .margin(self.px(8))
            .x_label_area_size(self.px(44))
            .y_label_area_size(self.px(62))
            .build_cartesian_2d(x_axis, range.log_scale().with_key_points(ticks.clone()))
            .map_err(failed)?;
        chart
            .configure_mesh()
            .bold_line_style(GRID.stroke_width(self.scale))
            .light_line_style(WHITE)
            .axis_style(INK.stroke_width(self.scale))
            .label_style(self.text(14))
            .axis_desc_style(self.text(15))
            .x_label_formatter(&|x| format!("{x:.0}"))
            .y_label_formatter(&|y| plain(*y))
            .x_desc(x_label)
            .y_desc(unit.label())
            .draw()
            .map_err(failed)?;
        for (id, look) in self.looks() {
            let curve = |of: Id| {
                let at = |point: &Point| Some((over(point), unit.of(point.line(of)?)));
                sweep.points.iter().filter_map(at).collect::<Vec<_>>()
            };
            if let Some(limit) = id.limit() {
                let (dash, gap) = (self.px(6), self.px(5));
                let line = DashedLineSeries::new(curve(limit), dash, gap, look.color.stroke_width(self.scale));
                chart.draw_series(line).map_err(failed)?;
            }
            chart.draw_series(LineSeries::new(curve(id), look.color.stroke_width(2 * self.scale))).map_err(failed)?;
            let spread = |point: &Point| {
                let [low, high] = unit.range(point.line(id)?);
                Some(PathElement::new(
                    vec![(over(point), low), (over(point), high)],
                    look.color.stroke_width(self.scale),
                ))
            };
            chart.draw_series(sweep.points.iter().filter_map(spread)).map_err(failed)?;
            let mark = |at| EmptyElement::at(at) + Polygon::new(self.corners(look), look.color.filled());
            chart.draw_series(curve(id).into_iter().map(mark)).map_err(failed)?;
        }
        Ok(())
    }

    /// For each row its name and its limit's, in the order of the table.
    fn legend<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> anyhow::Result<()> {
        let mut y = 44;
        for (id, look) in self.looks() {
            let limit = id.limit().and_then(|limit| self.report.table.line(limit));
            for (name, is_limit) in
                [(self.report.table.line(id), false), (limit, true)].into_iter().filter_map(|(l, is)| Some((l?, is)))
            {
                let (from, to) = ((self.px(8), self.px(y)), (self.px(40), self.px(y)));
                if is_limit {
                    let dashes = (0..3).map(|i| self.px(8 + 12 * i));
                    for x in dashes {
                        let line = vec![(x, from.1), (x + self.px(7), from.1)];
                        area.draw(&PathElement::new(line, look.color.stroke_width(self.scale))).map_err(failed)?;
                    }
                } else {
                    let line = PathElement::new(vec![from, to], look.color.stroke_width(2 * self.scale));
                    area.draw(&line).map_err(failed)?;
                    let mark = Polygon::new(self.corners(look), look.color.filled());
                    area.draw(&(EmptyElement::at((self.px(24), from.1)) + mark)).map_err(failed)?;
                }
                let style = self.text(15).pos(Pos::new(HPos::Left, VPos::Center));
                area.draw(&Text::new(legend_text(name, is_limit), (self.px(48), from.1), style)).map_err(failed)?;
                y += 20;
            }
            y += 12;
        }
        Ok(())
    }

    /// The rows that are drawn, and how.
    fn looks(&self) -> impl Iterator<Item = (Id, Look)> {
        self.report.table.rows.iter().filter_map(|line| Some((line.measured.id, Look::of(line.measured.id)?)))
    }

    /// The axis of a unit around what there is, with ticks at 1, 2 and 5 of each power of ten or at the
    /// powers alone.
    fn axis(&self, unit: Unit) -> (Range<f64>, Vec<f64>) {
        let lines = || self.report.sweeps.iter().flat_map(|s| &s.points).flat_map(|p| &p.rows);
        let values = || lines().flat_map(|line| unit.range(line));
        let low = values().fold(f64::INFINITY, f64::min);
        let high = values().fold(0.0, f64::max);
        let powers = (low.log10().floor() as i32)..=(high.log10().ceil() as i32);
        let all: Vec<f64> = powers.flat_map(|p| [1.0, 2.0, 5.0].map(|step| step * 10f64.powi(p))).collect();
        let first = all.iter().rposition(|&tick| tick <= low).unwrap_or(0);
        let last = all.iter().position(|&tick| tick >= high).unwrap_or(all.len() - 1).max(first + 1);
        let is_power = |tick: &f64| (tick.log10() - tick.log10().round()).abs() < 1e-9;
        let shown: Vec<f64> = all[first..=last].iter().copied().filter(|t| high / low < 300.0 || is_power(t)).collect();
        (all[first]..all[last], shown)
    }

    /// The mark's corners around its point.
    fn corners(&self, look: Look) -> Vec<(i32, i32)> {
        let pixels = |length: f64| (4.0 * f64::from(self.scale) * length).round() as i32;
        look.mark.iter().map(|&(x, y)| (pixels(x), pixels(y))).collect()
    }

    fn px(&self, length: i32) -> i32 {
        length * self.scale as i32
    }

    fn text(&self, size: i32) -> TextStyle<'static> {
        (FONT, self.px(size)).into_font().color(&INK)
    }
}

fn legend_text(line: &Line, is_limit: bool) -> String {
    if is_limit { format!("limit: {}", line.name) } else { line.name.clone() }
}

/// A policy in full would be as long as it likes.
fn shortened(policy: &str) -> String {
    const LONGEST: usize = 40;
    match policy.char_indices().nth(LONGEST) {
        None => policy.to_string(),
        Some((end, _)) => format!("{}...", &policy[..end]),
    }
}

/// A tick without digits that say nothing.
fn plain(tick: f64) -> String {
    if tick >= 1.0 { format!("{tick:.0}") } else { significant(tick).trim_end_matches('0').to_string() }
}

fn failed(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow!("drawing the plot: {error}")
}
