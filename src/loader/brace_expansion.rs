//! Brace expansion: `train-{0000..1023}.tar` as the names that it stands for.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The most names that one pattern may stand for.
const MOST: usize = 1 << 20;

/// The names that a pattern stands for, by the rules of bash and of WebDataset's lists of shards.
///
/// `{a,b}` stands for each of its parts. `{08..12}` stands for whole numbers, with as many digits as the longer end if
/// one of them begins with 0. `{0..10..5}` has a step, and `{a..e}` has letters. Braces that are none of these stay as
/// they are, and so does a text without braces.
///
/// ```
/// use autoaugment::loader::expand_braces;
/// assert_eq!(expand_braces("train-{0008..0010}.tar")?, ["train-0008.tar", "train-0009.tar", "train-0010.tar"]);
/// assert_eq!(expand_braces("{a,b}/{1..2}.tar")?, ["a/1.tar", "a/2.tar", "b/1.tar", "b/2.tar"]);
/// # Ok::<(), autoaugment::Error>(())
/// ```
///
/// # Errors
/// [`Error::Dataset`] if the pattern stands for more than 1,048,576 names.
pub fn expand_braces(pattern: &str) -> Result<Vec<String>> {
    let mut names = vec![String::new()];
    let mut rest = pattern;
    while let Some((before, inside, after)) = first_braces(rest) {
        // A single part, as in `{a}`, is no list: the braces are characters.
        let mut parts = match parts(inside, pattern)? {
            Some(parts) => parts,
            None => vec![format!("{{{inside}}}")],
        };
        for part in &mut parts {
            part.insert_str(0, before);
        }
        names = joined(&names, &parts, pattern)?;
        rest = after;
    }
    for name in &mut names {
        name.push_str(rest);
    }
    Ok(names)
}

/// The paths, with those expanded that have braces and are no file.
pub(super) fn expand_paths<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> Result<Vec<PathBuf>> {
    let mut expanded = Vec::new();
    for path in paths {
        let path = path.as_ref();
        match path.to_str() {
            Some(pattern) if pattern.contains('{') && !path.exists() => {
                expanded.extend(expand_braces(pattern)?.into_iter().map(PathBuf::from));
            }
            _ => expanded.push(path.to_path_buf()),
        }
    }
    Ok(expanded)
}

/// Each name followed by each part.
fn joined(names: &[String], parts: &[String], pattern: &str) -> Result<Vec<String>> {
    if names.len().saturating_mul(parts.len()) > MOST {
        return Err(too_many(pattern));
    }
    Ok(names.iter().flat_map(|name| parts.iter().map(move |part| format!("{name}{part}"))).collect())
}

/// The text before the first closed pair of braces, inside it and after it.
fn first_braces(text: &str) -> Option<(&str, &str, &str)> {
    let open = text.find('{')?;
    let mut depth = 0usize;
    for (at, c) in text[open..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((&text[..open], &text[open + 1..open + at], &text[open + at + 1..]));
        }
    }
    None
}

/// The parts of a list or a range. `None` if the text is neither.
fn parts(inside: &str, pattern: &str) -> Result<Option<Vec<String>>> {
    if let Some(range) = range(inside, pattern)? {
        return Ok(Some(range));
    }
    let mut depth = 0usize;
    let comma = |c: char| {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    };
    let written: Vec<&str> = inside.split(comma).collect();
    if written.len() == 1 {
        return Ok(None);
    }
    let mut all = Vec::new();
    for part in written {
        all.extend(expand_braces(part)?);
        if all.len() > MOST {
            return Err(too_many(pattern));
        }
    }
    Ok(Some(all))
}

/// The texts of `first..last` or `first..last..step`.
fn range(inside: &str, pattern: &str) -> Result<Option<Vec<String>>> {
    let ends: Vec<&str> = inside.split("..").collect();
    let (first, last, step) = match ends[..] {
        [first, last] => (first, last, 1),
        [first, last, step] => match step.parse::<i64>() {
            Ok(step) => (first, last, step.unsigned_abs().max(1)),
            Err(_) => return Ok(None),
        },
        _ => return Ok(None),
    };
    let letter = |text: &str| match text.as_bytes() {
        [letter] if letter.is_ascii_alphabetic() => Some(i64::from(*letter)),
        _ => None,
    };
    let (from, to, is_letters) = match (first.parse::<i64>(), last.parse::<i64>()) {
        (Ok(from), Ok(to)) => (from, to, false),
        _ => match (letter(first), letter(last)) {
            (Some(from), Some(to)) => (from, to, true),
            _ => return Ok(None),
        },
    };
    let count = from.abs_diff(to) / step;
    if count >= MOST as u64 {
        return Err(too_many(pattern));
    }
    let is_padded =
        |text: &str| text.trim_start_matches('-').len() > 1 && text.trim_start_matches('-').starts_with('0');
    let width = if is_padded(first) || is_padded(last) { first.len().max(last.len()) } else { 0 };
    let direction: i64 = if from <= to { 1 } else { -1 };
    // The distance can be more than an i64 holds. Wrapped sums still give the right value, which is between the ends.
    let value = |k: u64| from.wrapping_add(direction.wrapping_mul((k * step) as i64));
    let text = |value: i64| match is_letters {
        true => char::from(value as u8).to_string(),
        false => format!("{value:0width$}"),
    };
    Ok(Some((0..=count).map(|k| text(value(k))).collect()))
}

fn too_many(pattern: &str) -> Error {
    Error::Dataset { place: pattern.to_string(), reason: format!("the braces stand for more than {MOST} names") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_expanded_as_bash_does() {
        for (pattern, expected) in [
            ("a.tar", vec!["a.tar"]),
            ("{1..3}", vec!["1", "2", "3"]),
            ("{3..1}", vec!["3", "2", "1"]),
            ("{08..10}", vec!["08", "09", "10"]),
            ("{0..10..5}", vec!["0", "5", "10"]),
            ("{-1..1}", vec!["-1", "0", "1"]),
            ("{a..c}x", vec!["ax", "bx", "cx"]),
            ("{a,b{1..2},}z", vec!["az", "b1z", "b2z", "z"]),
            ("{a,b}{1,2}", vec!["a1", "a2", "b1", "b2"]),
            // Neither a list nor a range.
            ("{a}", vec!["{a}"]),
            ("a{b", vec!["a{b"]),
            ("a}b", vec!["a}b"]),
            ("{1..b}", vec!["{1..b}"]),
            ("", vec![""]),
        ] {
            assert_eq!(expand_braces(pattern).unwrap(), expected, "{pattern}");
        }
        let shards = expand_braces("train-{0000..1023}.tar").unwrap();
        assert_eq!((shards.len(), shards[1023].as_str()), (1024, "train-1023.tar"));
        for many in ["{0..9999999999}", "{1..2000}{1..2000}", "{-9223372036854775808..9223372036854775807}"] {
            let reason = expand_braces(many).unwrap_err().to_string();
            assert_eq!(reason, format!("{many}: the braces stand for more than 1048576 names"));
        }
    }
}
