//! Warp parameters: the numbers of an interpolated warp, as `shaders/ops/affine_interpolated.wgsl` reads them.

use crate::batch::Size;
use crate::interpolation::Interpolation;

const EXACT_U: u32 = 1;
const EXACT_V: u32 = 2;
const ALWAYS: u32 = 4;

/// Six f64, six fixed-point numbers with 44 fraction bits, flags and the filter. The factors of x and y are halved,
/// because the shader multiplies them by 2 x + 1.
pub(crate) fn words(matrix: &[f64; 6], interpolation: Interpolation, size: Size) -> Vec<u32> {
    let mut words = Vec::with_capacity(26);
    let mut push = |bits: u64| words.extend([(bits >> 32) as u32, bits as u32]);
    for &a in matrix {
        push(normal(a).to_bits());
    }
    let within = reaches_fixed_point(matrix, size);
    for (i, &a) in matrix.iter().enumerate() {
        let factor = if i % 3 == 2 { a } else { a * 0.5 };
        let fixed = if within { (factor * (1u64 << 44) as f64).round() as i64 } else { 0 };
        push(fixed as u64);
    }
    let mut flags = 0;
    if within && is_exact(&matrix[..3]) {
        flags |= EXACT_U;
    }
    if within && is_exact(&matrix[3..]) {
        flags |= EXACT_V;
    }
    if !within {
        flags |= ALWAYS;
    }
    words.extend([flags, if interpolation == Interpolation::Bicubic { 2 } else { 1 }]);
    words
}

/// Whether all coordinates fit the fixed point with an error below the shader's margin.
fn reaches_fixed_point(a: &[f64; 6], size: Size) -> bool {
    let (w, h) = (size.width as f64, size.height as f64);
    let sides = w <= 32768.0 && h <= 32768.0;
    let extent = |a: &[f64]| a[0].abs() * w + a[1].abs() * h + a[2].abs() + 1.0;
    sides && extent(&a[..3]) < 262144.0 && extent(&a[3..]) < 262144.0
}

/// Whether `a0 x + a1 y + a2` is exact, in `f64` and in fixed point. It is if all three have at most 28 fraction bits
/// and few whole bits.
fn is_exact(a: &[f64]) -> bool {
    let short = |v: f64, whole: f64| (v * (1u64 << 28) as f64).fract() == 0.0 && v.abs() < whole;
    short(a[0], 128.0) && short(a[1], 128.0) && short(a[2], 65536.0)
}

/// Moves numbers next to 0 a little away from it, where the shader's arithmetic has no gaps. The effect is too small to
/// show.
fn normal(a: f64) -> f64 {
    const SMALLEST: f64 = 1e-270;
    if a != 0.0 && a.abs() < SMALLEST { SMALLEST.copysign(a) } else { a }
}
