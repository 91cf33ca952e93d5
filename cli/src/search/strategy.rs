//! Strategy: how policies are proposed, as options and as the first line of a journal.

use std::borrow::Borrow;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, bail};
use autoaugment::policy::SearchSpace;
use autoaugment::{Convention, OpKind, Policy};
use autoaugment_search::{Controller, Density, Evolution, Filter, Micro, Ppo, RandomSearch, Search, Start, Strategy};
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use super::data::Data;
use super::proxy::{Description, Preset};
use super::run::processors;
use crate::terminal::{self, Terminal};
use crate::values;

#[derive(Clone, Copy, PartialEq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
enum Name {
    /// The paper's controller, a network that learns by PPO
    Ppo,
    /// Policies at random
    Random,
    /// The best of a few policies is changed in one place, again and again
    Evolution,
    /// Many policies at random; those whose images networks still recognize are tried
    Filter,
}

/// The options of proposing.
#[derive(Args)]
#[command(next_help_heading = "Search")]
pub struct StrategyOptions {
    /// How policies are proposed
    #[arg(long, value_enum, default_value = "ppo")]
    strategy: Name,
    /// Policies to try, each with one child [default: 400, or the preset's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    children: Option<u32>,
    /// Random policies of which the filter chooses those to try [default: 8 times as many]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    candidates: Option<u32>,
    /// Further seeds by which the best 20 policies are tried again; 0 for none [default: 3, or the preset's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=100))]
    seeds: Option<u32>,
    /// Operations that policies have [default: the paper's 16]
    #[arg(long, value_name = "OPERATION,..", value_delimiter = ',', value_parser = values::policy_operations())]
    #[arg(hide_possible_values = true)]
    operations: Vec<OpKind>,
}

/// A search as data: the first line of its journal. The same description and seed give the same policies.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Searched {
    strategy: Name,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ppo: Option<Ppo>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    filter: Option<Filtered>,
    convention: Convention,
    operations: Vec<OpKind>,
    pub children: usize,
    /// The policies that are tried again, and with how many seeds.
    pub again: (usize, usize),
    /// Batches at once.
    pub in_flight: usize,
    pub proxy: Description,
}

/// What a filter chose. It is a part of the journal, since scores take longer than a journal is read.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Filtered {
    candidates: u64,
    /// The numbers of those to try, the best first.
    ranked: Vec<u64>,
}

/// The version of a journal's form.
const VERSION: u32 = 1;

/// The filter's candidates for each policy to try.
const CANDIDATES: u64 = 8;
/// Their numbers fit into a line of the journal.
const MOST_CHOSEN: usize = 100_000;

impl StrategyOptions {
    pub fn searched(&self, preset: Preset, proxy: Description) -> anyhow::Result<Searched> {
        let (children, seeds, ppo) = match preset {
            Preset::Fast => (400, 3, Ppo::FAST),
            Preset::Warm => (400, 3, Ppo::WARM),
            Preset::Paper => (15_000, 0, Ppo::PAPER),
        };
        let space = match &self.operations[..] {
            [] => SearchSpace::paper(),
            operations => SearchSpace::new(Convention::Torchvision, operations)?,
        };
        let children = self.children.map_or(children, |given| given as usize);
        if self.candidates.is_some() && self.strategy != Name::Filter {
            bail!("--candidates is a setting of the strategy filter");
        }
        let candidates = self.candidates.map_or(CANDIDATES * children as u64, u64::from);
        if candidates < children as u64 {
            bail!("--candidates {candidates}: these are fewer than the {children} policies to try");
        }
        if self.strategy == Name::Filter && children > MOST_CHOSEN {
            bail!("--children {children}: a filter chooses {MOST_CHOSEN} policies at most");
        }
        let filter = Filtered { candidates, ranked: Vec::new() };
        Ok(Searched {
            strategy: self.strategy,
            ppo: (self.strategy == Name::Ppo).then_some(ppo),
            filter: (self.strategy == Name::Filter).then_some(filter),
            convention: space.convention(),
            operations: space.operations().to_vec(),
            children,
            again: (20, self.seeds.map_or(seeds, |given| given as usize)),
            in_flight: 1,
            proxy,
        })
    }
}

impl Searched {
    /// The same as a random search, the control of every other one.
    pub fn random(&self) -> Self {
        Searched { strategy: Name::Random, ppo: None, filter: None, ..self.clone() }
    }

    /// Lets a filter choose its policies, unless the journal has its choice. `data` gives the images. Policies are
    /// scored up to a moment at most.
    pub fn choose<D: Borrow<Data>>(
        &mut self,
        journal: &Path,
        seed: u64,
        data: impl FnOnce() -> anyhow::Result<Option<D>>,
        until: Option<Instant>,
        terminal: Terminal,
    ) -> anyhow::Result<()> {
        let Some(filter) = &mut self.filter else { return Ok(()) };
        let there = Start::of(journal)?.map(|start| serde_json::from_value(start.search));
        if let Some(Ok(Searched { filter: Some(there), .. })) = there {
            filter.ranked = there.ranked;
            return Ok(());
        }
        let Some(data) = data()? else {
            bail!("--strategy filter looks at images, and children of a command (--child) have none here");
        };
        let space = SearchSpace::new(self.convention, &self.operations)?;
        let Data { training, validation, .. } = data.borrow();
        let held_out = validation.first(Density::IMAGES);
        let density = Density::new(Micro::FRESH, training.clone(), held_out, Density::NETWORKS, seed)?;
        let bar = terminal.progress(filter.candidates as usize, "policies");
        let score = |policy: Policy, number| {
            bar.inc(1);
            density.score(&policy.into(), number)
        };
        let chosen = Filter::new(space, seed, filter.candidates, processors(), until, score)?;
        bar.finish_and_clear();
        filter.ranked = chosen.order().iter().copied().take(self.children).collect();
        Ok(())
    }

    /// The strategy's name on the command line.
    pub fn strategy_name(&self) -> String {
        self.strategy.to_possible_value().map_or_else(String::new, |value| value.get_name().to_string())
    }

    /// Opens or begins the journal of this search.
    pub fn open(&self, journal: &Path, seed: u64) -> anyhow::Result<Search> {
        let space = SearchSpace::new(self.convention, &self.operations)?;
        let strategy: Box<dyn Strategy> = match (self.strategy, self.ppo) {
            (Name::Ppo, settings) => Box::new(Controller::new(&space, settings.unwrap_or(Ppo::FAST), seed)),
            (Name::Random, _) => Box::new(RandomSearch::new(space.clone(), seed)),
            (Name::Evolution, _) => Box::new(Evolution::new(space.clone(), seed)),
            (Name::Filter, _) => {
                let ranked = self.filter.as_ref().map(|filter| filter.ranked.clone()).unwrap_or_default();
                Box::new(Filter::ranked(space.clone(), seed, ranked))
            }
        };
        let start = Start { version: VERSION, search: serde_json::to_value(self)?, seed };
        let search = Search::new(space, strategy, self.proxy.reward, seed).in_flight(self.in_flight);
        Ok(search.with_journal(journal, &start)?)
    }

    /// Changes the number of policies from which ppo learns at once.
    pub fn set_batch(&mut self, batch: usize) -> anyhow::Result<()> {
        let Some(ppo) = &mut self.ppo else { bail!("--batch is a setting of the strategy ppo") };
        ppo.batch = batch;
        Ok(())
    }

    /// The search of a journal that is there, and its seed.
    pub fn of(journal: &Path) -> anyhow::Result<(Self, u64)> {
        let Some(start) = Start::of(journal)? else {
            bail!("journal {}: there is none; `autoaugment search start` begins one", terminal::name(journal));
        };
        if start.version != VERSION {
            bail!("journal {}: version {} is not {VERSION}", terminal::name(journal), start.version);
        }
        let searched = serde_json::from_value(start.search);
        Ok((searched.with_context(|| format!("journal {}: line 1", terminal::name(journal)))?, start.seed))
    }
}
