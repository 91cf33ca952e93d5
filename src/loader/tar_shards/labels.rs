//! Labels: the class of a sample, from its `.cls` or its `.json`.

use std::collections::HashMap;

use serde_json::Value;

use crate::json::Fields;

/// Whether the samples of a data set have classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Labels {
    /// Each sample has one. A sample without one is broken. This is the default.
    #[default]
    Classes,
    /// No sample has one. Files of labels are not read, and each label is 0.
    None,
}

/// Class names by number.
#[derive(Clone, Debug, Default)]
pub(in crate::loader) struct ClassList {
    pub names: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl ClassList {
    /// The list, or the name that occurs twice.
    pub fn new(names: Vec<String>) -> Result<Self, String> {
        let mut numbers = HashMap::new();
        for (number, name) in names.iter().enumerate() {
            if numbers.insert(name.clone(), number as u32).is_some() {
                return Err(format!("the class list has `{name}` twice"));
            }
        }
        Ok(ClassList { names, numbers })
    }

    /// The number of a class that is written as a number or as a name.
    pub fn number(&self, text: &str) -> Result<u32, String> {
        let text = text.trim();
        if let Some(&number) = self.numbers.get(text) {
            return Ok(number);
        }
        match text.parse::<u32>() {
            Ok(number) => self.checked(number),
            Err(_) => Err(self.unknown(text)),
        }
    }

    /// A number, if the list has so many classes. Without a list, all numbers are classes.
    pub fn checked(&self, number: u32) -> Result<u32, String> {
        match self.names.len() {
            0 => Ok(number),
            classes if (number as usize) < classes => Ok(number),
            classes => Err(format!("expected a label below {classes}, the number of classes, got {number}")),
        }
    }

    fn unknown(&self, text: &str) -> String {
        let text: String = text.chars().take(40).collect();
        match self.names.is_empty() {
            true => format!("expected a class number as label, got `{text}`; a class list gives names their numbers"),
            false => format!("expected a class number or a name of the class list as label, got `{text}`"),
        }
    }

    /// The label of a JSON file. `None` if it has neither a field `label` nor a field `cls`.
    pub fn of_json(&self, text: &str) -> Result<Option<u32>, String> {
        let json = without_special_numbers(text.trim_start_matches('\u{feff}'));
        let unreadable = |e| format!("unreadable JSON: {e}");
        if !json.trim_start().starts_with('{') {
            return serde_json::from_str::<Value>(&json).map(|_| None).map_err(unreadable);
        }
        // A field that occurs twice is refused.
        let Fields(fields) = serde_json::from_str(&json).map_err(unreadable)?;
        let Some(label) = fields.get("label").or_else(|| fields.get("cls")) else { return Ok(None) };
        match label {
            Value::String(name) => self.number(name).map(Some),
            number => match number.as_u64().and_then(|number| u32::try_from(number).ok()) {
                Some(number) => self.checked(number).map(Some),
                None => Err(self.unknown(&number.to_string())),
            },
        }
    }
}

/// Python writes `NaN`, `Infinity` and `-Infinity`, which are not JSON. They become `null`, outside of texts.
fn without_special_numbers(json: &str) -> String {
    let mut written = String::with_capacity(json.len());
    let mut rest = json;
    let (mut in_text, mut is_escaped) = (false, false);
    while let Some(c) = rest.chars().next() {
        if !in_text {
            let special = ["NaN", "Infinity", "-Infinity"].into_iter().find(|word| rest.starts_with(word));
            if let Some(word) = special {
                written.push_str("null");
                rest = &rest[word.len()..];
                continue;
            }
        }
        match c {
            '"' if !is_escaped => in_text = !in_text,
            _ => {}
        }
        is_escaped = in_text && c == '\\' && !is_escaped;
        written.push(c);
        rest = &rest[c.len_utf8()..];
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_of_python_is_read() {
        let none = ClassList::default();
        let list = ClassList::new(vec!["cat".to_string(), "7".to_string()]).unwrap();
        let number = |list: &ClassList, text| list.of_json(text);
        assert_eq!(number(&none, r#"{"score": NaN, "a": [-Infinity, Infinity], "label": 3}"#), Ok(Some(3)));
        assert_eq!(number(&none, r#"{"why": "\"NaN\\", "cls": "12", "x": NaN}"#), Ok(Some(12)));
        assert_eq!(number(&none, r#"{"caption": "a cat"}"#), Ok(None));
        assert_eq!(number(&list, r#"{"label": "cat"}"#), Ok(Some(0)));
        // A name comes before a number.
        assert_eq!(number(&list, r#"{"label": "7"}"#), Ok(Some(1)));
        let below = "expected a label below 2, the number of classes, got 2";
        assert_eq!(number(&list, r#"{"label": 2}"#), Err(below.to_string()));
        assert_eq!(list.number("2"), Err(below.to_string()));
        let unknown =
            |text| format!("expected a class number as label, got `{text}`; a class list gives names their numbers");
        assert_eq!(number(&none, r#"{"label": "cat"}"#), Err(unknown("cat")));
        assert_eq!(number(&none, r#"{"label": NaN}"#), Err(unknown("null")));
        assert_eq!(number(&none, r#"{"label": -1}"#), Err(unknown("-1")));
        assert_eq!(number(&none, "[1, NaN]"), Ok(None));
        let twice = number(&none, r#"{"label": 1, "label": 2}"#).unwrap_err();
        assert!(twice.starts_with("unreadable JSON: duplicate field `label`"), "{twice}");
        assert!(number(&none, "{").unwrap_err().starts_with("unreadable JSON: "));
        assert_eq!(ClassList::new(vec![String::new(); 2]).unwrap_err(), "the class list has `` twice");
    }
}
