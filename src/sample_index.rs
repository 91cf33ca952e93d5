//! Sample index: a number for a sample that has a name.

/// The sample index of a sample that has a text as its key, such as a file name or a key of WebDataset.
///
/// It is the 64-bit FNV-1a hash of the text's UTF-8 bytes, so that a program in any language can compute it: begin with
/// 0xcbf29ce484222325, and for each byte take the exclusive or with it and multiply by 0x100000001b3, modulo 2^64. Two
/// of a million keys get the same index with a probability of about 3 in 10^8. They would then have the same draws, and
/// nothing worse.
///
/// ```
/// use autoaugment::sample_index;
/// assert_eq!(sample_index(""), 0xcbf29ce484222325);
/// assert_eq!(sample_index("n01440764_10026"), 0xae5f6d4f3639cbd1);
/// ```
pub fn sample_index(key: &str) -> u64 {
    key.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values that the authors of FNV publish.
    #[test]
    fn the_published_values_come_out() {
        for (key, index) in
            [("a", 0xaf63_dc4c_8601_ec8c), ("b", 0xaf63_df4c_8601_f1a5), ("foobar", 0x8594_4171_f739_67e8)]
        {
            assert_eq!(sample_index(key), index, "{key}");
        }
    }
}
