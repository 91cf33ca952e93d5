//! Sampling: the draws have the distributions they should, depend on nothing they should not, and never change.

#[path = "sampling/aug_mix.rs"]
mod aug_mix;
#[path = "sampling/independence.rs"]
mod independence;
#[path = "sampling/invariance.rs"]
mod invariance;
#[path = "sampling/pinned.rs"]
mod pinned;
#[path = "sampling/schemes.rs"]
mod schemes;
#[path = "sampling/statistics.rs"]
mod statistics;
#[path = "sampling/timm_sets.rs"]
mod timm_sets;
#[path = "sampling/uniformity.rs"]
mod uniformity;
