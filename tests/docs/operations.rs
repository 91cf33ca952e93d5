//! Each operation beside memcpy of the same bytes: its table, from the newest measurement.

use crate::peers::Measurement;

/// The table of `docs/benchmarks.md`. Its columns are the sizes of the measurement.
pub fn beside_memcpy() -> String {
    let measured = Measurement::newest_of("operations-");
    let mut text = "| | 224 x 224 | 32 x 32 |\n|--|--|--|\n".to_string();
    let (pairs, rest) = measured.lines.as_chunks();
    assert!(rest.is_empty(), "two sizes of each");
    for [large, small] in pairs {
        assert_eq!((&*large["side"], &*small["side"]), ("224", "32"), "{}", large["case"]);
        text += &format!("| {} |", large["case"]);
        for line in [large, small] {
            text += &format!(" {:.3} |", line["of_memcpy"].parse::<f64>().expect("a number"));
        }
        text += "\n";
    }
    text + &format!("\n{}.\n", measured.place())
}
