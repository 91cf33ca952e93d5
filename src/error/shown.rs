//! Shown: text from outside as messages show it, in bounded length and without control characters.
//!
//! A name or a message may quote a file. Control characters would steer the terminal that prints it, and marks of
//! direction would turn its words around.

use std::fmt::{self, Display, Write};

/// The most characters that are shown of a name.
const NAME: usize = 100;
/// The most characters that are shown of a path or a message.
const MESSAGE: usize = 1000;

/// A text with the number of its characters that are shown.
pub(super) struct Shown<'a>(&'a str, usize);

pub(super) fn name(text: &str) -> Shown<'_> {
    Shown(text, NAME)
}

pub(super) fn message(text: &str) -> Shown<'_> {
    Shown(text, MESSAGE)
}

/// A number as people write it. One of more than 16 digits is shown with its exponent, as `1e308`.
pub(super) fn number(value: f64) -> String {
    match value.abs() {
        0.0 | 1e-6..1e16 => value.to_string(),
        _ => format!("{value:?}"),
    }
}

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shown(text, most) = *self;
        let end = text.char_indices().nth(most).map_or(text.len(), |(at, _)| at);
        for c in text[..end].chars() {
            match c {
                '\n' | '\r' | '\t' => write!(f, "{}", c.escape_default())?,
                c if c.is_control() || turns(c) => write!(f, "{}", c.escape_unicode())?,
                c => f.write_char(c)?,
            }
        }
        match text.len() - end {
            0 => Ok(()),
            more => write!(f, "... ({more} bytes more)"),
        }
    }
}

/// Whether a character changes the direction of the text, or begins a line.
fn turns(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use crate::error::Error;

    #[test]
    fn control_characters_are_escaped() {
        let error = Error::Syntax { what: "policy", message: "\u{1b}]0;x\u{7}\n\u{9b}1m\u{202e}é\\".to_string() };
        assert_eq!(error.to_string(), r"policy: \u{1b}]0;x\u{7}\n\u{9b}1m\u{202e}é\");
    }

    #[test]
    fn long_numbers_have_exponents() {
        for (value, text) in [(1e308, "1e308"), (-1e16, "-1e16"), (1e9, "1000000000"), (0.25, "0.25"), (-0.0, "-0")] {
            assert_eq!(super::number(value), text);
        }
        assert_eq!([1e-300, f64::INFINITY, f64::NAN].map(super::number), ["1e-300", "inf", "NaN"]);
    }

    #[test]
    fn long_texts_are_cut() {
        let error = Error::unknown("operation", &"é".repeat(5_000_000), ["Rotate"]);
        assert_eq!(error.to_string(), format!("unknown operation `{}... (9999800 bytes more)`", "é".repeat(100)));
        let error = Error::Syntax { what: "plan", message: "x".repeat(1_000_000) }.to_string();
        assert_eq!(error, format!("plan: {}... (999000 bytes more)", "x".repeat(1000)));
    }
}
