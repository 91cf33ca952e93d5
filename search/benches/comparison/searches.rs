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

/// Runs all searches, or continues them. Returns for each the policy by single rewards and that by rewards of more
/// seeds.
pub fn all(data: &Data, size: Size, folder: &Path) -> Result<Vec<Arm>> {
    let training = data.drawn(IMAGES, SEED)?;
    let child = MicroChild::new(Micro::WARM, training, data.validation.clone(), SEED)?;
    let space = SearchSpace::paper();
    let mut arms = Vec::new();
    for seed in 0..size.runs {
        let controller = Controller::new(&space, Ppo::FAST, seed);
        arms.extend(one("controller", Box::new(controller), seed, &child, size, folder)?);
        let random = RandomSearch::new(space.clone(), seed);
        arms.extend(one("random search", Box::new(random), seed, &child, size, folder)?);
    }
    Ok(arms)
}

/// One search: the best of its children, then the best of those that were tried again.
fn one(
    name: &str,
    strategy: Box<dyn Strategy>,
    seed: u64,
    child: &MicroChild,
    size: Size,
    folder: &Path,
) -> Result<[Arm; 2]> {
    let path = folder.join(format!("{}-{seed}.jsonl", name.replace(' ', "-")));
    let settings = serde_json::json!({
        "strategy": name, "controller": Ppo::FAST, "child": Micro::WARM, "reward": Reward::FAST, "images": IMAGES,
        "validation": child.validation().len(), "images_seed": SEED,
    });
    let start = Start { version: 1, search: settings, seed };
    let mut search = Search::new(SearchSpace::paper(), strategy, Reward::FAST, seed).with_journal(&path, &start)?;
    let clock = ProcessTime::now();
    let before = search.done();
    let budget = Budget::of(size.children, size.workers);
    search.run(child, budget, |_, _| ())?;
    let trained = search.done() - before;
    let seconds = clock.elapsed().as_secs_f64();
    let entropy = search.strategy().entropy().map_or(String::new(), |entropy| format!(", entropy {entropy:.1}"));
    eprintln!("{name} {seed}: {trained} children in {seconds:.0} CPU-seconds{entropy}");
    let once = search.best_at_first(BEST).into_iter().map(|(job, _)| search.space().policy(&job.tokens));
    let once = Policy::concat(&once.collect::<Result<Vec<_>, _>>()?)?;
    let again = search.policy(BEST)?;
    fs::write(path.with_extension("txt"), format!("{again}\n"))?;
    Ok([Arm::new(format!("{name} {seed}"), once), Arm::new(format!("{name} {seed}, tried again"), again)])
}

/// The best of random policies by density alone.
pub fn density(data: &Data, size: Size, folder: &Path) -> Result<Arm> {
    let path = folder.join("density.txt");
    if !path.exists() {
        let clock = ProcessTime::now();
        let training = data.drawn(IMAGES, SEED)?;
        let held_out = data.validation.divided(2048, 1, SEED)?.0;
        let density = Density::new(Micro::FRESH, training, held_out, Density::NETWORKS, SEED)?;
        let score = |policy: Policy, number| density.score(&policy.into(), number);
        let filter = Filter::new(SearchSpace::paper(), SEED, size.children as u64, score)?;
        eprintln!("density: {} policies in {:.0} CPU-seconds", size.children, clock.elapsed().as_secs_f64());
        fs::write(&path, format!("{}\n", filter.policy(BEST)?))?;
    }
    Ok(Arm::new("density filter", fs::read_to_string(&path)?.parse::<Policy>()?))
}
