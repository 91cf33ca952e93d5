//! Table: all arms and the means of equal ones, against four of them, as Markdown.

use autoaugment_search::comparison::{Comparison, Difference};

/// A line of the table: its name, and the arms whose mean it is.
type Line<'a> = (String, Vec<&'a str>);

/// What the lines are compared with.
const AGAINST: [&str; 4] = ["none", "random 25", "random search", "random search, tried again"];

pub fn markdown(comparison: &Comparison) -> String {
    let arms = comparison.arms();
    let lines: Vec<Line<'_>> = arms.iter().map(|arm| (arm.to_string(), vec![*arm])).collect();
    let mut text = String::from("| 25 sub-policies of | accuracy (deviation), seeds |");
    AGAINST.iter().for_each(|name| text += &format!(" less {name} |"));
    text += &format!("\n{}|\n", "|--".repeat(AGAINST.len() + 2));
    for (name, arms) in lines.into_iter().chain(groups(&arms)) {
        let Some(spread) = comparison.spread(&arms) else { continue };
        let (mean, deviation) = (100.0 * spread.mean, 100.0 * spread.deviation);
        text += &format!("| {name} | {mean:.2} ({deviation:.2}), {} |", spread.seeds);
        for against in AGAINST {
            let others = members(&comparison.arms(), against);
            let difference = comparison.difference(&arms, &others).filter(|_| arms != others);
            text += &difference.map_or(" |".to_string(), |difference| format!(" {} |", cell(&difference)));
        }
        text += "\n";
    }
    text
}

/// Mean, standard error, and the seeds with a gain.
fn cell(difference: &Difference) -> String {
    let Difference { spread, wins } = difference;
    format!("{:+.2} ± {:.2}, {wins} of {}", 100.0 * spread.mean, 100.0 * spread.error(), spread.seeds)
}

/// The means over runs and draws.
fn groups<'a>(arms: &[&'a str]) -> Vec<Line<'a>> {
    let mut names: Vec<String> = Vec::new();
    for name in arms.iter().map(|arm| plain(arm)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let line = |name: String| {
        let members = members(arms, &name);
        (format!("**{name}**, mean of {}", members.len()), members)
    };
    names.into_iter().map(line).filter(|(_, members)| members.len() > 1).collect()
}

/// The arms of a name, but for their numbers.
fn members<'a>(arms: &[&'a str], name: &str) -> Vec<&'a str> {
    arms.iter().copied().filter(|arm| plain(arm) == name).collect()
}

/// A name without the number of its run: `random search 1, tried again` is `random search, tried again`.
fn plain(arm: &str) -> String {
    let (name, rest) = arm.split_once(", ").unwrap_or((arm, ""));
    let is_run = |last: &str| last.len() == 1 && last.parse::<u8>().is_ok();
    let name = name.rsplit_once(' ').filter(|(_, last)| is_run(last)).map_or(name, |(name, _)| name);
    let is_plain = rest.is_empty() || rest.starts_with("draw ");
    if is_plain { name.to_string() } else { format!("{name}, {rest}") }
}
