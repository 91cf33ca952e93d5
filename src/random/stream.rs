//! Stream: the random numbers of one key. The first block may be made before, together with those of other streams.

use std::convert::Infallible;

use rand::TryRng;
use rand::rand_core::utils::fill_bytes_via_next_word;
use rand_chacha::ChaCha8Rng;

use super::chacha;
use super::first_blocks::{BLOCK_WORDS, Block};

/// The random numbers of one key: those of `ChaCha8Rng`, word by word.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    key: [u64; 4],
    first: Block,
    /// The words of the first block that were taken.
    taken: usize,
    /// All other words, or all words if there is no first block.
    rest: Option<Box<ChaCha8Rng>>,
}

impl Stream {
    /// The stream of this key.
    pub fn new(key: [u64; 4], occurrence: u64) -> Self {
        let rest = Some(Box::new(chacha(key, occurrence)));
        Stream { key, first: [0; BLOCK_WORDS], taken: BLOCK_WORDS, rest }
    }

    /// The stream of this key and the first occurrence, whose first block is known.
    pub fn with_first_block(key: [u64; 4], first: Block) -> Self {
        Stream { key, first, taken: 0, rest: None }
    }

    /// The stream after its first block.
    fn rest(&mut self) -> &mut ChaCha8Rng {
        let key = self.key;
        self.rest.get_or_insert_with(|| {
            let mut rest = chacha(key, 0);
            rest.set_word_pos(BLOCK_WORDS as u128);
            Box::new(rest)
        })
    }
}

impl TryRng for Stream {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        match self.first.get(self.taken) {
            Some(&word) => {
                self.taken += 1;
                Ok(word)
            }
            None => self.rest().try_next_u32(),
        }
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        if self.taken == BLOCK_WORDS {
            return self.rest().try_next_u64();
        }
        let (low, high) = (self.try_next_u32()?, self.try_next_u32()?);
        Ok(u64::from(high) << 32 | u64::from(low))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        fill_bytes_via_next_word(bytes, || self.try_next_u32())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FirstBlocks, Purpose, Streams};
    use super::*;
    use rand::{Rng, RngExt};

    /// Words, pairs of words and bytes in any order, across the end of the first block.
    #[test]
    fn numbers_are_those_of_the_crate() {
        let mut order = Stream::new([1, 2, 3, 4], 0);
        for case in 0..500 {
            let (seed, epoch, purpose) = (order.random(), order.random::<u64>() >> (case % 64), Purpose::Sign);
            let indices: Vec<u64> = (0..1 + case % 8).map(|_| order.random::<u64>() >> (case % 61)).collect();
            let mut blocks = FirstBlocks::default();
            blocks.restart(seed, epoch, &indices);
            for (lane, &index) in indices.iter().enumerate() {
                let key = [seed, epoch, index, purpose as u64];
                for (occurrence, streams) in
                    [(0, blocks.streams(lane)), (0, Streams::new(seed, epoch, index)), (7, blocks.streams(lane))]
                {
                    let (mut got, mut expected) = (streams.of(purpose, occurrence), chacha(key, occurrence));
                    for _ in 0..40 {
                        let (mut a, mut b) = ([0; 11], [0; 11]);
                        match order.random_range(0..4) {
                            0 => assert_eq!(got.next_u32(), expected.next_u32()),
                            1 => assert_eq!(got.next_u64(), expected.next_u64()),
                            2 => assert_eq!(got.random_range(0..25_usize), expected.random_range(0..25_usize)),
                            _ => {
                                let length = order.random_range(0..11_usize);
                                got.fill_bytes(&mut a[..length]);
                                expected.fill_bytes(&mut b[..length]);
                                assert_eq!(a, b);
                            }
                        }
                    }
                }
            }
        }
    }
}
