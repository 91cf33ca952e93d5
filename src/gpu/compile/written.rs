//! Written: rows of bytes that lie anywhere in host memory, and where in memory that a device reads they go.

use super::ALIGNMENT;
use crate::batch::ImageView;

/// Rows of bytes and where in a slot they go, without gaps: at a multiple of [`ALIGNMENT`].
#[derive(Clone, Copy)]
pub(crate) struct Written<'a> {
    pub at: usize,
    /// From the first byte of the first row to the last of the last one.
    data: &'a [u8],
    /// Bytes of a row, and from one row to the next.
    row: usize,
    stride: usize,
    rows: usize,
}

impl<'a> Written<'a> {
    /// Bytes that lie together.
    pub fn bytes(at: usize, data: &'a [u8]) -> Self {
        Written { at, data, row: data.len(), stride: data.len(), rows: 1 }
    }

    /// An image, wherever its rows lie.
    pub fn image(at: usize, image: &ImageView<'a>) -> Self {
        match image.contiguous() {
            Some(data) => Written::bytes(at, data),
            None => {
                let (row, stride) = (image.row_bytes(), image.row_stride());
                Written { at, data: image.data(), row, stride, rows: image.bytes() / row }
            }
        }
    }

    /// The same at a place so many bytes further on.
    pub fn moved(self, by: usize) -> Self {
        Written { at: self.at + by, ..self }
    }

    /// How many bytes are written.
    pub fn len(&self) -> usize {
        self.rows * self.row
    }

    /// The first byte behind it.
    pub fn end(&self) -> usize {
        self.at + self.len()
    }

    /// Cuts it into shares of about this many bytes, a multiple of [`ALIGNMENT`].
    pub fn cut(self, share: usize, shares: &mut Vec<Written<'a>>) {
        if self.rows == 1 {
            let pieces = self.data.chunks(share).enumerate();
            return shares.extend(pieces.map(|(i, data)| Written::bytes(self.at + i * share, data)));
        }
        // Between rows, where every share begins at a multiple of the alignment.
        let rows = (share / self.row).max(1).next_multiple_of(ALIGNMENT);
        shares.extend((0..self.rows).step_by(rows).map(|first| Written {
            at: self.at + first * self.row,
            data: &self.data[first * self.stride..],
            rows: rows.min(self.rows - first),
            ..self
        }));
    }

    /// Its rows, and where each goes.
    pub fn rows(&self) -> impl Iterator<Item = (usize, &'a [u8])> {
        let Written { at, data, row, stride, rows } = *self;
        (0..rows).map(move |y| (at + y * row, &data[y * stride..y * stride + row]))
    }
}

/// Shares that follow each other, as many together as have a view of at most this many bytes.
pub(crate) fn neighbors<'s, 'a>(shares: &'s [Written<'a>], most: usize) -> Vec<&'s [Written<'a>]> {
    let fit = |first: &Written<'_>, last: &Written<'_>| last.end() <= first.at + most;
    let mut groups = Vec::new();
    let mut first = 0;
    for next in 1..=shares.len() {
        if next == shares.len() || !fit(&shares[first], &shares[next]) {
            groups.push(&shares[first..next]);
            first = next;
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Size;

    #[test]
    fn shares_cover_every_row_once_and_begin_where_memory_is_mapped() {
        let data: Vec<u8> = (0..=255).cycle().take(40 * 13).collect();
        let image = ImageView::with_row_stride(&data, Size { width: 3, height: 40 }, 3, 13).unwrap();
        let written = Written::image(16, &image);
        assert_eq!((written.len(), written.end()), (40 * 9, 16 + 40 * 9));
        for share in [8, 72, 80, 1 << 20] {
            let mut shares = Vec::new();
            written.cut(share, &mut shares);
            let rows: Vec<&[u8]> =
                shares.iter().flat_map(|s| (0..s.rows).map(|y| &s.data[y * s.stride..][..s.row])).collect();
            assert!(rows.iter().copied().eq(image.rows()), "{share}");
            assert!(shares.iter().all(|s| s.at.is_multiple_of(ALIGNMENT)), "{share}");
            assert!(shares.windows(2).all(|pair| pair[0].end() == pair[1].at), "{share}");
        }
    }

    #[test]
    fn neighbors_have_a_view_together_up_to_a_length() {
        let shares = [(0, 10), (16, 8), (24, 100), (128, 4)].map(|(at, len)| Written::bytes(at, &[0; 100][..len]));
        let groups = |most| neighbors(&shares, most).iter().map(|group| group.len()).collect::<Vec<_>>();
        assert_eq!(groups(24), [2, 1, 1]);
        assert_eq!(groups(124), [3, 1]);
        assert_eq!(groups(1), [1; 4]);
        assert!(neighbors(&[], 8).is_empty());
    }
}
