//! Curve: the rewards of children in the order of their numbers, and the mean of those around, as SVG.

use anyhow::anyhow;
use autoaugment_search::Search;
use epaint_default_fonts::UBUNTU_LIGHT;
use plotters::element::{Circle, PathElement};
use plotters::prelude::{ChartBuilder, IntoDrawingArea, LineSeries, RGBColor, SVGBackend, SeriesLabelPosition, WHITE};
use plotters::style::{Color, FontStyle, IntoFont, register_font};

const WIDTH: u32 = 900;
const HEIGHT: u32 = 440;
const FONT: &str = "sans-serif";
const INK: RGBColor = RGBColor(0x33, 0x33, 0x33);
const GRID: RGBColor = RGBColor(0xdd, 0xdd, 0xdd);
/// Colors that people tell apart who see them differently.
const SEARCH: RGBColor = RGBColor(0x00, 0x72, 0xb2);
const RANDOM: RGBColor = RGBColor(0xd5, 0x5e, 0x00);

/// The parts of a search that means are taken over.
const PARTS: usize = 16;

/// Its name, its color, and a point for each child.
type Curve = (&'static str, RGBColor, Vec<(f64, f64)>);

/// The plot of a search, and of a random one if there is one.
pub fn svg(search: &Search, random: Option<&Search>) -> anyhow::Result<String> {
    register_font(FONT, FontStyle::Normal, UBUNTU_LIGHT).map_err(|_| anyhow!("the plot's font is unusable"))?;
    let curves: Vec<Curve> = [("this search", SEARCH, Some(search)), ("random search", RANDOM, random)]
        .into_iter()
        .filter_map(|(name, color, search)| Some((name, color, rewards(search?))))
        .collect();
    let all = || curves.iter().flat_map(|(.., points)| points.iter().copied());
    let most = all().map(|(number, _)| number).fold(1.0, f64::max);
    let (low, high) = all().fold((f64::MAX, f64::MIN), |(low, high), (_, reward)| (low.min(reward), high.max(reward)));
    let room = (high - low).max(1e-3) * 0.05;
    let mut text = String::new();
    let area = SVGBackend::with_string(&mut text, (WIDTH, HEIGHT)).into_drawing_area();
    area.fill(&WHITE).map_err(failed)?;
    let style = |size: i32| (FONT, size).into_font().color(&INK);
    let mut chart = ChartBuilder::on(&area)
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(62)
        .build_cartesian_2d(0.0..most, low - room..high + room)
        .map_err(failed)?;
    chart
        .configure_mesh()
        .bold_line_style(GRID)
        .light_line_style(WHITE)
        .axis_style(INK)
        .label_style(style(14))
        .axis_desc_style(style(15))
        .x_label_formatter(&|number| format!("{number:.0}"))
        .y_label_formatter(&|reward| format!("{reward:.3}"))
        .x_desc("children")
        .y_desc("reward")
        .draw()
        .map_err(failed)?;
    for (name, color, points) in curves {
        let dots = points.iter().map(|point| Circle::new(*point, 2, color.mix(0.3).filled()));
        chart.draw_series(dots).map_err(failed)?;
        let line = LineSeries::new(means(&points), color.stroke_width(3));
        let sample = move |(x, y)| PathElement::new([(x, y), (x + 24, y)], color.stroke_width(3));
        chart.draw_series(line).map_err(failed)?.label(name).legend(sample);
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE.mix(0.8))
        .border_style(GRID)
        .legend_area_size(30)
        .label_font(style(15))
        .draw()
        .map_err(failed)?;
    drop(chart);
    area.present().map_err(failed)?;
    drop(area);
    Ok(text)
}

/// The first reward of each policy, with its number from 1.
fn rewards(search: &Search) -> Vec<(f64, f64)> {
    let first = search.jobs().iter().filter(|job| job.again.is_none());
    first.filter_map(|job| Some((job.id as f64 + 1.0, search.reward_of(job)?))).collect()
}

/// The mean number and reward of each part.
fn means(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mean = |part: &[(f64, f64)]| {
        let (numbers, rewards) = part.iter().fold((0.0, 0.0), |(a, b), (number, reward)| (a + number, b + reward));
        (numbers / part.len() as f64, rewards / part.len() as f64)
    };
    points.chunks(points.len().div_ceil(PARTS).max(1)).map(mean).collect()
}

fn failed(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow!("drawing the plot: {error}")
}
