//! Text: the report's Markdown.

use std::fmt::Write;

use anyhow::Context;
use autoaugment::{OpKind, Policy};
use autoaugment_search::comparison::Comparison;
use autoaugment_search::{Job, Warning};
use sha2::{Digest, Sha256};

use super::controls::{EPOCHS, FOUND, RANDOM_SEARCH};
use super::{Controls, Searching};
use crate::search::run::JOINED;
use crate::terminal;

/// The whole report.
pub fn markdown(
    searching: &Searching<'_>,
    policy: &Policy,
    warnings: &[Warning],
    controls: Option<&Controls>,
) -> anyhow::Result<String> {
    let Searching { search, data, .. } = searching;
    let mut text = String::from("# A policy that was searched\n\n");
    text += &origin(searching)?;
    if !warnings.is_empty() {
        text += "\n## Warnings\n\n";
        warnings.iter().for_each(|warning| text += &format!("* {warning}.\n"));
    }
    text += "\n## Rewards\n\n![Reward over children](reward.svg)\n\n\
             Each dot is a child. The lines are means of as many children as a sixteenth of the search has.\n";
    if let Some(signal) = search.signal() {
        text += &format!(
            "\nStandard deviations of rewards: {:.4} between policies, {:.4} between seeds of one policy.\n",
            signal.policies, signal.noise
        );
    }
    if let Some(controls) = controls {
        text += &comparison(controls)?;
    }
    text += &format!("\n## The policy\n\n```text\n{policy}\n```\n");
    if data.is_some() {
        text += "\n![The first sub-policies on some images](policy.png)\n";
    }
    text += &operations(searching, policy)?;
    text += &distances(searching)?;
    Ok(text)
}

/// Where the policy came from.
fn origin(searching: &Searching<'_>) -> anyhow::Result<String> {
    let Searching { search, searched, proxy, data, journal, .. } = searching;
    let failed = search.outcomes().values().filter(|outcome| outcome.accuracy.is_none()).count();
    let seconds: f64 = search.outcomes().values().map(|outcome| outcome.seconds).sum();
    let best = search.best(1).first().map_or(f64::NAN, |(_, reward)| *reward);
    let journal_bytes = std::fs::read(journal).with_context(|| terminal::name(journal))?;
    let digest: String = Sha256::digest(&journal_bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let mut text = String::from("| | |\n|--|--|\n");
    let mut row = |name: &str, value: String| {
        let _ = writeln!(text, "| {name} | {value} |");
    };
    if let Some(data) = data {
        let (training, validation) = (&data.training, &data.validation);
        let (side, channels) = (training.side, training.channels);
        row("images", format!("{} for training, {} for validation", training.len(), validation.len()));
        row("their form", format!("{side} x {side} x {channels}, {} classes", training.classes));
    }
    row("strategy", searched.strategy_name());
    row("seed", proxy.description.seed.to_string());
    row("children", format!("{}, of which {failed} failed", search.done()));
    row("time of all children", format!("{seconds:.0} seconds"));
    row("best mean reward", format!("{best:.4}"));
    if let Some(entropy) = search.strategy().entropy() {
        row("entropy of the last batch", format!("{entropy:.1} nats"));
    }
    row("digest of the proxy", format!("`{}`", proxy.description.digest()?));
    row("SHA-256 of the journal", format!("`{digest}`"));
    row("version", env!("CARGO_PKG_VERSION").to_string());
    Ok(text)
}

/// The table of controls.
fn comparison(Controls { comparison, random, tested }: &Controls) -> anyhow::Result<String> {
    let seeds = comparison.spread(&[FOUND]).map_or(0, |spread| spread.seeds);
    let mut text = format!(
        "\n## Against others\n\nNetworks were trained anew with {seeds} seeds, for {EPOCHS} epochs. They were tested \
         on {tested} images that no child saw. Accuracies are in percent: mean, and standard deviation over seeds. The \
         last columns have the found policy's gain seed by seed: mean, standard error, and the seeds with a gain. The \
         random search had {} children.\n\n| policy | accuracy | deviation | gain of the found one | seeds |\n\
         |--|--|--|--|--|\n",
        random.done()
    );
    for arm in comparison.arms() {
        text += &arm_row(comparison, arm)?;
    }
    Ok(text)
}

fn arm_row(comparison: &Comparison, arm: &str) -> anyhow::Result<String> {
    let spread = comparison.spread(&[arm]).context("an arm was not trained")?;
    let (mean, deviation) = (100.0 * spread.mean, 100.0 * spread.deviation);
    let gain = match comparison.difference(&[FOUND], &[arm]).filter(|_| arm != FOUND) {
        Some(gain) => format!(
            "{:+.2} ± {:.2} | {} of {}",
            100.0 * gain.spread.mean,
            100.0 * gain.spread.error(),
            gain.wins,
            gain.spread.seeds
        ),
        None => "| ".to_string(),
    };
    let name = if [FOUND, RANDOM_SEARCH].contains(&arm) { format!("**{arm}**") } else { arm.to_string() };
    Ok(format!("| {name} | {mean:.2} | {deviation:.2} | {gain} |\n"))
}

/// How often each operation occurs among the first and the last children, and in the policy.
fn operations(searching: &Searching<'_>, policy: &Policy) -> anyhow::Result<String> {
    let search = searching.search;
    let first: Vec<&Job> = search.jobs().iter().filter(|job| job.again.is_none()).collect();
    let fifth = first.len().div_ceil(5);
    let policies = |jobs: &[&Job]| -> anyhow::Result<Vec<Policy>> {
        jobs.iter().map(|job| Ok(search.space().policy(&job.tokens)?)).collect()
    };
    let columns = [policies(&first[..fifth])?, policies(&first[first.len() - fifth..])?, vec![policy.clone()]];
    let part = |policies: &[Policy], op: OpKind| {
        let steps = || policies.iter().flat_map(|policy| &policy.sub_policies).flat_map(|sub_policy| &sub_policy.steps);
        100.0 * steps().filter(|step| step.op == op).count() as f64 / steps().count().max(1) as f64
    };
    let mut rows: Vec<(OpKind, [f64; 3])> =
        search.space().operations().iter().map(|&op| (op, columns.each_ref().map(|column| part(column, op)))).collect();
    rows.sort_by(|(_, a), (_, b)| b[2].total_cmp(&a[2]).then(b[1].total_cmp(&a[1])));
    let mut text = String::from(
        "\n## Operations\n\nOf all steps, the percentage with each operation.\n\n\
         | operation | first fifth of the children | last fifth | the policy |\n|--|--|--|--|\n",
    );
    for (op, [first, last, found]) in rows {
        text += &format!("| {op} | {first:.1} | {last:.1} | {found:.1} |\n");
    }
    Ok(text)
}

/// In how many tokens the best policies differ.
fn distances(searching: &Searching<'_>) -> anyhow::Result<String> {
    let search = searching.search;
    let best = search.best(JOINED);
    let mut text = format!(
        "\n## The best {}\n\nTheir mean rewards, and in how many of {} tokens they differ from each other.\n\n\
         | child | reward |",
        best.len(),
        search.space().len()
    );
    best.iter().for_each(|(job, _)| text += &format!(" {} |", job.id));
    text += &format!("\n{}|\n", "|--".repeat(best.len() + 2));
    for ((job, reward), row) in best.iter().zip(search.distances(JOINED)?) {
        text += &format!("| {} | {reward:.4} |", job.id);
        row.iter().for_each(|distance| text += &format!(" {distance} |"));
        text += "\n";
    }
    Ok(text)
}
