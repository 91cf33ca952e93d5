//! Sampling: the draws have the distributions they should, depend on nothing they should not, and never change.

mod aug_mix;
mod independence;
mod invariance;
mod pinned;
mod schemes;
mod timm_sets;
mod uniformity;
