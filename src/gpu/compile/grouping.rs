//! Grouping: how the images of a batch are divided among dispatches, as a type and as text.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::text::{by_name, serde_as_text};

/// The division of the last level's images among dispatches. The bytes do not depend on it. As text
/// and in JSON `auto`, `whole`, `single`, `by-class` or `by-pair`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Grouping {
    /// [`Grouping::Whole`] on GPUs, [`Grouping::ByPair`] on software adapters.
    #[default]
    Auto,
    /// Small images in a single dispatch, if the device's workgroup memory holds one. Other images by class.
    Whole,
    /// One dispatch for all.
    Single,
    /// One for point operations, one with warps, and one with neighborhoods (Sharpness, GaussianBlur).
    ByClass,
    /// One for each pair of kinds.
    ByPair,
}

impl Grouping {
    /// All of them except `Auto`, which is one of the others.
    pub const ALL: [Grouping; 4] = [Grouping::Whole, Grouping::Single, Grouping::ByClass, Grouping::ByPair];

    /// The name: `auto`, `whole`, `single`, `by-class` or `by-pair`.
    pub const fn name(self) -> &'static str {
        match self {
            Grouping::Auto => "auto",
            Grouping::Whole => "whole",
            Grouping::Single => "single",
            Grouping::ByClass => "by-class",
            Grouping::ByPair => "by-pair",
        }
    }

    /// The meaning of [`Grouping::Auto`] on an adapter.
    pub(crate) fn on(self, is_software: bool) -> Self {
        match self {
            Grouping::Auto if is_software => Grouping::ByPair,
            Grouping::Auto => Grouping::Whole,
            chosen => chosen,
        }
    }
}

serde_as_text!(Grouping);

impl fmt::Display for Grouping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Grouping {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let [whole, single, by_class, by_pair] = Grouping::ALL;
        let all = [Grouping::Auto, whole, single, by_class, by_pair];
        by_name("grouping", name, &all.map(|grouping| (grouping.name(), grouping)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tests::round_trip;

    #[test]
    fn groupings_round_trip() {
        round_trip(&Grouping::Auto);
        Grouping::ALL.iter().for_each(round_trip);
        assert_eq!("By-Pair".parse(), Ok(Grouping::ByPair));
        let refused = "by-pairs".parse::<Grouping>().unwrap_err().to_string();
        assert_eq!(refused, "unknown grouping `by-pairs`; did you mean `by-pair`?");
    }
}
