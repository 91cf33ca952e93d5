//! Call syntax: `name(parameter=value, ...)`, the text form of operations and schemes.

use std::fmt;

use serde_json::{Map, Value};

use crate::error::{Error, Result};

/// Writes a name with its parameters.
pub(crate) fn write(f: &mut fmt::Formatter<'_>, name: &str, parameters: &Map<String, Value>) -> fmt::Result {
    f.write_str(name)?;
    if parameters.is_empty() {
        return Ok(());
    }
    for (i, (name, value)) in parameters.iter().enumerate() {
        f.write_str(if i == 0 { "(" } else { ", " })?;
        match value {
            Value::String(text) => write!(f, "{name}={text}")?,
            // 30.0 is printed as 30, as a person writes it.
            Value::Number(n) if n.is_f64() => write!(f, "{name}={}", n.as_f64().unwrap_or_default())?,
            other => write!(f, "{name}={other}")?,
        }
    }
    f.write_str(")")
}

/// The name in front of the parenthesis, and all behind it.
fn split(text: &str) -> (&str, Option<&str>) {
    match text.split_once('(') {
        None => (text.trim(), None),
        Some((name, rest)) => (name.trim(), Some(rest)),
    }
}

/// The name alone, right or wrong.
pub(crate) fn name(text: &str) -> &str {
    split(text).0
}

/// Reads the parameters of a text from [`write`]. Errors name `what`.
pub(crate) fn parameters(what: &'static str, text: &str) -> Result<Map<String, Value>> {
    let value = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_string()));
    Ok(pairs(what, text)?.into_iter().map(|(key, text)| (key.to_string(), value(text))).collect())
}

/// The same as they are written, each key once.
pub(crate) fn pairs<'t>(what: &'static str, text: &'t str) -> Result<Vec<(&'t str, &'t str)>> {
    let syntax = |message: String| Error::Syntax { what, message };
    let rest = match split(text) {
        (_, None) => "",
        (_, Some(rest)) => match rest.trim_end().strip_suffix(')') {
            Some(rest) => rest,
            None => return Err(syntax(format!("`{text}` has no closing parenthesis"))),
        },
    };
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    for part in split_outside_brackets(rest) {
        let Some((key, value)) = part.split_once('=').map(|(key, value)| (key.trim(), value.trim())) else {
            return Err(syntax(format!("`{}` in `{text}` is not `parameter=value`", part.trim())));
        };
        if pairs.iter().any(|(other, _)| *other == key) {
            return Err(syntax(format!("`{key}` stands twice in `{text}`")));
        }
        pairs.push((key, value));
    }
    Ok(pairs)
}

/// The parts of `a=1, fill=[0,0,0]` between the commas that are not inside brackets.
fn split_outside_brackets(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0;
    text.split(move |c| {
        match c {
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    })
    .filter(|part| !part.trim().is_empty())
}
