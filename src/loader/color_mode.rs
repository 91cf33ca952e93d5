//! ColorMode: the channels of a loader's batches, and how images with other channels are converted.

use crate::arithmetic::luma::luma;
use crate::error::{Error, Result};
use crate::text::{serde_as_text, text_is_name};

/// The channels of a loader's batches. All batches of a loader have the same. As text and in JSON `rgb`, `luma` or
/// `gray-only`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ColorMode {
    /// Three: red, green, blue. A gray image has the same value in all three.
    #[default]
    Rgb,
    /// One. Color becomes gray as in Pillow's `convert("L")`: `(19595 R + 38470 G + 7471 B + 32768) >> 16`.
    Luma,
    /// One. An image with color is a failed sample. The file's header decides: a palette or RGB file with only grays
    /// has color too.
    GrayOnly,
}

serde_as_text!(ColorMode);

impl ColorMode {
    /// All three.
    pub const ALL: [ColorMode; 3] = [ColorMode::Rgb, ColorMode::Luma, ColorMode::GrayOnly];

    /// The name: `rgb`, `luma` or `gray-only`.
    pub const fn name(self) -> &'static str {
        match self {
            ColorMode::Rgb => "rgb",
            ColorMode::Luma => "luma",
            ColorMode::GrayOnly => "gray-only",
        }
    }

    /// 3 or 1.
    pub fn channels(self) -> usize {
        match self {
            ColorMode::Rgb => 3,
            ColorMode::Luma | ColorMode::GrayOnly => 1,
        }
    }

    /// Refuses color if the loader takes gray images only.
    pub(super) fn check(self, channels: usize) -> Result<()> {
        if self == ColorMode::GrayOnly && channels != 1 {
            return Err(Error::Decode("the image has color, and the loader takes gray images only".to_string()));
        }
        Ok(())
    }

    /// Converts interleaved pixels that have the other number of channels.
    pub(super) fn convert(self, from: &[u8], to: &mut [u8]) {
        match self {
            ColorMode::Rgb => to.chunks_exact_mut(3).zip(from).for_each(|(pixel, &gray)| pixel.fill(gray)),
            ColorMode::Luma | ColorMode::GrayOnly => {
                to.iter_mut().zip(from.chunks_exact(3)).for_each(|(gray, p)| *gray = luma(p[0], p[1], p[2]));
            }
        }
    }
}

text_is_name!("color mode": ColorMode);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tests::round_trip;

    #[test]
    fn color_modes_round_trip() {
        ColorMode::ALL.iter().for_each(round_trip);
        assert_eq!("RGB".parse(), Ok(ColorMode::Rgb));
        assert_eq!(
            "grayonly".parse::<ColorMode>().unwrap_err().to_string(),
            "unknown color mode `grayonly`; did you mean `gray-only`?"
        );
    }
}
