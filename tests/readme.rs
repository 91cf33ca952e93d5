//! The README's tables of operations, conventions and schemes are those that the library would write.

use autoaugment::{Convention, OpKind, Scheme, Size};

/// The conventions that differ most; the table of conventions has all.
const SHOWN: [Convention; 5] = [
    Convention::Torchvision,
    Convention::DeepVoltaire,
    Convention::TensorFlow,
    Convention::FastAutoAugment,
    Convention::Timm,
];

fn operations() -> String {
    let mut text = String::from("| operation | what it does |");
    for convention in SHOWN {
        text += &format!(" {convention} |");
    }
    text += "\n|--|--|--|--|--|--|--|\n";
    for &op in OpKind::ALL {
        text += &format!("| {op} | {} |", op.summary());
        for convention in SHOWN {
            text += &format!(" {} |", range(convention, op));
        }
        text += "\n";
    }
    text
}

fn conventions() -> String {
    let mut text = String::from("| convention | what it is |\n|--|--|\n");
    for convention in Convention::ALL {
        let summary = convention.summary();
        let what = summary.strip_prefix(&format!("{convention}: ")).unwrap_or(summary);
        text += &format!("| `{convention}` | {what} |\n");
    }
    text
}

fn schemes() -> String {
    let mut text = String::from("| written | what it is | operations | convention |\n|--|--|--|--|\n");
    for (form, summary) in Scheme::forms() {
        let scheme: Scheme = form.parse().unwrap();
        let (operations, convention) = (scheme.operations().len(), scheme.convention());
        text += &format!("| `{form}` | {summary} | {operations} | `{convention}` |\n");
    }
    text
}

fn range(convention: Convention, op: OpKind) -> String {
    if !convention.has_magnitude(op) {
        return "-".to_string();
    }
    let size = Size { width: 224, height: 224 };
    let value = |magnitude: u32, negative| {
        let value = convention.value(op, f64::from(magnitude), negative, size).unwrap();
        format!("{}", (value * 100.0).round() / 100.0 + 0.0)
    };
    let last = convention.last_magnitude();
    match (convention.is_signed(op), value(last, true), value(last, false)) {
        (false, ..) => format!("{} to {}", value(0, false), value(last, false)),
        // Around zero or around one.
        // From one end to the other, with a sign besides.
        (true, _, positive) if value(0, false) == format!("-{positive}") => format!("±{positive} to 0 to ±{positive}"),
        (true, negative, positive) if negative.trim_start_matches('-') == positive.trim_start_matches('-') => {
            format!("0 to ±{}", positive.trim_start_matches('-'))
        }
        (true, negative, positive) => format!("1 to {negative} or {positive}"),
    }
}

#[test]
fn the_tables_are_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let mut expected = readme.clone();
    for (name, table) in [("operations", operations()), ("conventions", conventions()), ("schemes", schemes())] {
        let begin = format!("<!-- {name}: generated; `UPDATE_README=1 cargo test --test readme` writes it -->\n");
        let end = format!("<!-- end of {name} -->");
        let (before, rest) = expected.split_once(&begin).expect("the README has the mark before the table");
        let (_, after) = rest.split_once(&end).expect("the README has the mark behind the table");
        expected = format!("{before}{begin}{table}{end}{after}");
    }
    if std::env::var("UPDATE_README").is_ok() {
        std::fs::write(path, &expected).unwrap();
        return;
    }
    assert!(readme == expected, "a table of the README is out of date: UPDATE_README=1 cargo test --test readme");
}
