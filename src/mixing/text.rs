//! Mixing as text: `mixup(alpha=0.2)`, `cutmix(alpha=1, per=image)`.

use std::fmt;
use std::str::FromStr;

use super::{CutMix, MixUp, Mixing, Per};
use crate::error::{Error, Result};

impl Per {
    const ALL: [Per; 2] = [Per::Batch, Per::Image];

    /// The name: `batch` or `image`.
    pub const fn name(self) -> &'static str {
        match self {
            Per::Batch => "batch",
            Per::Image => "image",
        }
    }
}

impl fmt::Display for Mixing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(alpha={}", self.name(), self.alpha())?;
        match self.per() {
            Per::Batch => f.write_str(")"),
            per => write!(f, ", per={})", per.name()),
        }
    }
}

impl FromStr for Mixing {
    type Err = Error;

    /// Parses what `Display` prints. What is left out is torchvision's: alpha 1, one draw a batch.
    fn from_str(text: &str) -> Result<Self> {
        let syntax = |message: String| Error::Syntax { what: "mixing", message };
        let (name, rest) = match text.split_once('(') {
            None => (text, ""),
            Some((name, rest)) => match rest.trim_end().strip_suffix(')') {
                Some(rest) => (name, rest),
                None => return Err(syntax(format!("`{text}` has no closing parenthesis"))),
            },
        };
        let (mut alpha, mut per) = (None, None);
        for part in rest.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let Some((key, value)) = part.split_once('=') else {
                return Err(syntax(format!("`{part}` in `{text}` is not `parameter=value`")));
            };
            let (key, value) = (key.trim(), value.trim());
            let stood = match key {
                "alpha" => {
                    let number = value.parse().map_err(|_| syntax(format!("the alpha `{value}` is not a number")))?;
                    alpha.replace(number).is_some()
                }
                "per" => {
                    let found = Per::ALL.into_iter().find(|per| per.name().eq_ignore_ascii_case(value));
                    let unknown = || Error::unknown("scope of a draw", value, Per::ALL.map(Per::name));
                    per.replace(found.ok_or_else(unknown)?).is_some()
                }
                _ => return Err(Error::unknown("parameter", key, ["alpha", "per"])),
            };
            if stood {
                return Err(syntax(format!("`{key}` stands twice in `{text}`")));
            }
        }
        let (alpha, per) = (alpha.unwrap_or(1.0), per.unwrap_or_default());
        let mixing: Mixing = match name.trim().to_lowercase().as_str() {
            "mixup" => MixUp { alpha, per }.into(),
            "cutmix" => CutMix { alpha, per }.into(),
            _ => return Err(Error::unknown("mixing", name.trim(), ["mixup", "cutmix"])),
        };
        mixing.check()?;
        Ok(mixing)
    }
}
