//! Bad input: calls that are refused, each with the message that says why. Those of the command line are in `cli/`.

mod calls;
mod files;
mod imports;
mod policies;

use autoaugment::{Convention, OpKind, ops};
use calls::{apply_op, batch, output, shape};
use policies::{step, text};

/// What is called, what came of it, and the message it must have; `...` at its end stands for words of another crate.
type Case = (&'static str, Result<(), autoaugment::Error>, &'static str);

/// Turns whatever a call gives into nothing.
fn call<T>(result: Result<T, autoaugment::Error>) -> Result<(), autoaugment::Error> {
    result.map(|_| ())
}

/// One line for each case that was not refused as it should be.
fn wrong(cases: &[Case]) -> Vec<String> {
    let is_as_expected = |got: &str, expected: &str| match expected.strip_suffix("...") {
        Some(start) => got.starts_with(start) && got.len() > start.len(),
        None => got == expected,
    };
    let mut lines = Vec::new();
    for (what, result, expected) in cases {
        match result {
            Err(error) if is_as_expected(&error.to_string(), expected) => {}
            Err(error) => lines.push(format!("{what}: {error}\n    and not {expected}")),
            Ok(()) => lines.push(format!("{what} was not refused: {expected}")),
        }
    }
    lines
}

#[test]
fn bad_input_is_refused_with_the_reason() {
    let tables = [
        policies::policies_as_text(),
        policies::policies_made_by_hand(),
        files::policy_files(),
        files::plan_files(),
        imports::imports(),
        calls::operations(),
        calls::batches(),
        calls::runs(),
    ];
    let cases = tables.concat();
    let wrong = wrong(&cases);
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert!(cases.len() > 150, "{}", cases.len());
}

#[test]
fn a_message_that_is_wrong_is_found() {
    let refused = || batch(0, shape(1, 0, 5, 3));
    let message = "batch: images of 5 x 0 pixels: both sides must be at least 1";
    assert_eq!(wrong(&[("fine", refused(), message), ("accepted", Ok(()), message)]).len(), 1);
    assert_eq!(wrong(&[("other", refused(), "batch: images"), ("none", refused(), &message[1..])]).len(), 2);
    assert_eq!(wrong(&[("start", refused(), "batch: images..."), ("end", refused(), "images...")]).len(), 1);
}

#[test]
fn what_stands_at_the_edge_is_accepted() {
    let one = |op: OpKind, convention, magnitude| step(convention, op, 1.0, magnitude);
    for result in [
        text("Rotate 0 0"),
        text("Rotate 1 9"),
        text("convention tensorflow\nRotate 1 10"),
        one(OpKind::Cutout, Convention::TensorFlow, 9.999),
        batch(0, shape(0, 5, 5, 3)),
        batch(0, shape(0, 1, i32::MAX as usize, 3)),
        batch(1, shape(1, 1, 1, 1)),
        apply_op(ops::Posterize { bits: 8 }),
        apply_op(ops::SolarizeAdd { add: 255, threshold: 256 }),
        apply_op(ops::SamplePairing { weight: 1.0, partner: 1 }),
        apply_op(ops::Brightness { factor: -1e6 }),
        apply_op(ops::Cutout { x: 1_000_000, y: -1_000_000, width: u32::MAX, height: u32::MAX, fill: [0; 3] }),
        output([-1e9; 3], [-1e-9; 3]),
    ] {
        result.unwrap();
    }
}
