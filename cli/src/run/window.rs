//! Window: how many entries are held in memory at once.

use std::ops::Range;

use autoaugment::Shape;

use super::entries::{Work, partners};
use super::pipeline::Pipeline;

pub const WINDOW_IMAGES: usize = 64;
pub const WINDOW_BYTES: usize = 256 << 20;

impl Pipeline<'_> {
    /// The longest beginning of `range` that makes a window, at least one, and its bytes. `id` gives entries' numbers.
    pub(super) fn window(
        &self,
        work: &Work,
        range: Range<usize>,
        id: impl Fn(usize) -> usize,
    ) -> (Range<usize>, usize) {
        let mut bytes: usize = 0;
        for i in range.clone() {
            let own = self.bytes(work, id(i));
            let is_full = i - range.start == WINDOW_IMAGES || bytes.saturating_add(own) > WINDOW_BYTES;
            if i > range.start && is_full {
                return (range.start..i, bytes);
            }
            bytes = bytes.saturating_add(own);
        }
        (range, bytes)
    }

    /// The bytes of an entry: its file, its pixels, those of its partners, and what becomes of them.
    fn bytes(&self, work: &Work, id: usize) -> usize {
        let input = work.entry(id).input;
        // What has no readable header fails before its pixels take memory.
        let Some([height, width, channels]) = self.source.measure(input) else { return 0 };
        let shape = Shape { images: 1, height, width, channels };
        let after = work.most_pixels(id, shape).saturating_mul(channels * self.output.dtype().bytes());
        let pictures = 1 + partners(&work.planned(id).ops).count();
        let before = self.source.encoded_bytes(input).saturating_add(shape.values());
        before.saturating_mul(pictures).saturating_add(after)
    }
}
