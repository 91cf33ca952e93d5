//! ColorMode: the channels that a loader's batches have, and how images of others become such.

use crate::arithmetic::luma::luma;
use crate::error::{Error, Result};

/// The channels of a loader's batches. All batches of a loader have the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ColorMode {
    /// Three: red, green, blue. Gray images have the same value three times.
    #[default]
    Rgb,
    /// One. Color becomes gray as in Pillow's `convert("L")`: `(19595 R + 38470 G + 7471 B + 32768) >> 16`.
    Luma,
    /// One, and images with color are broken samples. A palette or RGB file of nothing but grays has color too: this
    /// is decided by what the file's header says.
    GrayOnly,
}

impl ColorMode {
    /// 3 or 1.
    pub fn channels(self) -> usize {
        match self {
            ColorMode::Rgb => 3,
            ColorMode::Luma | ColorMode::GrayOnly => 1,
        }
    }

    /// Refuses color where there must be none.
    pub(super) fn check(self, channels: usize) -> Result<()> {
        if self == ColorMode::GrayOnly && channels != 1 {
            return Err(Error::Decode("the image has color, and the loader takes gray images only".to_string()));
        }
        Ok(())
    }

    /// Interleaved pixels with the other number of channels.
    pub(super) fn convert(self, from: &[u8], to: &mut [u8]) {
        match self {
            ColorMode::Rgb => to.chunks_exact_mut(3).zip(from).for_each(|(pixel, &gray)| pixel.fill(gray)),
            ColorMode::Luma | ColorMode::GrayOnly => {
                to.iter_mut().zip(from.chunks_exact(3)).for_each(|(gray, p)| *gray = luma(p[0], p[1], p[2]));
            }
        }
    }
}
