//! Plot: test accuracy over epochs as SVG, a thin line for each seed and a thick one for the mean of each policy.

use std::fmt::Write;

use crate::arms::Arm;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 150.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 50.0;
/// Told apart by people who see colors differently, too.
const COLORS: [&str; 6] = ["#555555", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00"];

/// The accuracies of one policy at one epoch, in percent.
struct Measured {
    epoch: f64,
    mean: f64,
    /// Of each seed.
    each: Vec<f64>,
}

/// The plot of all arms.
pub fn svg(arms: &[Arm]) -> String {
    let measured: Vec<Vec<Measured>> = arms.iter().map(measured).collect();
    let last = measured.iter().flatten().map(|at| at.epoch).fold(1.0, f64::max);
    let all = || measured.iter().flatten().flat_map(|at| at.each.iter().copied());
    // Whole steps of 5 % around what there is.
    let low = (all().fold(100.0, f64::min) / 5.0).floor() * 5.0;
    let high = (all().fold(0.0, f64::max) / 5.0).ceil() * 5.0;
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
    for (i, (arm, measured)) in arms.iter().zip(&measured).enumerate() {
        let color = COLORS[i % COLORS.len()];
        let points = |percent: &dyn Fn(&Measured) -> f64| {
            let point = |at: &Measured| format!("{:.1},{:.1}", x(at.epoch), y(percent(at)));
            measured.iter().map(point).collect::<Vec<_>>().join(" ")
        };
        for seed in 0..arm.runs.len() {
            let path = points(&|at| at.each[seed]);
            line(format!("<path d=\"M{path}\" fill=\"none\" stroke=\"{color}\" stroke-opacity=\"0.35\"/>"));
        }
        let mean = points(&|at| at.mean);
        line(format!("<polyline points=\"{mean}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"3\"/>"));
        let (at, end) = (TOP + 14.0 + 20.0 * i as f64, measured.last().map_or(0.0, |at| at.mean));
        line(format!(
            "<text x=\"{:.1}\" y=\"{at:.1}\" fill=\"{color}\">{} {end:.1} %</text>",
            WIDTH - RIGHT + 10.0,
            arm.name.replace('&', "&amp;").replace('<', "&lt;")
        ));
    }
    text += "</svg>\n";
    text
}

fn measured(arm: &Arm) -> Vec<Measured> {
    let shortest = arm.runs.iter().map(Vec::len).min().unwrap_or(0);
    (0..shortest)
        .map(|i| {
            let each: Vec<f64> = arm.runs.iter().map(|run| 100.0 * run[i].accuracy).collect();
            let mean = each.iter().sum::<f64>() / each.len() as f64;
            Measured { epoch: arm.runs[0][i].epoch as f64, mean, each }
        })
        .collect()
}
