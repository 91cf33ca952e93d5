//! Finds augmentation policies for one's own data, as AutoAugment does (arXiv 1805.09501).
//!
//! A [`Strategy`] proposes policies of a [`SearchSpace`](autoaugment::policy::SearchSpace). Small networks, the
//! children, are trained with them. Their accuracy is the reward that the strategy learns from. [`Search`] hands out
//! the jobs, takes the outcomes and keeps a journal:
//!
//! ```
//! use autoaugment::policy::SearchSpace;
//! use autoaugment_search::{Controller, Outcome, Ppo, Reward, Search};
//!
//! let space = SearchSpace::paper();
//! let controller = Controller::new(&space, Ppo::FAST, 7);
//! let mut search = Search::new(space, Box::new(controller), Reward::FAST, 7);
//! for job in search.propose(10)? {
//!     // Train a child with the policy of `job.tokens` here.
//!     search.learn([Outcome { id: job.id, accuracy: Some(0.7), loss: 0.9, seconds: 0.5 }])?;
//! }
//! assert_eq!(search.policy(5)?.sub_policies.len(), 25);
//! # Ok::<(), autoaugment_search::Error>(())
//! ```

#![deny(missing_docs)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::todo))]

mod augmented;
mod child;
mod command;
pub mod comparison;
mod controller;
mod data;
mod diagnosis;
mod error;
mod evolution;
mod filter;
mod journal;
#[cfg(feature = "burn")]
mod large;
mod micro;
mod random;
mod random_search;
mod run;
mod search;
mod side_by_side;
mod strategy;
mod threads;

/// The crate of the devices that large children are trained on.
#[cfg(feature = "burn")]
pub use burn;
pub use child::{Child, Score};
pub use command::{CommandChild, Limits, end_commands};
pub use controller::{Controller, Ppo};
pub use data::{Images, divided};
pub use diagnosis::{Signal, Warning};
pub use error::{Error, Result};
pub use evolution::Evolution;
pub use filter::Filter;
pub use journal::Start;
#[cfg(feature = "burn")]
pub use large::{Architecture, Descent, Large, LargeChild};
pub use micro::{Density, FineTuned, FineTuning, Micro, MicroChild};
pub use random_search::RandomSearch;
pub use run::Budget;
pub use search::{Job, Outcome, Reward, Search};
pub use strategy::{Judged, Proposal, Strategy};
