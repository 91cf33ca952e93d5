//! JSON files with a version: what reading policies and plans has in common.

use std::fmt;

use serde::de::{DeserializeOwned, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

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

/// An object whose fields are not known beforehand. A field that stands twice is refused, as it is where they are
/// known; a plain `Map` would keep the last one and say nothing.
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
