//! Policies as text: one sub-policy per line, with steps joined by `+`.

use std::fmt;
use std::str::FromStr;

use super::{Policy, Step, SubPolicy};
use crate::convention::Convention;
use crate::error::{Error, Result};

/// The form of a step.
pub const STEP_FORM: &str = "OPERATION PROBABILITY MAGNITUDE";

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.op, self.probability, self.magnitude)
    }
}

impl fmt::Display for SubPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.steps.iter().enumerate() {
            write!(f, "{}{step}", if i == 0 { "" } else { " + " })?;
        }
        Ok(())
    }
}

impl fmt::Display for Policy {
    /// The convention on the first line, then one line per sub-policy.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "convention {}", self.convention)?;
        for sub_policy in &self.sub_policies {
            write!(f, "\n{sub_policy}")?;
        }
        Ok(())
    }
}

impl FromStr for Step {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let words: Vec<_> = text.split_whitespace().collect();
        let [op, probability, magnitude] = words[..] else {
            let message = format!("`{}` is not `{STEP_FORM}`", text.trim());
            return Err(Error::Syntax { what: "step", message });
        };
        let op: crate::OpKind = op.parse()?;
        let number = |what: &str, text: &str| {
            text.parse::<f64>().map_err(|_| Error::Syntax {
                what: "step",
                message: format!("{op}: the {what} `{text}` is not a number"),
            })
        };
        Ok(Step { op, probability: number("probability", probability)?, magnitude: number("magnitude", magnitude)? })
    }
}

impl FromStr for SubPolicy {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(SubPolicy { steps: text.split('+').map(str::parse).collect::<Result<_>>()? })
    }
}

impl FromStr for Policy {
    type Err = Error;

    /// Parses the form that `Display` prints, or a preset's name. A `;` also separates lines, and `#` starts a comment.
    /// Without a first line `convention ...`, the convention is torchvision.
    fn from_str(text: &str) -> Result<Self> {
        let lines = crate::json::without_mark(text).lines().enumerate().flat_map(|(i, line)| {
            let content = line.split('#').next().unwrap_or_default();
            content.split(';').map(move |part| (i + 1, part.trim()))
        });
        let lines: Vec<_> = lines.filter(|(_, line)| !line.is_empty()).collect();
        if let [(_, name)] = lines[..]
            && !name.contains(char::is_whitespace)
        {
            return Policy::preset(name);
        }
        let mut convention = Convention::default();
        let mut sub_policies = Vec::new();
        for (position, (number, line)) in lines.into_iter().enumerate() {
            let place = |e: Error| e.at(format!("line {number}"));
            match line.strip_prefix("convention ") {
                Some(name) if position == 0 => convention = name.trim().parse().map_err(place)?,
                Some(_) => {
                    let message = "the convention must be on the first line".to_string();
                    return Err(place(Error::Syntax { what: "policy", message }));
                }
                None => sub_policies.push(line.parse().map_err(place)?),
            }
        }
        Policy::new(convention, sub_policies)
    }
}
