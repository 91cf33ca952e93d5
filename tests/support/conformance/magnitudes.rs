//! Magnitudes: what a case file says that they stand for, against what they stand for here.

use autoaugment::{Op, Sampler, Size};
use serde_json::Value;

use super::Magnitude;

/// Panics with every entry of the table that is another operation here.
pub fn compare_magnitudes(table: &[Magnitude]) {
    let mut wrong = Vec::new();
    for (convention, op, magnitude, negative, width, height, expected) in table {
        let size = Size { width: *width, height: *height };
        let value = convention.value(*op, *magnitude, *negative, size).unwrap();
        let got = Sampler::resolve(*convention, *op, *magnitude, *negative, size).unwrap();
        let mut expected = expected.clone();
        if let Op::Cutout(cutout) = &got {
            expected.extend([("x".to_string(), cutout.x.into()), ("y".to_string(), cutout.y.into())]);
        }
        let expected: Op = serde_json::from_value(Value::Object(expected)).unwrap();
        let expected_value = value_of(&expected);
        if got != expected || value != expected_value {
            let sign = if *negative { " negative" } else { "" };
            wrong.push(format!(
                "{convention} {op} {magnitude}{sign} on {width} x {height}: \
                 expected {expected} ({expected_value:?}), got {got} ({value:?})"
            ));
        }
    }
    let count = wrong.len();
    wrong.truncate(30);
    assert!(count == 0, "{count} of {} are wrong:\n{}", table.len(), wrong.join("\n"));
}

/// The parameter that the magnitude stands for: the first number of an operation, or 0 if it has none.
fn value_of(op: &Op) -> f64 {
    match op {
        Op::Cutout(op) => f64::from(op.width),
        Op::SamplePairing(op) => op.weight,
        _ => {
            let parameters = serde_json::to_value(op).unwrap();
            let first = parameters.as_object().and_then(|all| all.values().find_map(Value::as_f64));
            first.unwrap_or(0.0)
        }
    }
}
