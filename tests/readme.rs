//! The README's table of operations is the one that the library would write.

use autoaugment::{Convention, OpKind, Size};

const BEGIN: &str = "<!-- operations: generated; `UPDATE_README=1 cargo test --test readme` writes it -->\n";
const END: &str = "<!-- end of operations -->";

fn table() -> String {
    let mut text = String::from("| operation | what it does |");
    for convention in Convention::ALL {
        text += &format!(" {convention} |");
    }
    text += "\n|--|--|--|--|--|\n";
    for &op in OpKind::ALL {
        text += &format!("| {op} | {} |", op.summary());
        for convention in Convention::ALL {
            text += &format!(" {} |", range(convention, op));
        }
        text += "\n";
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
        (true, negative, positive) if negative.trim_start_matches('-') == positive.trim_start_matches('-') => {
            format!("0 to ±{}", positive.trim_start_matches('-'))
        }
        (true, negative, positive) => format!("1 to {negative} or {positive}"),
    }
}

#[test]
fn the_table_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let (before, rest) = readme.split_once(BEGIN).expect("the README has the mark before the table");
    let (_, after) = rest.split_once(END).expect("the README has the mark behind the table");
    let expected = format!("{before}{BEGIN}{}{END}{after}", table());
    if std::env::var("UPDATE_README").is_ok() {
        std::fs::write(path, &expected).unwrap();
        return;
    }
    assert!(readme == expected, "the table of operations is out of date: UPDATE_README=1 cargo test --test readme");
}
