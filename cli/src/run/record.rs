//! Record: the applied operations, as the plan of `--plan-out`.

use std::collections::{BTreeMap, HashMap};

use autoaugment::{Plan, PlannedImage};

use super::entries::renumbered;

/// Entries by their numbers. Those of corrupt files are missing. Partners are such numbers.
#[derive(Default)]
pub struct Record {
    entries: BTreeMap<usize, PlannedImage>,
}

impl Record {
    pub fn add(&mut self, id: usize, image: PlannedImage) {
        self.entries.insert(id, image);
    }

    /// Adds an entry that others refer to. Its operations follow when the entry itself is added.
    pub fn add_partner(&mut self, id: usize, image: PlannedImage) {
        self.entries.entry(id).or_insert(image);
    }

    /// The plan, in which entries and partners count from 0 without gaps.
    pub fn into_plan(self) -> Plan {
        let places: HashMap<usize, usize> = self.entries.keys().enumerate().map(|(place, &id)| (id, place)).collect();
        let close = |image: PlannedImage| {
            // No image is recorded without its partners.
            let ops = renumbered(&image.ops, |id| places.get(&id).copied()).unwrap_or_default();
            PlannedImage { ops, ..image }
        };
        Plan::new(self.entries.into_values().map(close).collect())
    }
}
