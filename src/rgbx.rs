//! RGBX: RGB pixels in four bytes, as Pillow and most windows store them.

#[cfg(target_arch = "x86_64")]
mod x86;

use crate::error::{Error, Result};
use crate::simd::multiversioned;

/// Takes the color of pixels of four bytes. The fourth byte is not read.
///
/// ```
/// let mut rgb = [0; 6];
/// autoaugment::rgbx::to_rgb(&[1, 2, 3, 99, 4, 5, 6, 99], &mut rgb)?;
/// assert_eq!(rgb, [1, 2, 3, 4, 5, 6]);
/// # Ok::<(), autoaugment::Error>(())
/// ```
///
/// # Errors
/// [`Error::Batch`] if `rgb` does not have three bytes for each four of `rgbx`.
pub fn to_rgb(rgbx: &[u8], rgb: &mut [u8]) -> Result<()> {
    check(rgbx.len(), rgb.len())?;
    pack(rgbx, rgb);
    Ok(())
}

/// Writes RGB pixels as pixels of four bytes, of which the fourth is 255.
///
/// ```
/// let mut rgbx = [0; 8];
/// autoaugment::rgbx::from_rgb(&[1, 2, 3, 4, 5, 6], &mut rgbx)?;
/// assert_eq!(rgbx, [1, 2, 3, 255, 4, 5, 6, 255]);
/// # Ok::<(), autoaugment::Error>(())
/// ```
///
/// # Errors
/// [`Error::Batch`] if `rgbx` does not have four bytes for each three of `rgb`.
pub fn from_rgb(rgb: &[u8], rgbx: &mut [u8]) -> Result<()> {
    check(rgbx.len(), rgb.len())?;
    spread(rgb, rgbx);
    Ok(())
}

fn check(rgbx: usize, rgb: usize) -> Result<()> {
    if rgbx.is_multiple_of(4) && rgb.is_multiple_of(3) && rgbx / 4 == rgb / 3 {
        return Ok(());
    }
    Err(Error::Batch(format!("{rgbx} bytes are not as many pixels of 4 bytes as {rgb} bytes are pixels of 3")))
}

/// The color of each pixel.
pub(crate) fn pack(rgbx: &[u8], rgb: &mut [u8]) {
    #[cfg(target_arch = "x86_64")]
    let (rgbx, rgb) = x86::pack(rgbx, rgb);
    pack_each(rgbx, rgb);
}

/// Pixels whose fourth byte is 255.
pub(crate) fn spread(rgb: &[u8], rgbx: &mut [u8]) {
    #[cfg(target_arch = "x86_64")]
    let (rgb, rgbx) = x86::spread(rgb, rgbx);
    spread_each(rgb, rgbx);
}

/// Pixels that are moved at once.
const BLOCK: usize = 16;

multiversioned! {
fn pack_each(rgbx: &[u8], rgb: &mut [u8]) {
    let (from, rest) = rgbx.as_chunks::<{ 4 * BLOCK }>();
    let (to, last) = rgb.as_chunks_mut::<{ 3 * BLOCK }>();
    for (from, to) in from.iter().zip(to) {
        for i in 0..3 * BLOCK {
            to[i] = from[i / 3 * 4 + i % 3];
        }
    }
    for (from, to) in rest.as_chunks::<4>().0.iter().zip(last.as_chunks_mut::<3>().0) {
        *to = [from[0], from[1], from[2]];
    }
}
}

multiversioned! {
fn spread_each(rgb: &[u8], rgbx: &mut [u8]) {
    let (from, rest) = rgb.as_chunks::<{ 3 * BLOCK }>();
    let (to, last) = rgbx.as_chunks_mut::<{ 4 * BLOCK }>();
    for (from, to) in from.iter().zip(to) {
        for i in 0..BLOCK {
            to[4 * i] = from[3 * i];
            to[4 * i + 1] = from[3 * i + 1];
            to[4 * i + 2] = from[3 * i + 2];
            to[4 * i + 3] = 255;
        }
    }
    for (from, to) in rest.as_chunks::<3>().0.iter().zip(last.as_chunks_mut::<4>().0) {
        *to = [from[0], from[1], from[2], 255];
    }
}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_keep_their_color_at_every_length() {
        for pixels in (0..70).chain([1000]) {
            let rgb: Vec<u8> = (0..3 * pixels).map(|i| (i * 7 % 251) as u8).collect();
            let mut rgbx = vec![0; 4 * pixels];
            from_rgb(&rgb, &mut rgbx).unwrap();
            let expected: Vec<u8> = rgb.chunks(3).flat_map(|p| [p[0], p[1], p[2], 255]).collect();
            assert_eq!(rgbx, expected, "{pixels}");
            let mut each = vec![0; 4 * pixels];
            spread_each(&rgb, &mut each);
            assert_eq!(each, expected, "{pixels}");
            rgbx.iter_mut().skip(3).step_by(4).for_each(|unread| *unread = 7);
            let mut back = vec![0; 3 * pixels];
            to_rgb(&rgbx, &mut back).unwrap();
            assert_eq!(back, rgb, "{pixels}");
            let mut each = vec![0; 3 * pixels];
            pack_each(&rgbx, &mut each);
            assert_eq!(each, rgb, "{pixels}");
        }
    }

    #[test]
    fn memory_of_another_length_is_refused() {
        let refused = to_rgb(&[0; 8], &mut [0; 3]).unwrap_err().to_string();
        assert_eq!(refused, "batch: 8 bytes are not as many pixels of 4 bytes as 3 bytes are pixels of 3");
        assert!(from_rgb(&[0; 4], &mut [0; 4]).is_err());
    }
}
