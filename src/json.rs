//! JSON files with a version: what reading policies and plans has in common.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Reads a file whose `version` is looked at before anything else.
pub(crate) fn versioned<T: DeserializeOwned>(what: &'static str, json: &str, newest: u64) -> Result<T> {
    #[derive(Deserialize)]
    struct Head {
        version: Option<u64>,
    }
    let syntax = |e: serde_json::Error| Error::Syntax { what, message: e.to_string() };
    let head: Head = serde_json::from_str(json).map_err(syntax)?;
    let Some(version) = head.version else {
        return Err(Error::Syntax { what, message: format!("there is no `version`; this build writes {newest}") });
    };
    check_version(what, version, newest)?;
    serde_json::from_str(json).map_err(syntax)
}

/// Refuses versions that this build does not know.
pub(crate) fn check_version(what: &'static str, found: u64, newest: u64) -> Result<()> {
    if (1..=newest).contains(&found) { Ok(()) } else { Err(Error::Version { what, found, newest }) }
}

/// Indented JSON of a value that cannot fail to be written: no maps with odd keys, and numbers are checked before.
pub(crate) fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
