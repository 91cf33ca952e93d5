//! Schemes as text, and as JSON: a learned policy's object, or the text.

use std::fmt;
use std::str::FromStr;

use serde::de::{DeserializeOwned, Error as _, IntoDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::{Draws, RandAugment, Scheme, TorchvisionAugMix, TrivialAugment, UniformAugment, timm_text};
use crate::call_syntax;
use crate::error::{Error, Result};
use crate::json::Fields;
use crate::policy::Policy;

/// Writes `name(n=2, m=9)`.
pub(super) fn write(f: &mut fmt::Formatter<'_>, name: &str, scheme: &impl Serialize) -> fmt::Result {
    match serde_json::to_value(scheme) {
        Ok(Value::Object(parameters)) => call_syntax::write(f, name, &parameters),
        _ => f.write_str(name),
    }
}

fn read<T: DeserializeOwned + Into<Scheme>>(text: &str) -> Result<Scheme> {
    let parameters = call_syntax::parameters("scheme", text)?;
    let syntax = |e| Error::Syntax { what: "scheme", message: format!("{}: {e}", call_syntax::name(text)) };
    serde_json::from_value::<T>(Value::Object(parameters)).map(T::into).map_err(syntax)
}

impl FromStr for Scheme {
    type Err = Error;

    /// Parses the form that `Display` prints: a scheme, a preset's name, or a learned policy. A `#` starts a comment.
    fn from_str(whole: &str) -> Result<Self> {
        let whole = crate::json::without_mark(whole);
        let lines = whole.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
        let mut lines = lines.filter(|line| !line.is_empty());
        // Only policies have more lines than one.
        let text = match (lines.next(), lines.next()) {
            (Some(line), None) => line,
            _ => whole,
        };
        let name = call_syntax::name(text).to_lowercase().replace('_', "");
        let scheme = match name.as_str() {
            RandAugment::NAME => read::<RandAugment>(text)?,
            TrivialAugment::NAME | "trivialaugmentwide" => read::<TrivialAugment>(text)?,
            UniformAugment::NAME => read::<UniformAugment>(text)?,
            TorchvisionAugMix::NAME => read::<TorchvisionAugMix>(text)?,
            _ => match timm_text::scheme(text) {
                Some(scheme) => scheme?,
                None => return Ok(Scheme::Policy(whole.parse::<Policy>().map_err(|e| with_all_names(e, text))?)),
            },
        };
        scheme.check()?;
        Ok(scheme)
    }
}

impl Scheme {
    /// Reads a learned policy's JSON, or the text of any scheme, as from a file or an option.
    ///
    /// ```
    /// use autoaugment::{Policy, Scheme};
    /// let policy = Policy::svhn();
    /// assert_eq!(Scheme::from_json_or_text(&policy.to_json())?, policy.clone().into());
    /// assert_eq!(Scheme::from_json_or_text("svhn")?, policy.into());
    /// # Ok::<(), autoaugment::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Policy::from_json`], or of parsing the text.
    pub fn from_json_or_text(text: &str) -> Result<Self> {
        match crate::json::without_mark(text).trim_start().starts_with('{') {
            true => Ok(Policy::from_json(text)?.into()),
            false => text.parse(),
        }
    }
}

/// An unknown name, compared with the names of all schemes and not only of policies.
fn with_all_names(error: Error, text: &str) -> Error {
    match error {
        Error::Unknown { what: "policy", .. } => {
            let names = || Scheme::forms().map(|(form, _)| call_syntax::name(form));
            match Error::unknown("policy", call_syntax::name(text), names()) {
                Error::Unknown { suggestion: None, name, .. } => {
                    let all: Vec<_> = Scheme::forms().map(|(form, _)| form).collect();
                    let message = format!("there is no `{name}`; there are {}", all.join(", "));
                    Error::Syntax { what: "policy", message }
                }
                close => close,
            }
        }
        other => other,
    }
}

impl Serialize for Scheme {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Scheme::Policy(policy) => policy.serialize(serializer),
            other => serializer.collect_str(other),
        }
    }
}

impl<'de> Deserialize<'de> for Scheme {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Text(String),
            Object(Fields),
        }
        match Form::deserialize(deserializer)? {
            Form::Text(text) => text.parse().map_err(D::Error::custom),
            Form::Object(Fields(fields)) => {
                let policy = Policy::deserialize(Value::Object(fields).into_deserializer());
                policy.map(Scheme::Policy).map_err(D::Error::custom)
            }
        }
    }
}
