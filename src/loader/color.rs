//! Color: the channels that a loader's batches have, and how images of others become such.

use crate::arithmetic::luma::luma;
use crate::error::{Error, Result};

/// The channels of a loader's batches. All batches of a loader have the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Color {
    /// Three: red, green, blue. Grey images have the same value three times.
    #[default]
    Rgb,
    /// One. Colour becomes grey as in Pillow's `convert("L")`: `(19595 R + 38470 G + 7471 B + 32768) >> 16`.
    Luma,
    /// One, and images with colour are broken samples. A palette or RGB file of nothing but greys has colour too: this
    /// is decided by what the file's header says.
    Grey,
}

impl Color {
    /// 3 or 1.
    pub fn channels(self) -> usize {
        match self {
            Color::Rgb => 3,
            Color::Luma | Color::Grey => 1,
        }
    }

    /// Refuses colour where there must be none.
    pub(super) fn check(self, channels: usize) -> Result<()> {
        if self == Color::Grey && channels != 1 {
            return Err(Error::Decode("the image has colour, and the loader takes grey images only".to_string()));
        }
        Ok(())
    }

    /// Interleaved pixels with the other number of channels.
    pub(super) fn convert(self, from: &[u8], to: &mut [u8]) {
        match self {
            Color::Rgb => to.chunks_exact_mut(3).zip(from).for_each(|(pixel, &grey)| pixel.fill(grey)),
            Color::Luma | Color::Grey => {
                to.iter_mut().zip(from.chunks_exact(3)).for_each(|(grey, p)| *grey = luma(p[0], p[1], p[2]));
            }
        }
    }
}
