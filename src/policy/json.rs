//! Policies as JSON, with a version: files of every version since 1 stay readable.
//!
//! ```json
//! {
//!   "version": 1,
//!   "convention": "torchvision",
//!   "sub_policies": [
//!     [{"op": "Posterize", "probability": 0.4, "magnitude": 8}, {"op": "Rotate", "probability": 0.6, "magnitude": 9}]
//!   ]
//! }
//! ```

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Policy, Step, SubPolicy};
use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::ops::OpKind;

/// The version of written files.
const NEWEST: u64 = 1;

/// Version 1 of the file, field by field.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Version1 {
    version: u64,
    convention: Convention,
    sub_policies: Vec<Vec<StepJson>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StepJson {
    op: OpKind,
    probability: f64,
    magnitude: f64,
}

impl Policy {
    /// Reads the JSON form of any version.
    ///
    /// # Errors
    /// [`Error::Syntax`] with line and column, [`Error::Version`], or those of [`Policy::check`].
    pub fn from_json(json: &str) -> Result<Self> {
        let file: Version1 = crate::json::versioned("policy", json, NEWEST)?;
        Policy::try_from(file)
    }

    /// The JSON form of the newest version, indented.
    pub fn to_json(&self) -> String {
        crate::json::pretty(&Version1::from(self))
    }
}

impl TryFrom<Version1> for Policy {
    type Error = Error;

    fn try_from(file: Version1) -> Result<Self> {
        let step = |s: StepJson| Step { op: s.op, probability: s.probability, magnitude: s.magnitude };
        let sub_policy = |steps: Vec<StepJson>| SubPolicy { steps: steps.into_iter().map(step).collect() };
        Policy::new(file.convention, file.sub_policies.into_iter().map(sub_policy).collect())
    }
}

impl From<&Policy> for Version1 {
    fn from(policy: &Policy) -> Self {
        let step = |s: &Step| StepJson { op: s.op, probability: s.probability, magnitude: s.magnitude };
        let sub_policies = policy.sub_policies.iter().map(|s| s.steps.iter().map(step).collect()).collect();
        Version1 { version: NEWEST, convention: policy.convention, sub_policies }
    }
}

impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Version1::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let file = Version1::deserialize(deserializer)?;
        crate::json::check_version("policy", file.version, NEWEST).map_err(D::Error::custom)?;
        Policy::try_from(file).map_err(D::Error::custom)
    }
}
