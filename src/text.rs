//! Text: how small types are read by name, and their serde form where that is the text.

use crate::error::{Error, Result};

/// The value with this name, in any case. An error says `what` the name should be. If no known name is close, it lists
/// all of them.
pub(crate) fn by_name<T: Copy>(what: &'static str, name: &str, known: &[(&'static str, T)]) -> Result<T> {
    let found = known.iter().find(|(known, _)| known.eq_ignore_ascii_case(name.trim()));
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<_> = known.iter().map(|(known, _)| *known).collect();
        match Error::unknown(what, name, names.iter().copied()) {
            Error::Unknown { suggestion: None, .. } => {
                let message = format!("there is no `{name}`; there are {}", names.join(", "));
                Error::Syntax { what, message }
            }
            close => close,
        }
    })
}

/// Serde as the text that `Display` writes and `FromStr` reads.
macro_rules! serde_as_text {
    ($($type:ty),+) => {$(
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

/// `Display` and `FromStr` of enums that have `ALL` and `name()`. The text is the name, read in any case.
macro_rules! text_is_name {
    ($($what:literal: $type:ty),+) => {$(
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl std::str::FromStr for $type {
            type Err = crate::error::Error;

            /// Reads the name, in any case.
            fn from_str(name: &str) -> crate::error::Result<Self> {
                crate::text::by_name($what, name, &Self::ALL.map(|value| (value.name(), value)))
            }
        }
    )+};
}

pub(crate) use serde_as_text;
pub(crate) use text_is_name;

#[cfg(test)]
pub(crate) mod tests {
    use std::fmt::{Debug, Display};
    use std::str::FromStr;

    use serde::Serialize;
    use serde::de::DeserializeOwned;

    /// A value is what its text and its JSON say.
    pub(crate) fn round_trip<T>(value: &T)
    where
        T: Debug + Display + FromStr<Err = crate::Error> + PartialEq + Serialize + DeserializeOwned,
    {
        let text = value.to_string();
        assert_eq!(text.parse::<T>().as_ref(), Ok(value), "{text}");
        let json = serde_json::to_string(value).unwrap();
        assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), value, "{json}");
    }
}
