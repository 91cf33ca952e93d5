//! Values: options that take a name from one of the library's lists. Help, errors and completions show the list.

use std::str::FromStr;

use autoaugment::loader::decode::{Orientation, Truncated};
use autoaugment::policy::Framework;
use autoaugment::transform::Recipe;
use autoaugment::{Convention, Device, Dtype, Error, Interpolation, Layout, Op, OpKind, Scheme};
use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};

use crate::preview::ShownOp;

/// Parses values as the library does, and knows their names.
#[derive(Clone)]
pub struct Values<T> {
    names: Vec<&'static str>,
    read: fn(&str) -> Result<T, Error>,
}

impl<T: FromStr<Err = Error>> Values<T> {
    fn of(names: impl IntoIterator<Item = &'static str>) -> Self {
        Values { names: names.into_iter().collect(), read: str::parse }
    }
}

impl<T: Clone + Send + Sync + 'static> TypedValueParser for Values<T> {
    type Value = T;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<T, clap::Error> {
        let (names, read) = (self.names.join(", "), self.read);
        let read = move |text: String| {
            read(&text).map_err(|error| match error {
                Error::Unknown { .. } => format!("{error}\n  [possible values: {names}]"),
                other => other.to_string(),
            })
        };
        StringValueParser::new().try_map(read).parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.names.iter().map(PossibleValue::new)))
    }
}

pub fn conventions() -> Values<Convention> {
    Values::of(Convention::ALL.map(Convention::name))
}

pub fn interpolations() -> Values<Interpolation> {
    Values::of(Interpolation::ALL.map(Interpolation::name))
}

pub fn layouts() -> Values<Layout> {
    Values::of(Layout::ALL.map(Layout::name))
}

pub fn dtypes() -> Values<Dtype> {
    Values::of(Dtype::ALL.map(Dtype::name))
}

pub fn orientations() -> Values<Orientation> {
    Values::of(Orientation::ALL.map(Orientation::name))
}

pub fn truncated() -> Values<Truncated> {
    Values::of(Truncated::ALL.map(Truncated::name))
}

pub fn recipes() -> Values<Recipe> {
    Values::of(Recipe::ALL.map(Recipe::name))
}

pub fn frameworks() -> Values<Framework> {
    Values::of(Framework::ALL.map(Framework::name))
}

/// Any other text names an adapter: its number, or a part of its name.
pub fn devices() -> Values<Device> {
    Values::of(["auto", "gpu", "cpu", "cuda"])
}

/// Operations that policies have.
pub fn policy_operations() -> Values<OpKind> {
    Values::of(OpKind::ALL.iter().map(|op| op.name()))
}

/// Operations with their parameters.
pub fn operations() -> Values<Op> {
    Values::of(all_operations().map(OpKind::name))
}

/// Operations by their names, or with their parameters.
pub fn shown_operations() -> Values<ShownOp> {
    let read = |text: &str| match text.parse::<OpKind>() {
        Ok(kind) if OpKind::ALL.contains(&kind) => Ok(ShownOp::Magnitudes(kind)),
        Err(error) if !text.contains('(') => Err(error),
        _ => text.parse().map(ShownOp::Fixed),
    };
    Values { names: all_operations().map(OpKind::name).collect(), read }
}

/// Names of presets and schemes. Any other text is a file or a policy.
pub fn policies() -> Values<String> {
    Values { names: policy_names().collect(), read: |text| Ok(text.to_string()) }
}

/// The same, and names of conventions.
pub fn policies_and_conventions() -> Values<String> {
    let names = policy_names().chain(Convention::ALL.map(Convention::name)).collect();
    Values { names, read: |text| Ok(text.to_string()) }
}

/// Every operation. Those of transforms come after those of policies.
pub fn all_operations() -> impl Iterator<Item = OpKind> {
    OpKind::ALL.iter().chain(OpKind::TRANSFORM_ONLY).copied()
}

fn policy_names() -> impl Iterator<Item = &'static str> {
    // A form has its parameters behind its name.
    Scheme::forms().map(|(form, _)| form.split('(').next().unwrap_or(form))
}
