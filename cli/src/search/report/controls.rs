//! Controls: the found policy against others, by networks trained anew and tested on images that no child saw.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use autoaugment_search::comparison::{Arm, Comparison, controls};
use autoaugment_search::{Budget, Child, Micro, MicroChild, Search};

use super::Searching;
use crate::search::data::Data;
use crate::search::run::JOINED;
use crate::terminal::Terminal;

/// What the controls said.
pub struct Controls {
    pub comparison: Comparison,
    /// A random search of the same length.
    pub random: Search,
    /// Images that the networks were tested on.
    pub tested: usize,
}

/// The name of the found policy's arm, and of the random search's.
pub const FOUND: &str = "found";
pub const RANDOM_SEARCH: &str = "random search";

/// Epochs of the final networks: four times those of a child from scratch, with the same images.
pub const EPOCHS: usize = 4 * Micro::FRESH.epochs;

/// Runs the random search, or continues it, and trains the final networks.
pub fn run(
    searching: &Searching<'_>,
    data: &Data,
    seeds: u64,
    folder: &Path,
    terminal: Terminal,
) -> anyhow::Result<Controls> {
    let Searching { search, searched, proxy, workers, .. } = searching;
    let test = data.test.clone().context("there are no images for --controls")?;
    let seed = proxy.description.seed;
    let random = searched.random();
    let mut random_search = random.open(&folder.join("random.journal"), seed)?;
    let budget = Budget { again: random.again, ..Budget::of(random.children, *workers) };
    let bar = terminal.progress(random.children + random.again.0 * random.again.1, "children of a random search");
    bar.set_position(random_search.done() as u64);
    random_search.run(&*proxy.child, budget, |_, _| bar.inc(1))?;
    bar.finish_and_clear();

    // Other random policies than those of the random search.
    let mut arms = controls(search.space(), seed.wrapping_add(1))?;
    arms.push(Arm::new(RANDOM_SEARCH, random_search.policy(JOINED)?));
    arms.push(Arm::new(FOUND, search.policy(JOINED)?));
    let tested = test.len();
    let child = MicroChild::new(Micro { epochs: EPOCHS, ..Micro::FRESH }, data.training.clone(), test, seed)?;
    let child: Arc<dyn Child> = Arc::new(child);
    let bar = terminal.progress(arms.len() * seeds as usize, "networks of the comparison");
    let mut comparison = Comparison::default();
    // Seeds that no child had: those of children are far apart.
    comparison.retrain(&arms, 0..seeds, &|_| Ok(child.clone()), *workers, |_| {
        bar.inc(1);
        Ok(())
    })?;
    bar.finish_and_clear();
    Ok(Controls { comparison, random: random_search, tested })
}
