//! Planes: pixels with their channels side by side, and channels by themselves.

use crate::simd::multiversioned;

/// Pixels that are split at once.
pub(super) const BLOCK: usize = 64;

/// The channels of a block of pixels.
#[inline(always)]
pub(super) fn split(block: &[u8; 3 * BLOCK]) -> [[u8; BLOCK]; 3] {
    let mut planes = [[0; BLOCK]; 3];
    for i in 0..BLOCK {
        planes[0][i] = block[3 * i];
        planes[1][i] = block[3 * i + 1];
        planes[2][i] = block[3 * i + 2];
    }
    planes
}

/// The pixels of a block of channels.
#[inline(always)]
pub(super) fn join(planes: &[[u8; BLOCK]; 3], block: &mut [u8; 3 * BLOCK]) {
    for i in 0..BLOCK {
        block[3 * i] = planes[0][i];
        block[3 * i + 1] = planes[1][i];
        block[3 * i + 2] = planes[2][i];
    }
}

multiversioned! {
/// Pixels from planes of as many values each.
pub(in crate::cpu) fn interleave(planes: [&[u8]; 3], pixels: &mut [u8]) {
    let [r, g, b] = planes;
    let (blocks, rest) = pixels.as_chunks_mut::<{ 3 * BLOCK }>();
    let (reds, red) = r.as_chunks::<BLOCK>();
    let (greens, green) = g.as_chunks::<BLOCK>();
    let (blues, blue) = b.as_chunks::<BLOCK>();
    for (((block, r), g), b) in blocks.iter_mut().zip(reds).zip(greens).zip(blues) {
        join(&[*r, *g, *b], block);
    }
    for (((pixel, &r), &g), &b) in rest.as_chunks_mut::<3>().0.iter_mut().zip(red).zip(green).zip(blue) {
        *pixel = [r, g, b];
    }
}
}

multiversioned! {
/// Planes from pixels.
pub(in crate::cpu) fn separate(pixels: &[u8], planes: [&mut [u8]; 3]) {
    let [r, g, b] = planes;
    let (blocks, rest) = pixels.as_chunks::<{ 3 * BLOCK }>();
    let (reds, red) = r.as_chunks_mut::<BLOCK>();
    let (greens, green) = g.as_chunks_mut::<BLOCK>();
    let (blues, blue) = b.as_chunks_mut::<BLOCK>();
    for (((block, r), g), b) in blocks.iter().zip(reds).zip(greens).zip(blues) {
        [*r, *g, *b] = split(block);
    }
    for (((pixel, r), g), b) in rest.as_chunks::<3>().0.iter().zip(red).zip(green).zip(blue) {
        [*r, *g, *b] = *pixel;
    }
}
}

multiversioned! {
/// Pixels in the opposite order.
pub(in crate::cpu) fn reverse(pixels: &[u8], channels: usize, out: &mut [u8]) {
    if channels == 1 {
        for (to, from) in out.iter_mut().zip(pixels.iter().rev()) {
            *to = *from;
        }
        return;
    }
    let (blocks, rest) = out.as_chunks_mut::<{ 3 * BLOCK }>();
    let (first, from) = pixels.as_rchunks::<{ 3 * BLOCK }>();
    for (block, from) in blocks.iter_mut().zip(from.iter().rev()) {
        let mut planes = split(from);
        planes.iter_mut().for_each(|plane| plane.reverse());
        join(&planes, block);
    }
    for (to, from) in rest.as_chunks_mut::<3>().0.iter_mut().zip(first.as_chunks::<3>().0.iter().rev()) {
        *to = *from;
    }
}
}
