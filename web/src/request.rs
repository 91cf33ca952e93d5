//! Request: what the page asks for, field by field, and the library's types in place of its texts.

use autoaugment::{Convention, Interpolation, OpKind, Policy, Scheme};
use serde::Deserialize;

use crate::failure::Failure;

/// Everything that decides the pixels of a sheet, except the images.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// A preset, a scheme, or a policy's text or JSON.
    pub policy: String,
    /// Empty for the policy's own.
    #[serde(default)]
    pub convention: String,
    /// Empty for the convention's.
    #[serde(default)]
    pub interpolation: String,
    /// A text, because JavaScript's numbers end at 2^53.
    pub seed: String,
    pub view: View,
}

/// What the columns of a sheet are.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum View {
    /// Draws of the whole policy, as training sees them.
    Draws { columns: usize },
    /// One column for each of these sub-policies, which count from 1.
    SubPolicies { numbers: Vec<usize> },
    /// One operation at a chosen magnitude, then at every one.
    Sweep { op: String, magnitude: f64, negative: bool },
    /// One sub-policy in the convention, in another one, and the difference of the two.
    Compare {
        number: usize,
        other: String,
        /// Every step is applied, whatever its probability.
        always: bool,
    },
}

impl Request {
    /// Reads the page's JSON.
    pub fn read(json: &str) -> Result<Self, Failure> {
        serde_json::from_str(json).map_err(|error| Failure::new("request", error.to_string()))
    }

    pub fn seed(&self) -> Result<u64, Failure> {
        let seed = self.seed.trim();
        seed.parse().map_err(|_| {
            Failure::new("seed", format!("`{seed}` is not a whole number of 0 to {}; write one, such as 3", u64::MAX))
        })
    }

    /// The convention that replaces the policy's own, if one was chosen.
    pub fn convention(&self) -> Result<Option<Convention>, Failure> {
        optional("convention", &self.convention)
    }

    /// The interpolation that replaces the convention's, if one was chosen.
    pub fn interpolation(&self) -> Result<Option<Interpolation>, Failure> {
        optional("interpolation", &self.interpolation)
    }

    /// The policy as it was written, in its own convention.
    pub fn own_scheme(&self) -> Result<Scheme, Failure> {
        Scheme::from_json_or_text(&self.policy).map_err(Failure::at("policy"))
    }

    /// The policy in the chosen convention.
    pub fn scheme(&self) -> Result<Scheme, Failure> {
        let scheme = self.own_scheme()?;
        let Some(convention) = self.convention()? else { return Ok(scheme) };
        match scheme {
            Scheme::Policy(policy) => Ok(within(policy, convention, "convention")?.into()),
            other => Err(Failure::new(
                "convention",
                format!("it is for learned policies, and {other} has its own, {}", other.convention()),
            )),
        }
    }

    /// The policy, which has to be a learned one.
    pub fn policy(&self) -> Result<Policy, Failure> {
        match self.scheme()? {
            Scheme::Policy(policy) => Ok(policy),
            other => Err(Failure::new("policy", format!("{other} has no sub-policies; choose a learned policy"))),
        }
    }
}

impl View {
    /// The operation of a sweep.
    pub fn operation(name: &str) -> Result<OpKind, Failure> {
        name.parse().map_err(Failure::at("op"))
    }
}

/// The policy with its magnitudes read in another convention.
pub fn within(policy: Policy, convention: Convention, field: &'static str) -> Result<Policy, Failure> {
    Policy::new(convention, policy.sub_policies).map_err(Failure::at(field))
}

fn optional<T: std::str::FromStr<Err = autoaugment::Error>>(
    field: &'static str,
    name: &str,
) -> Result<Option<T>, Failure> {
    match name.trim() {
        "" => Ok(None),
        name => name.parse().map(Some).map_err(Failure::at(field)),
    }
}
