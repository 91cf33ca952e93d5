//! Operations as text, `Rotate(degrees=30, interpolation=nearest, fill=[0,0,0])`, and as JSON.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::{Op, OpKind};
use crate::call_syntax;
use crate::error::{Error, Result};
use crate::json::Fields;

impl fmt::Display for OpKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for OpKind {
    type Err = Error;

    /// Finds an operation by its name; upper and lower case are the same.
    fn from_str(name: &str) -> Result<Self> {
        let all = || OpKind::ALL.iter().chain(OpKind::TRANSFORM_ONLY);
        let found = all().copied().find(|k| k.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| Error::unknown("operation", name, all().map(|k| k.name())))
    }
}

impl Serialize for OpKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for OpKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        call_syntax::write(f, self.kind().name(), &self.parameters())
    }
}

impl FromStr for Op {
    type Err = Error;

    /// Parses what `Display` prints.
    fn from_str(text: &str) -> Result<Self> {
        let kind: OpKind = call_syntax::name(text).parse()?;
        let parameters = call_syntax::parameters("operation", text)?;
        let syntax =
            |e| Error::Syntax { what: "operation", message: format!("{kind}: {e}; its form is {}", kind.usage()) };
        let op = kind.with_parameters(parameters).map_err(syntax)?;
        op.check()?;
        Ok(op)
    }
}

impl Serialize for Op {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let name = Value::from(self.kind().name());
        serializer.collect_map(std::iter::once(("op".to_string(), name)).chain(self.parameters()))
    }
}

impl<'de> Deserialize<'de> for Op {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Fields(mut parameters) = Fields::deserialize(deserializer)?;
        let kind: OpKind = match parameters.remove("op") {
            Some(Value::String(name)) => name.parse().map_err(D::Error::custom)?,
            Some(other) => return Err(D::Error::custom(format!("`op` is {other} and must be an operation's name"))),
            None => return Err(D::Error::custom("an operation has no `op`, its name")),
        };
        let op = kind.with_parameters(parameters).map_err(|e| D::Error::custom(format!("{kind}: {e}")))?;
        op.check().map_err(D::Error::custom)?;
        Ok(op)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::Invert;

    #[test]
    fn operations_print_and_parse() {
        let op: Op = "Rotate(degrees=-12.5, interpolation=bicubic, fill=[1,2,3])".parse().unwrap();
        assert_eq!(op.to_string(), "Rotate(degrees=-12.5, interpolation=bicubic, fill=[1,2,3])");
        assert_eq!(op.to_string().parse::<Op>().unwrap(), op);
        let json = serde_json::to_string(&op).unwrap();
        assert_eq!(json, r#"{"op":"Rotate","degrees":-12.5,"interpolation":"bicubic","fill":[1,2,3]}"#);
        assert_eq!(serde_json::from_str::<Op>(&json).unwrap(), op);
        assert_eq!("invert".parse::<Op>().unwrap(), Op::Invert(Invert {}));
        assert_eq!("Invert".parse::<Op>().unwrap().to_string(), "Invert");
    }

    #[test]
    fn names_are_unique_and_found() {
        for &kind in OpKind::ALL {
            assert_eq!(kind.name().parse::<OpKind>().unwrap(), kind);
            assert!(!kind.summary().is_empty());
        }
    }

    #[test]
    fn bad_operations_say_what_is_wrong() {
        for (text, message) in [
            ("Rotat", "unknown operation `Rotat`; did you mean `Rotate`?"),
            ("Frobnicate", "unknown operation `Frobnicate`"),
            ("Rotate(degrees=1", "operation: `Rotate(degrees=1` has no closing parenthesis"),
            ("Rotate(1)", "operation: `1` in `Rotate(1)` is not `parameter=value`"),
            ("Rotate(degrees=1, degrees=2)", "operation: `degrees` stands twice in `Rotate(degrees=1, degrees=2)`"),
            ("Posterize(bits=9)", "Posterize: bits 9 is outside 0..=8"),
            ("Rotate(degrees=1e9)", "Rotate: degrees 1000000000 is outside -1000000..=1000000"),
        ] {
            assert_eq!(text.parse::<Op>().unwrap_err().to_string(), message);
        }
        let unknown = "Rotate(angle=3)".parse::<Op>().unwrap_err().to_string();
        assert!(unknown.starts_with("operation: Rotate: unknown field `angle`"), "{unknown}");
    }
}
