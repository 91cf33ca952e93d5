//! Literal: the part of Python in which lists of steps are written.
//!
//! It has lists, tuples, dictionaries, strings, numbers, `None`, bare names and calls, with comments. A name with dots
//! counts as its last part. Nothing is run: a call is its name and its arguments.

use super::forms::FORMS;
use super::syntax;
use crate::error::{Error, Result};

/// The greatest depth of brackets. Policies need three.
const DEEPEST: usize = 16;

/// A value and its place.
#[derive(Debug, PartialEq)]
pub(super) struct Literal<'t> {
    /// In bytes.
    pub at: usize,
    pub value: Value<'t>,
}

#[derive(Debug, PartialEq)]
pub(super) enum Value<'t> {
    None,
    Number(f64),
    /// A string, or a bare name.
    Name(&'t str),
    /// A list or a tuple.
    List(Vec<Literal<'t>>),
    /// The keys and values of a dictionary.
    Dict(Vec<(Literal<'t>, Literal<'t>)>),
    /// The name of what is called, and the arguments.
    Call(&'t str, Vec<Argument<'t>>),
}

/// An argument of a call, with its name if it has one.
#[derive(Debug, PartialEq)]
pub(super) struct Argument<'t> {
    pub name: Option<&'t str>,
    pub value: Literal<'t>,
}

/// Line and column of byte `at`.
pub(super) fn place(text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    format!("line {line}, column {column}")
}

/// The code and how far it was read.
pub(super) struct Reader<'t> {
    text: &'t str,
    /// The next byte, at the beginning of a character.
    pub at: usize,
}

impl<'t> Reader<'t> {
    pub fn new(text: &'t str) -> Self {
        Reader { text, at: 0 }
    }

    pub fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next character.
    pub fn here(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// The next character that is not skipped.
    pub fn peek(&mut self) -> Option<char> {
        self.skip();
        self.here()
    }

    /// Goes past blanks, comments and joined lines.
    pub fn skip(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
            let trimmed = match trimmed.chars().next() {
                Some('#') => trimmed.trim_start_matches(|c| c != '\n'),
                Some('\\') if trimmed[1..].starts_with(['\n', '\r']) => &trimmed[1..],
                _ => trimmed,
            };
            if trimmed.len() == rest.len() {
                return;
            }
            self.at += rest.len() - trimmed.len();
        }
    }

    /// Takes as many characters as `part` of them.
    pub fn take(&mut self, part: impl FnMut(char) -> bool) -> &'t str {
        let rest = self.rest();
        let mut part = part;
        let end = rest.find(|c| !part(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    pub fn word(&mut self) -> &'t str {
        self.take(|c| c.is_alphanumeric() || c == '_' || c == '.')
    }

    pub fn value(&mut self, depth: usize) -> Result<Literal<'t>> {
        let first = self.peek();
        let at = self.at;
        let value = match first {
            None => return Err(self.error(at, "the text ends, and a value is missing")),
            Some('[') => Value::List(self.list(']', depth)?.0),
            // One value in parentheses is that value.
            Some('(') => match self.list(')', depth)? {
                (mut parts, false) if parts.len() == 1 => return parts.pop().ok_or_else(|| self.misplaced()),
                (parts, _) => Value::List(parts),
            },
            Some('{') => self.dictionary(depth)?,
            Some(quote @ ('"' | '\'')) => self.quoted(quote)?,
            Some('0'..='9' | '+' | '-' | '.') => self.number()?,
            Some(c) if c.is_alphabetic() || c == '_' => {
                let word = self.word();
                match self.here() {
                    // r"", u"".
                    Some(quote @ ('"' | '\'')) if word.len() == 1 => self.quoted(quote)?,
                    _ if word == "None" => Value::None,
                    here => {
                        let name = word.rsplit('.').next().unwrap_or(word);
                        match here {
                            Some('(') => Value::Call(name, self.arguments(depth)?),
                            _ => Value::Name(name),
                        }
                    }
                }
            }
            Some(_) => return Err(self.misplaced()),
        };
        Ok(Literal { at, value })
    }

    /// The values up to a bracket, and whether there is a comma behind the last.
    fn list(&mut self, close: char, depth: usize) -> Result<(Vec<Literal<'t>>, bool)> {
        self.parts(close, depth, |reader| reader.value(depth + 1))
    }

    fn dictionary(&mut self, depth: usize) -> Result<Value<'t>> {
        let (fields, _) = self.parts('}', depth, |reader| {
            let key = reader.value(depth + 1)?;
            if reader.peek() != Some(':') {
                return Err(reader.error(reader.at, "a colon is missing before this"));
            }
            reader.at += 1;
            Ok((key, reader.value(depth + 1)?))
        })?;
        Ok(Value::Dict(fields))
    }

    fn arguments(&mut self, depth: usize) -> Result<Vec<Argument<'t>>> {
        let (arguments, _) = self.parts(')', depth, |reader| {
            let before = reader.at;
            let name = reader.word();
            if !name.is_empty() && reader.peek() == Some('=') {
                reader.at += 1;
                return Ok(Argument { name: Some(name), value: reader.value(depth + 1)? });
            }
            reader.at = before;
            Ok(Argument { name: None, value: reader.value(depth + 1)? })
        })?;
        Ok(arguments)
    }

    /// The parts up to a bracket, and whether there is a comma behind the last.
    fn parts<T>(
        &mut self,
        close: char,
        depth: usize,
        mut part: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<(Vec<T>, bool)> {
        let (start, open) = (self.at, self.here().unwrap_or(close));
        if depth == DEEPEST {
            return Err(self.error(start, &format!("brackets nest deeper than {DEEPEST}")));
        }
        self.at += 1;
        let (mut parts, mut may_follow) = (Vec::new(), true);
        loop {
            match self.peek() {
                None => return Err(self.error(start, &format!("`{open}` is never closed"))),
                Some(c) if c == close => break,
                Some(')' | ']' | '}') => return Err(self.crossed(open, start)),
                Some(',') if !may_follow => (self.at, may_follow) = (self.at + 1, true),
                Some(_) if !may_follow => return Err(self.error(self.at, "a comma is missing before this")),
                Some(_) => {
                    parts.push(part(self)?);
                    may_follow = false;
                }
            }
        }
        self.at += 1;
        Ok((parts, may_follow))
    }

    fn quoted(&mut self, quote: char) -> Result<Value<'t>> {
        let start = self.at;
        self.at += 1;
        let text = self.take(|c| c != quote && c != '\n');
        if self.here() != Some(quote) {
            return Err(self.error(start, "the text is never closed"));
        }
        self.at += 1;
        Ok(Value::Name(text))
    }

    fn number(&mut self) -> Result<Value<'t>> {
        let at = self.at;
        let mut last = ' ';
        let text = self.take(|c| {
            let is_sign = matches!(c, '+' | '-') && matches!(last, ' ' | 'e' | 'E');
            last = c;
            is_sign || c.is_alphanumeric() || c == '.' || c == '_'
        });
        let plain = text.replace('_', "");
        let is_number = plain.chars().all(|c| matches!(c, '0'..='9' | '.' | '+' | '-' | 'e' | 'E'));
        match plain.parse() {
            Ok(number) if is_number => Ok(Value::Number(number)),
            _ => Err(self.error(at, &format!("`{text}` is not a number"))),
        }
    }

    pub fn error(&self, at: usize, message: &str) -> Error {
        syntax(message).at(place(self.text, at))
    }

    /// A bracket that does not close the bracket opened last.
    fn crossed(&self, open: char, opened_at: usize) -> Error {
        let close = self.here().unwrap_or(' ');
        self.error(self.at, &format!("`{close}` does not close the `{open}` of {}", place(self.text, opened_at)))
    }

    pub fn misplaced(&self) -> Error {
        let c = self.here().unwrap_or(' ');
        self.error(self.at, &format!("`{c}` cannot stand here; {FORMS}"))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// One value.
    fn read(text: &str) -> Result<Literal<'_>> {
        Reader::new(text).value(0)
    }

    pub fn written(literal: &Literal<'_>) -> String {
        match &literal.value {
            Value::None => "None".to_string(),
            Value::Number(number) => number.to_string(),
            Value::Name(name) => format!("'{name}'"),
            Value::List(parts) => format!("[{}]", parts.iter().map(written).collect::<Vec<_>>().join(" ")),
            Value::Dict(fields) => {
                let field = |(key, value): &(Literal<'_>, Literal<'_>)| format!("{}: {}", written(key), written(value));
                format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(" "))
            }
            Value::Call(name, arguments) => {
                let argument = |a: &Argument<'_>| match a.name {
                    Some(name) => format!("{name}={}", written(&a.value)),
                    None => written(&a.value),
                };
                format!("{name}({})", arguments.iter().map(argument).collect::<Vec<_>>().join(" "))
            }
        }
    }

    #[test]
    fn reads_what_python_does() {
        for (text, expected) in [
            ("[1, 2.5, .5, 1., -3, +4, 1e-3, 2E+2, 1_000]", "[1 2.5 0.5 1 -3 4 0.001 200 1000]"),
            ("()", "[]"),
            ("[]", "[]"),
            ("(1)", "1"),
            ("(1,)", "[1]"),
            ("((1, 2))", "[1 2]"),
            ("(1, # one\n)", "[1]"),
            ("[1]", "[1]"),
            ("['a', \"b's\", u'c', None, d, dali.e]", "['a' 'b's' 'c' None 'd' 'e']"),
            ("'#[,'", "'#[,'"),
            ("{'a': 1, b: [2],}", "{'a': 1 'b': [2]}"),
            ("a.F(1, 'x', c=(2, 3), d)", "F(1 'x' c=[2 3] 'd')"),
            ("f()", "f()"),
        ] {
            assert_eq!(written(&read(text).unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn says_where_it_went_wrong() {
        for (text, message) in [
            ("[1, [2, 3]", "line 1, column 1: policy: `[` is never closed"),
            ("[1,\n (2, 3]", "line 2, column 7: policy: `]` does not close the `(` of line 2, column 2"),
            ("[1 2]", "line 1, column 4: policy: a comma is missing before this"),
            ("[{1 2}]", "line 1, column 5: policy: a colon is missing before this"),
            ("[{1: 2]", "line 1, column 7: policy: `]` does not close the `{` of line 1, column 2"),
            ("[,]", "line 1, column 2: policy: `,` cannot stand here: FORMS"),
            ("['é', 'b]", "line 1, column 7: policy: the text is never closed"),
            ("[0x1f]", "line 1, column 2: policy: `0x1f` is not a number"),
            ("[1.2.3]", "line 1, column 2: policy: `1.2.3` is not a number"),
            ("[-inf]", "line 1, column 2: policy: `-inf` is not a number"),
            ("[1-2]", "line 1, column 3: policy: a comma is missing before this"),
            ("[f(1]", "line 1, column 5: policy: `]` does not close the `(` of line 1, column 3"),
        ] {
            let found = read(text).unwrap_err().to_string().replace(&format!("; {FORMS}"), ": FORMS");
            assert_eq!(found, message, "{text}");
        }
        let deep = "[".repeat(100_000);
        assert_eq!(read(&deep).unwrap_err().to_string(), "line 1, column 17: policy: brackets nest deeper than 16");
    }
}
