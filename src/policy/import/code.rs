//! Code: the Python around lists of sub-policies, as people copy it: classes, functions, assignments, a `return`.
//!
//! Nothing is run. What stands above the list is passed if it cannot change it. Behind the list, functions are passed,
//! but not if they or further classes have lists: there is one policy in a text.

use super::literal::{Literal, Reader, Value};
use crate::error::Result;

/// A list, and the name that it is assigned to.
struct Assigned<'t> {
    name: Option<&'t str>,
    value: Literal<'t>,
}

/// Reads the policy: one value, or several between commas as a list.
pub(super) fn read(text: &str) -> Result<Literal<'_>> {
    let mut reader = Reader::new(text);
    let mut lists: Vec<Assigned<'_>> = Vec::new();
    reader.skip_heads();
    loop {
        reader.skip();
        let start = reader.at;
        let ends = reader.here().is_none() || reader.begins_function();
        if ends && !lists.is_empty() {
            reader.check_rest()?;
            return match lists.pop() {
                Some(one) if lists.is_empty() => Ok(one.value),
                _ => Err(reader.error(start, "there are several lists, and a `return` that joins them is missing")),
            };
        }
        if let Some(names) = reader.returned(&lists) {
            reader.skip();
            reader.check_rest()?;
            return joined(&reader, start, lists, &names);
        }
        if reader.renames(&mut lists) {
            continue;
        }
        let name = reader.skip_assignment();
        if name.is_none() && !lists.is_empty() {
            reader.at = start;
            return Err(reader.misplaced());
        }
        lists.push(Assigned { name, value: reader.values()? });
    }
}

/// The lists of these names, one behind the other.
fn joined<'t>(reader: &Reader<'t>, at: usize, lists: Vec<Assigned<'t>>, names: &[&str]) -> Result<Literal<'t>> {
    let mut lists: Vec<_> = lists.into_iter().map(Some).collect();
    let mut found = Vec::new();
    for name in names {
        // The last list of a name counts.
        let list = lists.iter_mut().rev().find(|list| list.as_ref().is_some_and(|list| list.name == Some(name)));
        let list = list.and_then(Option::take);
        found.push(list.ok_or_else(|| reader.error(at, &format!("`{name}` is returned twice")))?.value);
    }
    if found.len() == 1
        && let Some(one) = found.pop()
    {
        return Ok(one);
    }
    let mut all = Vec::new();
    for list in found {
        match list.value {
            Value::List(parts) => all.extend(parts),
            _ => return Err(reader.error(list.at, "only lists can be joined")),
        }
    }
    Ok(Literal { at, value: Value::List(all) })
}

impl<'t> Reader<'t> {
    /// Whether one of these words is next.
    fn begins(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.rest().starts_with(word))
    }

    fn begins_function(&self) -> bool {
        self.begins(&["def ", "async def ", "@"])
    }

    /// Goes past what may stand above a list: docstrings, imports, decorators, the first lines of classes, functions
    /// and `if`, and the call of the class above.
    fn skip_heads(&mut self) {
        loop {
            self.skip();
            let rest = self.rest();
            let unmarked = rest.strip_prefix(['r', 'R', 'u', 'U']).unwrap_or(rest);
            let quotes = ["\"\"\"", "'''"].into_iter().find(|quotes| unmarked.starts_with(quotes));
            let length = if let Some(quotes) = quotes {
                let behind = rest.len() - unmarked.len() + quotes.len();
                rest[behind..].find(quotes).map(|end| behind + end + quotes.len())
            } else if self.begins(&["import ", "from ", "@", "super("]) {
                end_of(rest, '\n').or(Some(rest.len()))
            } else if self.begins(&["def ", "async def ", "class ", "if "]) {
                end_of(rest, ':').map(|end| end + 1)
            } else {
                None
            };
            match length {
                Some(length) => self.at += length,
                None => return,
            }
        }
    }

    /// Goes past `return`, `name =` and `name: Annotation =`. Gives the name that the value is assigned to.
    fn skip_assignment(&mut self) -> Option<&'t str> {
        self.skip();
        let before = self.at;
        if !self.here().is_some_and(|c| c.is_alphabetic() || c == '_') {
            return None;
        }
        let name = self.word();
        if name == "return" {
            return None;
        }
        if self.peek() == Some(':') {
            self.take(|c| c != '=' && c != '\n');
        }
        match self.here() {
            Some('=') => {
                self.at += 1;
                Some(name)
            }
            _ => {
                self.at = before;
                None
            }
        }
    }

    /// The values up to the end of a statement. Several between commas are a list.
    fn values(&mut self) -> Result<Literal<'t>> {
        self.skip();
        let start = self.at;
        let mut values = Vec::new();
        let mut is_list = false;
        while self.peek().is_some() {
            values.push(self.value(0)?);
            if self.peek() != Some(',') {
                break;
            }
            (is_list, self.at) = (true, self.at + 1);
        }
        match values.pop() {
            None => Err(self.error(start, "there is no list")),
            Some(one) if values.is_empty() && !is_list => Ok(one),
            Some(last) => {
                values.push(last);
                Ok(Literal { at: start, value: Value::List(values) })
            }
        }
    }

    /// Goes past `return name` and `return name + name` of known lists, and gives the names.
    fn returned(&mut self, lists: &[Assigned<'t>]) -> Option<Vec<&'t str>> {
        let before = self.at;
        let mut names = Vec::new();
        if self.word() == "return" {
            loop {
                self.skip();
                let name = self.word();
                if !lists.iter().any(|list| list.name == Some(name)) {
                    break;
                }
                names.push(name);
                if self.peek() != Some('+') {
                    return Some(names);
                }
                self.at += 1;
            }
        }
        self.at = before;
        None
    }

    /// Goes past `name = [[Op(*step) for step in steps] for steps in known]`, which makes objects of the steps of a
    /// known list, and gives the list the new name.
    fn renames(&mut self, lists: &mut [Assigned<'t>]) -> bool {
        let before = self.at;
        if let Some(name) = self.skip_assignment()
            && self.peek() == Some('[')
        {
            let rest = self.rest();
            let line = &rest[..end_of(rest, '\n').unwrap_or(rest.len())];
            let code = line.split('#').next().unwrap_or_default().trim_end();
            if code.starts_with("[[")
                && code.contains(" for ")
                && let Some((_, known)) = code.strip_suffix(']').and_then(|code| code.rsplit_once(" in "))
                && let Some(list) = lists.iter_mut().rev().find(|list| list.name == Some(known.trim()))
            {
                list.name = Some(name);
                self.at += line.len();
                return true;
            }
        }
        self.at = before;
        false
    }

    /// Refuses a second policy. What follows a list may only be functions.
    fn check_rest(&self) -> Result<()> {
        if self.here().is_none() {
            return Ok(());
        }
        if !self.begins_function() {
            return Err(self.misplaced());
        }
        let mut at = self.at;
        for line in self.rest().split_inclusive('\n') {
            let code: String = line.split_whitespace().collect();
            if line.trim_start().starts_with("class ") || code.contains("=[") || code.starts_with("return[") {
                let first = line.len() - line.trim_start().len();
                return Err(self.error(at + first, "this may be a second policy; give the code of one alone"));
            }
            at += line.len();
        }
        Ok(())
    }
}

/// Where a character stands that is not in brackets.
fn end_of(code: &str, wanted: char) -> Option<usize> {
    let mut depth = 0usize;
    for (at, c) in code.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ if c == wanted && depth == 0 => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::forms::FORMS;
    use super::super::literal::tests::written;
    use super::*;

    #[test]
    fn code_around_a_list_is_passed() {
        for (text, expected) in [
            ("1, 2", "[1 2]"),
            ("[1],", "[[1]]"),
            ("[1],\n(2, 3),\n", "[[1] [2 3]]"),
            ("x = [1]", "[1]"),
            ("x: List[Tuple[str, float]] = [1]", "[1]"),
            ("    return [\n 1, \\\n 2 # two\n , ]  # done", "[1 2]"),
            ("\u{feff}# first\n_x=\t(1, 2)", "[1 2]"),
            ("x = [1]\nreturn x", "[1]"),
            ("def f(a: int) -> List:  # a function\n    x = [1]\n    return x  # done\n", "[1]"),
            ("def f():\n    return [1]", "[1]"),
            ("def f(\n    self, a: int\n) -> List[\n    int\n]:\n    \"\"\"Words: [2].\"\"\"\n    return [1]", "[1]"),
            (
                "class A(object):\n    ''' Words.\n\n    '''\n    def f(self, fill=(1, 2)):\n        self.a = [1]\n",
                "[1]",
            ),
            (
                "import b\nfrom a import (c,\n  d)\n@a.b(c)\nclass A:\n    r\"\"\"Words.\"\"\"\n    def f(self):\n\
                 \x20       super().f(1)\n        self.a = [\n1]\n\n    def g(self):\n        return self.a[i](b)\n",
                "[1]",
            ),
            ("def f(a):\n    if a == 'b':\n        return [1]", "[1]"),
            ("a = [1, 2]\nb = [3]\nreturn a + b", "[1 2 3]"),
            ("a = [1]\nb = [2]\nreturn b", "[2]"),
            ("a = [1]\na = [2]\nreturn a", "[2]"),
            ("a = [[1]]\nb = [[A(*s, h=h) for s in p] for p in a]\nreturn b", "[[1]]"),
        ] {
            assert_eq!(written(&read(text).unwrap_or_else(|e| panic!("{text}: {e}"))), expected, "{text}");
        }
    }

    #[test]
    fn other_code_is_refused() {
        for (text, message) in [
            ("", "line 1, column 1: policy: there is no list"),
            ("# nothing\n", "line 2, column 1: policy: there is no list"),
            ("x =", "line 1, column 4: policy: there is no list"),
            ("def f():\n", "line 2, column 1: policy: there is no list"),
            ("[1]]", "line 1, column 4: policy: `]` cannot stand here: FORMS"),
            ("[1] [2]", "line 1, column 5: policy: `[` cannot stand here: FORMS"),
            ("x == [1]", "line 1, column 4: policy: `=` cannot stand here: FORMS"),
            ("x = [1]\nreturn y", "line 2, column 1: policy: `r` cannot stand here: FORMS"),
            ("x = [1]\nreturn x + y", "line 2, column 1: policy: `r` cannot stand here: FORMS"),
            ("x = [1]\nreturn x * 2", "line 2, column 10: policy: `*` cannot stand here: FORMS"),
            ("x = [1]\nreturn x + x", "line 2, column 1: policy: `x` is returned twice"),
            ("x = 1\ny = [2]\nreturn x + y", "line 1, column 5: policy: only lists can be joined"),
            (
                "x = [1]\nx = [2]",
                "line 2, column 8: policy: there are several lists, and a `return` that joins them is missing",
            ),
            ("if a:\n  return [1]\nelif b:\n  return [2]", "line 3, column 1: policy: `e` cannot stand here: FORMS"),
            (
                "def f():\n  return [1]\ndef g():\n  return [2]",
                "line 4, column 3: policy: this may be a second policy; give the code of one alone",
            ),
            (
                "x = [1]\ndef g():\n  pass\nclass B: pass",
                "line 4, column 1: policy: this may be a second policy; give the code of one alone",
            ),
            ("x = [1]\nx.append(2)", "line 2, column 1: policy: `x` cannot stand here: FORMS"),
            ("x = [1]\nx += [2]", "line 2, column 1: policy: `x` cannot stand here: FORMS"),
            ("\"\"\"never closed\n[1]", "line 1, column 3: policy: `\"` cannot stand here: FORMS"),
        ] {
            let found = read(text).map(|literal| written(&literal)).unwrap_err().to_string();
            assert_eq!(found.replace(&format!("; {FORMS}"), ": FORMS"), message, "{text}");
        }
    }
}
