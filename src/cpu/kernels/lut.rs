//! Look-up: maps every byte by a table of 256 entries, one for all channels or one per channel.
//!
//! With AVX-512 VBMI, a table fills four registers, and two permutations look up 64 bytes. With AVX2, it is sixteen
//! parts. A byte's lower four bits are looked up in all of them, and its upper four bits choose one of the results in
//! four steps. Tables of channels are looked up in planes, which takes less time than one load per byte too. Without
//! both, it is one load per byte.

use crate::ops::Table;

/// The tables of an image's channels. Gray images have the first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::cpu) struct Tables {
    channels: [Table; 3],
    are_same: bool,
}

impl Tables {
    /// One table for all channels.
    pub fn same(table: Table) -> Self {
        Tables { channels: [table; 3], are_same: true }
    }

    /// One per channel.
    pub fn each(table: impl FnMut(usize) -> Table) -> Self {
        Tables { channels: std::array::from_fn(table), are_same: false }
    }

    /// These tables and then those.
    pub fn then(&self, next: &Tables) -> Self {
        let through = |c: usize| self.channels[c].map(|v| next.channels[c][usize::from(v)]);
        match self.are_same && next.are_same {
            true => Tables::same(through(0)),
            false => Tables::each(through),
        }
    }

    /// The table of one channel.
    pub fn channel(&self, c: usize) -> &Table {
        &self.channels[c]
    }
}

/// Looks up every byte of pixels with this many channels, in place.
pub(in crate::cpu) fn map_values(bytes: &mut [u8], channels: usize, tables: &Tables) {
    #[cfg(target_arch = "x86_64")]
    if x86::map_values(bytes, channels, tables) {
        return;
    }
    by_loads(bytes, channels, tables);
}

/// Looks up bytes in the table of all channels, from one place to another.
pub(in crate::cpu) fn map_values_from(source: &[u8], tables: &Tables, out: &mut [u8]) {
    #[cfg(target_arch = "x86_64")]
    if x86::map_values_from(source, tables, out) {
        return;
    }
    out.copy_from_slice(source);
    map_values(out, 1, tables);
}

fn by_loads(bytes: &mut [u8], channels: usize, tables: &Tables) {
    let [r, g, b] = &tables.channels;
    if channels == 1 || tables.are_same {
        for value in bytes {
            *value = r[usize::from(*value)];
        }
        return;
    }
    for pixel in bytes.as_chunks_mut::<3>().0 {
        *pixel = [r[usize::from(pixel[0])], g[usize::from(pixel[1])], b[usize::from(pixel[2])]];
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) mod x86 {
    use std::arch::x86_64::*;

    use super::super::planar::{BLOCK, join, split};
    use super::{Table, Tables, by_loads};

    /// Whether the processor has the instructions of `load`, `store`, `wide` and `permuted`.
    pub fn has_vbmi() -> bool {
        std::arch::is_x86_feature_detected!("avx512vbmi") && std::arch::is_x86_feature_detected!("avx512bw")
    }

    /// Looks up with the processor's vector instructions. Returns false if none of them helps.
    pub fn map_values(bytes: &mut [u8], channels: usize, tables: &Tables) -> bool {
        let one = channels == 1 || tables.are_same;
        if has_vbmi() {
            // SAFETY: the processor has the features.
            unsafe { if one { vbmi_same(bytes, tables) } else { vbmi_each(bytes, tables) } }
            return true;
        }
        let has_avx2 = std::arch::is_x86_feature_detected!("avx2");
        if has_avx2 {
            // SAFETY: the processor has the feature.
            unsafe { if one { avx2_same(bytes, tables) } else { avx2_each(bytes, tables) } }
        }
        has_avx2
    }

    /// The same, from one place to another.
    pub fn map_values_from(source: &[u8], tables: &Tables, out: &mut [u8]) -> bool {
        let can = has_vbmi();
        if can {
            // SAFETY: the processor has the features.
            unsafe { vbmi_from(source, tables, out) };
        }
        can
    }

    /// A table in registers.
    pub type Wide = [__m512i; 4];

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    pub fn load(bytes: &[u8; 64]) -> __m512i {
        // SAFETY: there are 64 bytes, and the load needs no alignment.
        unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    pub fn store(bytes: &mut [u8; 64], value: __m512i) {
        // SAFETY: there are 64 bytes, and the store needs no alignment.
        unsafe { _mm512_storeu_si512(bytes.as_mut_ptr().cast(), value) }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    pub fn wide(table: &Table) -> Wide {
        let (quarters, _) = table.as_chunks::<64>();
        [load(&quarters[0]), load(&quarters[1]), load(&quarters[2]), load(&quarters[3])]
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    pub fn permuted(table: &Wide, values: __m512i) -> __m512i {
        let low = _mm512_permutex2var_epi8(table[0], values, table[1]);
        let high = _mm512_permutex2var_epi8(table[2], values, table[3]);
        _mm512_mask_blend_epi8(_mm512_movepi8_mask(values), low, high)
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn vbmi_same(bytes: &mut [u8], tables: &Tables) {
        let table = wide(&tables.channels[0]);
        let (blocks, rest) = bytes.as_chunks_mut::<64>();
        for block in blocks {
            store(block, permuted(&table, load(block)));
        }
        by_loads(rest, 1, tables);
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn vbmi_from(source: &[u8], tables: &Tables, out: &mut [u8]) {
        let table = wide(&tables.channels[0]);
        let ((blocks, rest), (outs, out_rest)) = (source.as_chunks::<64>(), out.as_chunks_mut::<64>());
        for (block, out) in blocks.iter().zip(outs) {
            store(out, permuted(&table, load(block)));
        }
        out_rest.copy_from_slice(rest);
        by_loads(out_rest, 1, tables);
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn vbmi_each(bytes: &mut [u8], tables: &Tables) {
        let [red, green, blue] = [wide(&tables.channels[0]), wide(&tables.channels[1]), wide(&tables.channels[2])];
        // Every third bit, from the first, second and third on.
        const THIRDS: [u64; 3] = [0x9249_2492_4924_9249, 0x2492_4924_9249_2492, 0x4924_9249_2492_4924];
        let (blocks, rest) = bytes.as_chunks_mut::<192>();
        for block in blocks {
            let (parts, _) = block.as_chunks_mut::<64>();
            for (i, part) in parts.iter_mut().enumerate() {
                // 64 is one more than a multiple of three.
                let (greens, blues) = (THIRDS[(1 + 2 * i) % 3], THIRDS[(2 + 2 * i) % 3]);
                let values = load(part);
                let with_green = _mm512_mask_blend_epi8(greens, permuted(&red, values), permuted(&green, values));
                store(part, _mm512_mask_blend_epi8(blues, with_green, permuted(&blue, values)));
            }
        }
        by_loads(rest, 3, tables);
    }

    /// The sixteen parts of a table, each in both halves of a register.
    type Parts = [__m256i; 16];

    #[inline]
    #[target_feature(enable = "avx2")]
    fn parts(table: &Table) -> Parts {
        let mut parts = [_mm256_setzero_si256(); 16];
        for (register, part) in parts.iter_mut().zip(table.as_chunks::<16>().0) {
            // SAFETY: there are 16 bytes, and the load needs no alignment.
            *register = _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(part.as_ptr().cast()) });
        }
        parts
    }

    /// Looks up 32 bytes.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn chosen(parts: &Parts, bytes: &mut [u8; 32]) {
        // SAFETY: there are 32 bytes, and the load needs no alignment.
        let values = unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) };
        let low = _mm256_and_si256(values, _mm256_set1_epi8(15));
        // The uppermost bit of each byte chooses.
        let bits =
            [_mm256_slli_epi16::<3>(values), _mm256_slli_epi16::<2>(values), _mm256_slli_epi16::<1>(values), values];
        let mut found = [_mm256_setzero_si256(); 4];
        for (found, four) in found.iter_mut().zip(parts.as_chunks::<4>().0) {
            let two = |first: usize| {
                let (even, odd) = (_mm256_shuffle_epi8(four[first], low), _mm256_shuffle_epi8(four[first + 1], low));
                _mm256_blendv_epi8(even, odd, bits[0])
            };
            *found = _mm256_blendv_epi8(two(0), two(2), bits[1]);
        }
        let lower = _mm256_blendv_epi8(found[0], found[1], bits[2]);
        let upper = _mm256_blendv_epi8(found[2], found[3], bits[2]);
        // SAFETY: there are 32 bytes, and the store needs no alignment.
        unsafe { _mm256_storeu_si256(bytes.as_mut_ptr().cast(), _mm256_blendv_epi8(lower, upper, bits[3])) };
    }

    #[target_feature(enable = "avx2")]
    fn avx2_same(bytes: &mut [u8], tables: &Tables) {
        let parts = parts(&tables.channels[0]);
        let (blocks, rest) = bytes.as_chunks_mut::<32>();
        for block in blocks {
            chosen(&parts, block);
        }
        by_loads(rest, 1, tables);
    }

    #[target_feature(enable = "avx2")]
    fn avx2_each(bytes: &mut [u8], tables: &Tables) {
        let all = [parts(&tables.channels[0]), parts(&tables.channels[1]), parts(&tables.channels[2])];
        let (blocks, rest) = bytes.as_chunks_mut::<{ 3 * BLOCK }>();
        for block in blocks {
            let mut planes = split(block);
            for (plane, parts) in planes.iter_mut().zip(&all) {
                for bytes in plane.as_chunks_mut::<32>().0 {
                    chosen(parts, bytes);
                }
            }
            join(&planes, block);
        }
        by_loads(rest, 3, tables);
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        /// Every path of this processor against one load per byte, on all values, places and lengths of remainders.
        #[test]
        fn every_path_gives_the_same() {
            let table = |salt: usize| std::array::from_fn(|v| (v * 167 + salt * 31 + v * v / 7) as u8);
            let each = Tables::each(table);
            let same = Tables::same(table(5));
            for length in (0..300).chain([3 * 256, 3072, 3073]) {
                let bytes: Vec<u8> = (0..length).map(|i| (i * 89 + i / 256) as u8).collect();
                let through = |f: &dyn Fn(&mut [u8])| {
                    let mut bytes = bytes.clone();
                    f(&mut bytes);
                    bytes
                };
                let expected_same = through(&|bytes| by_loads(bytes, 1, &same));
                let whole = length / 3 * 3;
                let expected_each = through(&|bytes| by_loads(&mut bytes[..whole], 3, &each));
                if std::arch::is_x86_feature_detected!("avx2") {
                    // SAFETY: asked for.
                    assert_eq!(through(&|bytes| unsafe { avx2_same(bytes, &same) }), expected_same);
                    // SAFETY: asked for.
                    assert_eq!(through(&|bytes| unsafe { avx2_each(&mut bytes[..whole], &each) }), expected_each);
                }
                if has_vbmi() {
                    // SAFETY: asked for.
                    assert_eq!(through(&|bytes| unsafe { vbmi_same(bytes, &same) }), expected_same);
                    let source = &bytes[..];
                    // SAFETY: asked for.
                    assert_eq!(through(&|out| unsafe { vbmi_from(source, &same, out) }), expected_same);
                    // SAFETY: asked for.
                    assert_eq!(through(&|bytes| unsafe { vbmi_each(&mut bytes[..whole], &each) }), expected_each);
                }
            }
        }
    }
}
