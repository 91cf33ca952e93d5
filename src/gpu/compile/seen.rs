//! Seen: the operations of all plans that a device ran so far.

use std::sync::{Mutex, PoisonError};

use crate::ops::OpKind;
use crate::plan::Plan;

/// Operations, sorted.
#[derive(Debug, Default)]
pub(crate) struct Seen(Mutex<Vec<OpKind>>);

impl Seen {
    /// The operations for which kernels are made: those of this plan and of all earlier ones. A policy's kernels never
    /// change. Plans made by hand soon find existing kernels, instead of each having its own.
    pub fn with(&self, plan: &Plan) -> Vec<OpKind> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.extend(plan.operations());
        seen.sort();
        seen.dedup();
        seen.clone()
    }
}
