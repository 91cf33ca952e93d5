//! Served: compiled kernels by their variants, each of which serves those that need no more operations.

use std::collections::HashMap;

use super::shader::Variant;

/// Compiled kernels. A handle is cheap to clone.
#[derive(Debug)]
pub(crate) struct Served<T>(HashMap<Variant, T>);

impl<T> Default for Served<T> {
    fn default() -> Self {
        Served(HashMap::new())
    }
}

impl<T: Clone> Served<T> {
    /// The kernel of each variant, or else the variants that have none. Of these, none serves another.
    pub fn all<'a>(&self, variants: impl Iterator<Item = &'a Variant>) -> Result<Vec<T>, Vec<Variant>> {
        let mut found = Vec::new();
        let mut missing: Vec<Variant> = Vec::new();
        for variant in variants {
            if let Some(kernel) = self.get(variant) {
                found.push(kernel.clone());
            } else if !missing.iter().any(|other| other == variant || other.serves(variant)) {
                missing.retain(|other| !variant.serves(other));
                missing.push(variant.clone());
            }
        }
        if missing.is_empty() { Ok(found) } else { Err(missing) }
    }

    fn get(&self, variant: &Variant) -> Option<&T> {
        // One with more operations in its tables does as well; it only has more to choose from.
        let serving = || self.0.iter().find(|(other, _)| other.serves(variant)).map(|(_, kernel)| kernel);
        self.0.get(variant).or_else(serving)
    }

    /// Keeps a new kernel. Returns whether there was none for this variant: the first one stays.
    pub fn keep(&mut self, variant: &Variant, kernel: T) -> bool {
        let is_new = !self.0.contains_key(variant);
        if is_new {
            self.0.insert(variant.clone(), kernel);
        }
        is_new
    }

    /// The number of kernels.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Drops all of them.
    pub fn forget(&mut self) {
        self.0.clear();
    }
}
