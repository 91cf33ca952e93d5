//! Searches: some runs of each strategy, each with a journal, and the policies that they find.

use std::fs;
use std::path::Path;

use anyhow::Result;
use autoaugment::Policy;
use autoaugment::policy::SearchSpace;
use autoaugment_search::comparison::Arm;
use autoaugment_search::{
    Budget, Controller, Density, Filter, Micro, MicroChild, Ppo, RandomSearch, Reward, Search, Start, Strategy,
};
use cpu_time::ProcessTime;
use serde::Serialize;

use crate::data::Data;

/// Images that children are trained with.
pub const IMAGES: usize = 512;
/// The seed that draws them, and that of the epochs which all children share.
pub const SEED: u64 = 0;
/// Policies that are joined.
const BEST: usize = 5;

/// The sizes of the whole experiment.
#[derive(Clone, Copy)]
pub struct Size {
    pub runs: u64,
    pub children: usize,
    pub workers: usize,
}

/// A kind of search: how its policies are proposed, and its children.
struct Kind {
    name: &'static str,
    proposed: Proposed,
    child: Micro,
    /// The children of each of them, in parts of those of a search.
    part: f64,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum Proposed {
    Random,
    Controller(Ppo),
    /// The best of so many random policies by density.
    Filter(u64),
}

const QUICK: Ppo = Ppo { rate: 1e-2, batch: 10, ..Ppo::FAST };

/// With children from scratch, and with children that begin from a shared network.
const KINDS: [Kind; 6] = [
    Kind { name: "random search", proposed: Proposed::Random, child: Micro::FRESH, part: 1.0 },
    Kind { name: "slow controller", proposed: Proposed::Controller(Ppo::FAST), child: Micro::FRESH, part: 1.0 },
    Kind { name: "quick controller", proposed: Proposed::Controller(QUICK), child: Micro::FRESH, part: 1.0 },
    Kind { name: "warm random search", proposed: Proposed::Random, child: Micro::WARM, part: 1.0 },
    Kind { name: "warm controller", proposed: Proposed::Controller(Ppo::WARM), child: Micro::WARM, part: 1.0 },
    // As long as the warm random search.
    Kind { name: "warm filter", proposed: Proposed::Filter(800), child: Micro::WARM, part: 0.25 },
];

/// The names of all kinds of searches.
pub fn names() -> [&'static str; KINDS.len()] {
    KINDS.each_ref().map(|kind| kind.name)
}

/// Runs the searches of some names, or continues them. Returns for each the policy by single rewards and that by
/// rewards of more seeds.
pub fn all(data: &Data, size: Size, chosen: &[String], folder: &Path) -> Result<Vec<Arm>> {
    let training = data.drawn(IMAGES, SEED)?;
    let space = SearchSpace::paper();
    let mut arms = Vec::new();
    for kind in KINDS.iter().filter(|kind| chosen.iter().any(|name| name == kind.name)) {
        let settings = serde_json::json!({
            "strategy": kind.name, "proposed": kind.proposed, "child": kind.child, "reward": Reward::FAST,
            "images": IMAGES, "validation": data.validation.len(), "images_seed": SEED,
        });
        let child = MicroChild::new(kind.child, training.clone(), data.validation.clone(), SEED)?;
        let children = (kind.part * size.children as f64) as usize;
        for seed in 0..size.runs {
            let name = format!("{} {seed}", kind.name);
            let strategy: Box<dyn Strategy> = match kind.proposed {
                Proposed::Random => Box::new(RandomSearch::new(space.clone(), seed)),
                Proposed::Controller(ppo) => Box::new(Controller::new(&space, ppo, seed)),
                Proposed::Filter(candidates) => Box::new(filter(data, seed, candidates, size.workers)?),
            };
            let start = Start { version: 1, search: settings.clone(), seed };
            arms.extend(one(&name, strategy, &start, &child, Budget::of(children, size.workers), folder)?);
        }
    }
    Ok(arms)
}

/// One search: the best of its children, then the best of those that were tried again.
fn one(
    name: &str,
    strategy: Box<dyn Strategy>,
    start: &Start,
    child: &MicroChild,
    budget: Budget,
    folder: &Path,
) -> Result<[Arm; 2]> {
    let path = folder.join(format!("{}.jsonl", name.replace(' ', "-")));
    let search = Search::new(SearchSpace::paper(), strategy, Reward::FAST, start.seed);
    let mut search = search.with_journal(&path, start)?;
    let clock = ProcessTime::now();
    let before = search.done();
    search.run(child, budget, |_, _| ())?;
    let trained = search.done() - before;
    let seconds = clock.elapsed().as_secs_f64();
    let entropy = search.strategy().entropy().map_or(String::new(), |entropy| format!(", entropy {entropy:.1}"));
    eprintln!("{name}: {trained} children in {seconds:.0} CPU-seconds{entropy}");
    let once = search.best_at_first(BEST).into_iter().map(|(job, _)| search.space().policy(&job.tokens));
    let once = Policy::concat(&once.collect::<Result<Vec<_>, _>>()?)?;
    let again = search.policy(BEST)?;
    fs::write(path.with_extension("txt"), format!("{again}\n"))?;
    Ok([Arm::new(name, once), Arm::new(format!("{name}, tried again"), again)])
}

/// Random policies in the order of their density.
fn filter(data: &Data, seed: u64, candidates: u64, workers: usize) -> Result<Filter> {
    let clock = ProcessTime::now();
    let training = data.drawn(IMAGES, SEED)?;
    let held_out = data.validation.divided(Density::IMAGES, 1, SEED)?.0;
    let density = Density::new(Micro::FRESH, training, held_out, Density::NETWORKS, SEED)?;
    let score = |policy: Policy, number| density.score(&policy.into(), number);
    let filter = Filter::new(SearchSpace::paper(), seed, candidates, workers, None, score)?;
    eprintln!("density: {candidates} policies in {:.0} CPU-seconds", clock.elapsed().as_secs_f64());
    Ok(filter)
}

/// The best of random policies by density alone.
pub fn density(data: &Data, size: Size, folder: &Path) -> Result<Arm> {
    let path = folder.join("density.txt");
    if !path.exists() {
        let best = filter(data, SEED, size.children as u64, size.workers)?.policy(BEST)?;
        fs::write(&path, format!("{best}\n"))?;
    }
    Ok(Arm::new("density alone", fs::read_to_string(&path)?.parse::<Policy>()?))
}
