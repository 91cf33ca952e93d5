//! Tables: the values that kernels look up, shared by many batches.

use std::collections::HashMap;

use crate::arithmetic::blend::blend;
use crate::error::{Error, Result};
use crate::ops::stretch;
use crate::output::{Form, Normalize};

/// The first word of AutoContrast's list. The shaders get this as a constant.
pub(crate) const STRETCH: usize = 0;
/// Words of one alpha's blend table. The last is not used.
const BLEND_WORDS: usize = 512;
/// The most words, 64 MiB, enough for 32,000 different alphas.
const MOST_WORDS: usize = 1 << 24;
/// 1.5 x 2^23. Added to a far smaller number, it leaves no fraction bits. The sum's bits minus its own bits are the
/// number, rounded to the nearest whole number.
const ROUNDING: f32 = 12_582_912.0;

/// The tables on the host. Added values never move. `DeviceTables` uploads them to the device.
#[derive(Debug)]
pub(crate) struct Tables {
    words: Vec<u32>,
    blends: HashMap<u32, u32>,
    normalizes: HashMap<[u32; 7], u32>,
}

/// The places of a batch's blends in the tables: the bits of each alpha, in order, with its place. There are usually so
/// few that a search takes less time than a hash.
#[derive(Clone, Debug, Default)]
pub(crate) struct BlendPlaces(Vec<(u32, u32)>);

impl BlendPlaces {
    /// The place of the blend with these bits, which was added before.
    pub fn of(&self, bits: u32) -> u32 {
        let found = self.0.binary_search_by_key(&bits, |(bits, _)| *bits);
        found.map_or(0, |i| self.0[i].1)
    }
}

impl Default for Tables {
    fn default() -> Self {
        Tables::new()
    }
}

impl Tables {
    pub fn new() -> Self {
        Tables { words: stretch_corrections(), blends: HashMap::new(), normalizes: HashMap::new() }
    }

    /// All words.
    pub fn words(&self) -> &[u32] {
        &self.words
    }

    /// The place of the table of `blend` with this alpha.
    pub fn blend(&mut self, alpha: f32) -> Result<u32> {
        if let Some(&at) = self.blends.get(&alpha.to_bits()) {
            return Ok(at);
        }
        let at = self.append(&blend_table(alpha))?;
        self.blends.insert(alpha.to_bits(), at);
        Ok(at)
    }

    /// The places of the tables of `blend` with these alphas.
    pub fn blends(&mut self, alphas: impl Iterator<Item = f32>) -> Result<BlendPlaces> {
        let mut bits: Vec<u32> = alphas.map(f32::to_bits).collect();
        bits.sort_unstable();
        bits.dedup();
        let place = |bits: u32| Ok((bits, self.blend(f32::from_bits(bits))?));
        Ok(BlendPlaces(bits.into_iter().map(place).collect::<Result<_>>()?))
    }

    /// The place of the 3 x 256 output values of bytes; 0 for output as bytes.
    pub fn normalize(&mut self, form: Form) -> Result<u32> {
        let (normalize, half) = match form {
            Form::U8 => return Ok(0),
            Form::F32(normalize) => (normalize, false),
            Form::F16(normalize) => (normalize, true),
        };
        let [m0, m1, m2] = normalize.mean.map(f32::to_bits);
        let [s0, s1, s2] = normalize.std.map(f32::to_bits);
        let key = [m0, m1, m2, s0, s1, s2, u32::from(half)];
        if let Some(&at) = self.normalizes.get(&key) {
            return Ok(at);
        }
        let at = self.append(&normalize_table(&normalize, half))?;
        self.normalizes.insert(key, at);
        Ok(at)
    }

    fn append(&mut self, words: &[u32]) -> Result<u32> {
        let at = self.words.len();
        if at + words.len() > MOST_WORDS {
            let needed = 4 * (at + words.len()) as u64;
            return Err(Error::DeviceLimit { what: "the tables of all blends", needed, limit: 4 * MOST_WORDS as u64 });
        }
        self.words.extend_from_slice(words);
        Ok(at as u32)
    }
}

fn normalize_table(normalize: &Normalize, half: bool) -> Vec<u32> {
    let bits = |v: f32| if half { u32::from(half::f16::from_f32(v).to_bits()) } else { v.to_bits() };
    (0..3).flat_map(|c| (0..=255).map(move |v| bits(normalize.value(c, v)))).collect()
}

/// For each difference x - g + 255, one word. The upper half is the whole part of alpha times the difference. The lower
/// half is the smallest g for which the `f32` sum is rounded up to the next whole number, or 65535.
fn blend_table(alpha: f32) -> [u32; BLEND_WORDS] {
    // Marks a value that is not searched for yet. It is not a byte.
    const UNKNOWN: u32 = 0xfffe;
    let mut table = [0; BLEND_WORDS];
    // Neither branch nor call, so that this becomes vector instructions: magnitudes drawn from a continuum need a table
    // an image.
    for (entry, difference) in table.iter_mut().zip(-255i32..=255) {
        // Beyond 1024 every result is clipped to 0 or 255.
        let product = (alpha * difference as f32).clamp(-1024.0, 1024.0);
        let rounded = product + ROUNDING;
        let above = rounded - ROUNDING > product;
        let base = rounded.to_bits().wrapping_sub(ROUNDING.to_bits() + u32::from(above));
        let floor = rounded - ROUNDING - f32::from(u8::from(above));
        // Only a product within rounding of the next whole number can be rounded up; the rest need no search.
        let close = product - floor > 0.999;
        *entry = base << 16 | if close { UNKNOWN } else { 0xffff };
    }
    for (entry, difference) in table.iter_mut().zip(-255i32..=255) {
        if *entry & 0xffff == UNKNOWN {
            let base = *entry as i32 >> 16;
            let rounds_up = |g: &i32| {
                let unrounded = (g + base).clamp(0, 255);
                i32::from(blend(*g as u8, (g + difference) as u8, alpha)) != unrounded
            };
            let first = ((-difference).max(0)..=255 - difference.max(0)).find(rounds_up);
            *entry = (base as u32) << 16 | first.unwrap_or(0xffff) as u32;
        }
    }
    table
}

/// AutoContrast's corrections. Each range (brightest minus darkest value) has a word with the place of its first bit.
/// The word's upper bits are the greatest common divisor of the range and 255. The correction bits follow. See
/// `shaders/ops/auto_contrast.wgsl`.
fn stretch_corrections() -> Vec<u32> {
    let mut heads = vec![0; 256];
    let mut bits = Vec::new();
    for (range, head) in heads.iter_mut().enumerate().skip(1) {
        let divisor = gcd(range, 255);
        *head = bits.len() as u32 | (divisor as u32) << 24;
        for low in 0..256 - range {
            for k in 1..=divisor {
                let exact = 255 * k / divisor;
                let got = usize::from(stretch(low + k * (range / divisor), low, low + range));
                bits.push(got != exact);
            }
        }
    }
    let word = |chunk: &[bool]| chunk.iter().enumerate().fold(0, |word, (i, &bit)| word | u32::from(bit) << i);
    heads.extend(bits.chunks(32).map(word));
    heads
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `shaders/arithmetic/blend.wgsl` in Rust.
    fn blended(table: &[u32], g: i32, x: i32) -> i32 {
        let entry = table[(x - g + 255) as usize];
        let up = i32::from(g >= (entry & 0xffff) as i32);
        (g + (entry as i32 >> 16) + up).clamp(0, 255)
    }

    #[test]
    fn blend_tables_are_exact() {
        let policy = (-9..=9).map(|m| 1.0 + 0.1 * m as f32);
        let odd = (0..200).map(|i| -0.7 + 0.0173 * i as f32);
        for alpha in policy.chain(odd).chain([0.0, 1.0, 0.1, 1.9, -3.0, 7.3, 250.0, 1e6, -1e6, 1e-6, 0.99999994]) {
            let table = blend_table(alpha);
            for g in 0..256 {
                for x in 0..256 {
                    let expected = i32::from(blend(g as u8, x as u8, alpha));
                    assert_eq!(blended(&table, g, x), expected, "blend({g}, {x}, {alpha})");
                }
            }
        }
    }

    #[test]
    fn corrections_are_as_many_as_counted() {
        let words = stretch_corrections();
        let ones: u32 = words[256..].iter().map(|w| w.count_ones()).sum();
        assert_eq!(ones, 12_094);
    }
}
