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

/// The means over runs.
fn groups<'a>(arms: &[&'a str]) -> Vec<Line<'a>> {
    let names = ["random 25", "random search", "random search, tried again", "controller", "controller, tried again"];
    let line = |name: &str| {
        let members = members(arms, name);
        (format!("**{name}**, mean of {}", members.len()), members)
    };
    names.iter().map(|name| line(name)).filter(|(_, members)| members.len() > 1).collect()
}

/// The arms of a name, but for their numbers: `random search 1, tried again` is `random search, tried again`.
fn members<'a>(arms: &[&'a str], name: &str) -> Vec<&'a str> {
    let plain = |arm: &str| {
        let words = arm.replace(", draw", "").replace(", tried again", " again");
        words.split(' ').filter(|word| *word == "25" || word.parse::<u32>().is_err()).collect::<Vec<_>>().join(" ")
    };
    arms.iter().copied().filter(|arm| plain(arm) == plain(name)).collect()
}
