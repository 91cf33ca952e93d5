//! Statistics: means over seeds, and differences seed by seed.

use super::Comparison;

/// The accuracies of an arm, or of the mean of some.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Their mean over seeds.
    pub mean: f64,
    /// Their standard deviation over seeds; 0 for one seed.
    pub deviation: f64,
    /// The seeds.
    pub seeds: usize,
}

impl Spread {
    /// Of some numbers; none if there are none.
    pub fn of(values: &[f64]) -> Option<Self> {
        let seeds = values.len();
        let mean = values.iter().sum::<f64>() / seeds as f64;
        let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
        let deviation = if seeds > 1 { (squares / (seeds - 1) as f64).sqrt() } else { 0.0 };
        (seeds > 0).then_some(Spread { mean, deviation, seeds })
    }

    /// The standard error of the mean.
    pub fn error(&self) -> f64 {
        self.deviation / (self.seeds as f64).sqrt()
    }
}

/// By how much one arm is better than another, seed by seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// Of the differences.
    pub spread: Spread,
    /// The seeds with which it is better.
    pub wins: usize,
}

impl Comparison {
    /// The names of all arms, in the order of their first retraining.
    pub fn arms(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for retraining in &self.retrainings {
            if !names.contains(&&*retraining.arm) {
                names.push(&retraining.arm);
            }
        }
        names
    }

    /// The seeds with which all of these arms were trained, each with the mean accuracy of the arms.
    fn means(&self, arms: &[&str]) -> Vec<(u64, f64)> {
        let accuracy = |arm: &str, seed: u64| {
            let found = self.retrainings.iter().find(|retraining| retraining.arm == arm && retraining.seed == seed);
            found.map(|retraining| retraining.accuracy)
        };
        let mut seeds: Vec<u64> = self.retrainings.iter().map(|retraining| retraining.seed).collect();
        seeds.sort_unstable();
        seeds.dedup();
        let mean = |seed: u64| {
            let all: Option<Vec<f64>> = arms.iter().map(|arm| accuracy(arm, seed)).collect();
            all.filter(|all| !all.is_empty()).map(|all| (seed, all.iter().sum::<f64>() / all.len() as f64))
        };
        seeds.into_iter().filter_map(mean).collect()
    }

    /// The accuracy of an arm, or of the mean of some; none if no seed has all of them.
    pub fn spread(&self, arms: &[&str]) -> Option<Spread> {
        let values: Vec<f64> = self.means(arms).into_iter().map(|(_, accuracy)| accuracy).collect();
        Spread::of(&values)
    }

    /// The accuracy of some arms less that of others, over the seeds that both have.
    pub fn difference(&self, arms: &[&str], others: &[&str]) -> Option<Difference> {
        let others = self.means(others);
        let pairs = self.means(arms).into_iter().filter_map(|(seed, one)| {
            let (_, other) = others.iter().find(|(other, _)| *other == seed)?;
            Some(one - other)
        });
        let differences: Vec<f64> = pairs.collect();
        let wins = differences.iter().filter(|difference| **difference > 0.0).count();
        Some(Difference { spread: Spread::of(&differences)?, wins })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Retraining;
    use super::*;

    fn comparison(rows: &[(&str, u64, f64)]) -> Comparison {
        let retraining =
            |&(arm, seed, accuracy): &(&str, u64, f64)| Retraining { arm: arm.to_string(), seed, accuracy, loss: 0.0 };
        Comparison { retrainings: rows.iter().map(retraining).collect() }
    }

    #[test]
    fn arms_are_compared_seed_by_seed() {
        // Seeds differ by far more than arms. Seed 9 lacks the second arm.
        let rows = [("a", 1, 0.5), ("b", 1, 0.4), ("a", 2, 0.9), ("b", 2, 0.7), ("a", 9, 0.1)];
        let comparison = comparison(&rows);
        assert_eq!(comparison.arms(), ["a", "b"]);
        let Difference { spread, wins } = comparison.difference(&["a"], &["b"]).unwrap();
        assert!((spread.mean - 0.15).abs() < 1e-12 && (wins, spread.seeds) == (2, 2), "{spread:?}");
        // The deviation of 0.1 and 0.2 is 0.1 / sqrt(2), and the error that by sqrt(2).
        assert!((spread.error() - 0.05).abs() < 1e-12, "{spread:?}");
        assert!((comparison.spread(&["a"]).unwrap().mean - 0.5).abs() < 1e-12);
        let both = comparison.difference(&["a", "b"], &["b"]).unwrap();
        assert!((both.spread.mean - 0.075).abs() < 1e-12, "{both:?}");
        assert_eq!(comparison.difference(&["a"], &["c"]), None);
        assert_eq!(comparison.spread(&[]), None);
    }
}
