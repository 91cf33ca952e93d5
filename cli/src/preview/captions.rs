//! Captions: what was done to an image, in a few short lines.

use autoaugment::Op;
use autoaugment::ops::MixRule;

/// One line for each operation. The branches of AugMix have a line each, with their weight.
pub fn of(ops: &[Op]) -> Vec<String> {
    ops.iter().flat_map(lines).collect()
}

fn lines(op: &Op) -> Vec<String> {
    let Op::AugMix(mix) = op else { return vec![op.caption()] };
    let own = match mix.rule {
        MixRule::Sum(weight) => format!("AugMix, {} of the image", short(weight)),
        MixRule::SumThenBlend(weight) => format!("AugMix, blended by {}", short(weight)),
        _ => "AugMix, one over the other".to_string(),
    };
    let branch = |branch: &autoaugment::ops::Branch| {
        let ops: Vec<_> = branch.ops.iter().map(Op::caption).collect();
        let ops = if ops.is_empty() { "the image".to_string() } else { ops.join(", ") };
        format!("{} {ops}", short(branch.weight))
    };
    std::iter::once(own).chain(mix.branches.iter().map(branch)).collect()
}

/// A weight with two decimals.
pub fn short(weight: f64) -> String {
    format!("{weight:.2}")
}

/// A number with up to two decimals, as many as it has. Found policies have numbers of many more.
pub fn rounded(number: f64) -> String {
    ((number * 100.0).round() / 100.0).to_string()
}

#[cfg(test)]
mod tests {
    use super::rounded;

    #[test]
    fn headings_have_no_long_decimals() {
        let numbers = [0.3684210526315789, 9.0, 0.45, 0.999, 0.0].map(rounded);
        assert_eq!(numbers, ["0.37", "9", "0.45", "1", "0"]);
    }
}
