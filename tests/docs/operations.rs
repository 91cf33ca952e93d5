//! Each operation beside memcpy of the same bytes: its table, from the newest measurement.

use crate::peers::{Measurement, thousands, two_digits};

/// The table of `docs/benchmarks.md`. Its columns are the sizes of the measurement.
pub fn beside_memcpy() -> String {
    let measured = Measurement::newest_of("operations-");
    let mut text = "| | images/second, 224 x 224 | of memcpy | images/second, 32 x 32 | of memcpy |\n".to_string();
    text += "|--|--|--|--|--|\n";
    let (pairs, rest) = measured.lines.as_chunks();
    assert!(rest.is_empty(), "two sizes of each");
    for [large, small] in pairs {
        assert_eq!((&*large["side"], &*small["side"]), ("224", "32"), "{}", large["case"]);
        text += &format!("| {} |", large["case"]);
        for line in [large, small] {
            let number = |column: &str| line[column].parse::<f64>().expect("a number");
            text += &format!(" {} | {} |", thousands(number("images_per_second")), two_digits(number("of_memcpy")));
        }
        text += "\n";
    }
    text + &format!("\n{}.\n", measured.place())
}
