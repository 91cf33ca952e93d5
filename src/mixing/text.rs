//! Mixing as text: `mixup(alpha=0.2)`, `cutmix(alpha=1, per=image)`.

use std::fmt;
use std::str::FromStr;

use super::{CutMix, Granularity, MixUp, Mixing};
use crate::call_syntax;
use crate::error::{Error, Result};
use crate::text::text_is_name;

impl Granularity {
    /// Both.
    pub const ALL: [Granularity; 2] = [Granularity::Batch, Granularity::Image];

    /// The name: `batch` or `image`.
    pub const fn name(self) -> &'static str {
        match self {
            Granularity::Batch => "batch",
            Granularity::Image => "image",
        }
    }
}

text_is_name!("scope of a draw": Granularity);

impl fmt::Display for Mixing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(alpha={}", self.name(), self.alpha())?;
        match self.per() {
            Granularity::Batch => f.write_str(")"),
            per => write!(f, ", per={per})"),
        }
    }
}

impl FromStr for Mixing {
    type Err = Error;

    /// Parses the form that `Display` prints. The defaults are torchvision's: alpha 1, one draw per batch.
    fn from_str(text: &str) -> Result<Self> {
        let (mut alpha, mut per) = (1.0, Granularity::default());
        for (key, value) in call_syntax::pairs("mixing", text)? {
            match key {
                "alpha" => {
                    let message = || format!("expected a number as alpha, got `{value}`");
                    alpha = value.parse().map_err(|_| Error::Syntax { what: "mixing", message: message() })?;
                }
                "per" => per = value.parse()?,
                _ => return Err(Error::unknown("parameter", key, ["alpha", "per"])),
            }
        }
        let name = call_syntax::name(text);
        let mixing: Mixing = match name.to_lowercase().as_str() {
            "mixup" => MixUp { alpha, per }.into(),
            "cutmix" => CutMix { alpha, per }.into(),
            _ => return Err(Error::unknown("mixing", name, ["mixup", "cutmix"])),
        };
        mixing.check()?;
        Ok(mixing)
    }
}
