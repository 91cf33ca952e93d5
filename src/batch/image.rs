//! Image: one image in memory, for the reference on the CPU.

use super::Size;

/// Interleaved bytes, rows from the top, 1 or 3 channels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Image {
    pub width: usize,
    pub height: usize,
    pub channels: usize,
    pub data: Vec<u8>,
}

impl Image {
    /// The number of pixels.
    pub fn pixels(&self) -> usize {
        self.width * self.height
    }

    pub fn size(&self) -> Size {
        Size { width: self.width, height: self.height }
    }

    /// The channels of the pixel at column `x` of row `y`.
    pub fn pixel(&self, x: usize, y: usize) -> &[u8] {
        let start = (y * self.width + x) * self.channels;
        &self.data[start..start + self.channels]
    }

    /// The image with every value replaced by `f` of it.
    pub fn map_values(mut self, f: impl Fn(u8) -> u8) -> Self {
        let table: [u8; 256] = std::array::from_fn(|v| f(v as u8));
        for value in &mut self.data {
            *value = table[usize::from(*value)];
        }
        self
    }

    /// The image with every value looked up in its channel's table.
    pub fn map_channels(mut self, tables: &[[u8; 256]]) -> Self {
        for pixel in self.data.chunks_exact_mut(self.channels) {
            for (value, table) in pixel.iter_mut().zip(tables) {
                *value = table[usize::from(*value)];
            }
        }
        self
    }

    /// A new image of the same shape whose pixel at (x, y) is written by `f`, which finds `fill` there.
    pub fn rebuild(&self, fill: [u8; 3], f: impl FnMut(usize, usize, &mut [u8])) -> Self {
        self.redraw(self.size(), fill, f)
    }

    /// The same with another size.
    pub fn redraw(&self, size: Size, fill: [u8; 3], mut f: impl FnMut(usize, usize, &mut [u8])) -> Self {
        let Size { width, height } = size;
        let data = Vec::with_capacity(size.pixels() * self.channels);
        let mut out = Image { width, height, channels: self.channels, data };
        for y in 0..height {
            for x in 0..width {
                let start = out.data.len();
                out.data.extend_from_slice(&fill[..self.channels]);
                f(x, y, &mut out.data[start..]);
            }
        }
        out
    }
}
