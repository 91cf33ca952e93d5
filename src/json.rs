//! JSON files with a version: the shared part of reading policies and plans.

use std::fmt;

use serde::de::{DeserializeOwned, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::error::{Error, Result};

/// The text without the byte order mark in front, which editors on Windows write.
pub(crate) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Reads a file, and checks its `version` first.
pub(crate) fn versioned<T: DeserializeOwned>(what: &'static str, json: &str, newest: u64) -> Result<T> {
    let json = without_mark(json);
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

/// An object with arbitrary fields. A field that occurs twice is refused, as in objects with known fields. A plain
/// `Map` would silently keep the last one.
pub(crate) struct Fields(pub Map<String, Value>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Unique;
        impl<'de> Visitor<'de> for Unique {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Fields, A::Error> {
                let mut fields = Map::new();
                while let Some((name, value)) = entries.next_entry::<String, Value>()? {
                    if fields.contains_key(&name) {
                        return Err(A::Error::custom(format!("duplicate field `{name}`")));
                    }
                    fields.insert(name, value);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Unique)
    }
}
