//! Comparing: bytes with bytes, tolerance 0, and collecting what differs until the end.

use std::collections::BTreeMap;

use super::{Case, Difference, difference, say};

/// What a result has to be. A type of its own, so that no side can be compared with itself by mistake.
#[derive(Clone, Copy)]
pub struct Expected<'a>(pub &'a [u8]);

/// What a result is.
#[derive(Clone, Copy)]
pub struct Got<'a>(pub &'a [u8]);

/// The first difference and how much differs; `None` if all bytes are equal.
pub fn compare(case: &Case, expected: Expected<'_>, got: Got<'_>) -> Option<Difference> {
    Difference::of(case, expected, got)
}

/// Compares case after case; `finish` panics if any differed.
#[must_use = "only `finish` fails"]
pub struct Comparison {
    what: String,
    cases: usize,
    chains: usize,
    failures: Vec<String>,
    failed_operations: BTreeMap<String, usize>,
}

/// So many failures are printed and drawn; of the others there is a count for each chain of operations.
const SHOWN: usize = 40;

impl Comparison {
    /// `what` names the test in the summary.
    pub fn new(what: &str) -> Self {
        Comparison {
            what: what.to_string(),
            cases: 0,
            chains: 0,
            failures: Vec::new(),
            failed_operations: BTreeMap::new(),
        }
    }

    /// Compares the bytes of one case.
    pub fn check(&mut self, case: &Case, expected: Expected<'_>, got: Got<'_>) {
        match compare(case, expected, got) {
            None => self.passed(case),
            Some(difference) => {
                let mut line = difference.to_string();
                if self.failures.len() < SHOWN {
                    let name =
                        format!("{}-{}", self.what.replace(|c: char| !c.is_alphanumeric(), "-"), self.failures.len());
                    line += &format!("\n    see {}", difference::save(case, &name, expected, got).display());
                }
                self.failed(case, line);
            }
        }
    }

    /// Counts a case whose bytes are known to be equal.
    pub fn passed(&mut self, case: &Case) {
        self.cases += 1;
        self.chains += usize::from(case.ops.len() > 1);
    }

    /// Counts a case that differs, with what there is to say about it.
    pub fn failed(&mut self, case: &Case, line: String) {
        self.cases += 1;
        let kinds: Vec<_> = case.ops.iter().map(|op| op.kind().name()).collect();
        *self.failed_operations.entry(kinds.join(" + ")).or_default() += 1;
        self.failures.push(line);
    }

    /// How many cases were compared.
    pub fn cases(&self) -> usize {
        self.cases
    }

    /// Whether the next failure is among those that are shown in full.
    pub fn shows_more(&self) -> bool {
        self.failures.len() < SHOWN
    }

    /// Prints the count.
    ///
    /// # Panics
    /// With all differences if there are any, and if nothing was compared.
    pub fn finish(self) {
        let Comparison { what, cases, chains, failures, failed_operations } = self;
        assert!(cases > 0, "{what}: nothing was compared");
        if failures.is_empty() {
            let pairs = cases - chains;
            say(&format!("{what}: {pairs} image-operation pairs, {chains} chains: 0 differing bytes"));
            return;
        }
        let shown = failures[..failures.len().min(SHOWN)].join("\n");
        let counts: Vec<_> = failed_operations.iter().map(|(name, n)| format!("{name}: {n}")).collect();
        panic!("{what}: {} of {cases} cases differ\n{shown}\nby operation: {}", failures.len(), counts.join(", "));
    }
}
