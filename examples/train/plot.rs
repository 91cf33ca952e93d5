//! Plot: test accuracy over epochs as SVG, a band from the worst seed to the best and the mean for each policy.

use std::fmt::Write;

use crate::arms::Arm;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 150.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 50.0;
/// Told apart by people who see colours differently, too.
const COLORS: [&str; 6] = ["#555555", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00"];

/// What is drawn of one policy at one epoch, in percent.
struct Band {
    epoch: f64,
    low: f64,
    mean: f64,
    high: f64,
}

/// The plot of all arms.
pub fn svg(arms: &[Arm]) -> String {
    let bands: Vec<Vec<Band>> = arms.iter().map(bands).collect();
    let all = || bands.iter().flatten();
    let last = all().map(|band| band.epoch).fold(1.0, f64::max);
    // Whole steps of 5 % around what there is.
    let low = (all().map(|band| band.low).fold(100.0, f64::min) / 5.0).floor() * 5.0;
    let high = (all().map(|band| band.high).fold(0.0, f64::max) / 5.0).ceil() * 5.0;
    let x = |epoch: f64| LEFT + (WIDTH - LEFT - RIGHT) * epoch / last;
    let y = |percent: f64| HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (percent - low) / (high - low).max(1.0);

    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"13\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n"
    );
    // Writing to a string cannot fail.
    let mut line = |part: String| {
        let _ = writeln!(text, "{part}");
    };
    for percent in (low as i64..=high as i64).step_by(5) {
        let at = y(percent as f64);
        line(format!("<path d=\"M{LEFT} {at:.1}H{:.1}\" stroke=\"#dddddd\"/>", WIDTH - RIGHT));
        line(format!("<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{percent} %</text>", LEFT - 6.0, at + 4.0));
    }
    for step in 0..=4 {
        let epoch = (last * f64::from(step) / 4.0).round();
        let at = HEIGHT - BOTTOM + 18.0;
        line(format!("<text x=\"{:.1}\" y=\"{at:.1}\" text-anchor=\"middle\">{epoch}</text>", x(epoch)));
    }
    let middle = (LEFT + WIDTH - RIGHT) / 2.0;
    line(format!("<text x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\">epoch</text>", HEIGHT - 12.0));
    for (i, (arm, band)) in arms.iter().zip(&bands).enumerate() {
        let color = COLORS[i % COLORS.len()];
        let point = |band: &Band, percent: f64| format!("{:.1},{:.1}", x(band.epoch), y(percent));
        let forth = band.iter().map(|b| point(b, b.high));
        let back = band.iter().rev().map(|b| point(b, b.low));
        let outline: Vec<String> = forth.chain(back).collect();
        line(format!("<polygon points=\"{}\" fill=\"{color}\" fill-opacity=\"0.15\"/>", outline.join(" ")));
        let mean: Vec<String> = band.iter().map(|b| point(b, b.mean)).collect();
        line(format!("<polyline points=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\"/>", mean.join(" ")));
        let (at, end) = (TOP + 14.0 + 20.0 * i as f64, band.last().map_or(0.0, |b| b.mean));
        line(format!(
            "<text x=\"{:.1}\" y=\"{at:.1}\" fill=\"{color}\">{} {end:.1} %</text>",
            WIDTH - RIGHT + 10.0,
            arm.name.replace('&', "&amp;").replace('<', "&lt;")
        ));
    }
    text += "</svg>\n";
    text
}

fn bands(arm: &Arm) -> Vec<Band> {
    let shortest = arm.runs.iter().map(Vec::len).min().unwrap_or(0);
    (0..shortest)
        .map(|i| {
            let at: Vec<f64> = arm.runs.iter().map(|run| 100.0 * run[i].accuracy).collect();
            Band {
                epoch: arm.runs[0][i].epoch as f64,
                low: at.iter().copied().fold(100.0, f64::min),
                mean: at.iter().sum::<f64>() / at.len() as f64,
                high: at.iter().copied().fold(0.0, f64::max),
            }
        })
        .collect()
}
