//! Answer: the last line of a program's standard output, and the end of its standard error.

use serde::Deserialize;

use crate::child::{Score, check_numbers};

/// Further fields are the program's own matter.
#[derive(Deserialize)]
struct Answer {
    accuracy: f64,
    loss: Option<f64>,
}

/// The most characters of a program's words in an error.
const LONGEST: usize = 500;

/// The score in the last line that is not empty.
pub(super) fn read(output: &[u8], needs_loss: bool) -> Result<Score, String> {
    let text = String::from_utf8_lossy(output);
    let Some(line) = text.lines().rev().map(str::trim).find(|line| !line.is_empty()) else {
        return Err("it printed nothing; its last line must be {\"accuracy\": .., \"loss\": ..}".to_string());
    };
    let refused = |reason: String| format!("its last line is `{}`: {reason}", shortened(line));
    let Answer { accuracy, loss } = serde_json::from_str(line).map_err(|error| refused(error.to_string()))?;
    check_numbers(accuracy, loss.unwrap_or(0.0)).map_err(refused)?;
    if loss.is_none() && needs_loss {
        return Err(refused(
            "it has no `loss`, which the reward needs; print it, or search by the accuracy alone".into(),
        ));
    }
    Ok(Score { accuracy, loss: loss.unwrap_or(0.0), training_loss: 0.0 })
}

/// The last lines of standard error, in one line.
pub(super) fn end_of(words: &[u8]) -> String {
    let text = String::from_utf8_lossy(words);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let joined = lines[lines.len().saturating_sub(5)..].join(" | ");
    let from = joined.chars().count().saturating_sub(LONGEST);
    joined.chars().skip(from).collect()
}

fn shortened(line: &str) -> String {
    match line.chars().count() > LONGEST {
        true => line.chars().take(LONGEST).chain(['…']).collect(),
        false => line.to_string(),
    }
}
