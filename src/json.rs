//! JSON files with a version: the shared part of reading policies and plans.

use std::fmt;

use serde::de::{DeserializeOwned, Error as _, MapAccess, SeqAccess, Visitor};
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

/// An object with arbitrary fields. A field that occurs twice is refused at every depth, as in objects with known
/// fields. A plain `Map` would silently keep the last one.
pub(crate) struct Fields(pub Map<String, Value>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Fields, A::Error> {
                fields(entries).map(Fields)
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// A value in which no object has a field twice.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
                Ok(value.into())
            }

            fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
                Ok(value.into())
            }

            fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
                Ok(value.into())
            }

            fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
                Ok(value.into())
            }

            fn visit_str<E>(self, value: &str) -> Result<Value, E> {
                Ok(value.into())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
                let mut values = Vec::new();
                while let Some(Unique(value)) = elements.next_element()? {
                    values.push(value);
                }
                Ok(values.into())
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Value, A::Error> {
                fields(entries).map(Value::Object)
            }
        }
        deserializer.deserialize_any(Any).map(Unique)
    }
}

fn fields<'de, A: MapAccess<'de>>(mut entries: A) -> Result<Map<String, Value>, A::Error> {
    let mut fields = Map::new();
    while let Some((name, Unique(value))) = entries.next_entry::<String, Unique>()? {
        if fields.contains_key(&name) {
            return Err(A::Error::custom(format!("duplicate field `{name}`")));
        }
        fields.insert(name, value);
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_occurs_twice_is_refused_at_every_depth() {
        let texts =
            [r#"{"a": 1, "a": 1}"#, r#"{"b": {"a": 1, "a": 2}}"#, r#"{"b": [0, {"c": [{"a": null, "a": "x"}]}]}"#];
        for text in texts {
            let error = serde_json::from_str::<Fields>(text).map(|Fields(fields)| fields).unwrap_err().to_string();
            assert!(error.starts_with("duplicate field `a`"), "{text}: {error}");
        }
    }

    #[test]
    fn other_values_are_those_of_serde_json() {
        let text = r#"{"a": null, "b": [true, -1, 18446744073709551615, 0.1, 1e300, "x"], "c": {"d": {}, "e": []}}"#;
        let Fields(fields) = serde_json::from_str(text).unwrap();
        assert_eq!(Value::Object(fields), serde_json::from_str::<Value>(text).unwrap());
    }
}
