//! Order: the samples of each batch of an epoch, a function of seed, epoch, batch and rank alone.

use std::ops::Range;

use rand::RngExt;

use super::dataset::Locality;
use crate::random::{Purpose, Stream, Streams};

/// Sample indices in the order of an epoch.
pub(super) enum Order {
    /// 0, 1, 2, ...
    Natural,
    /// 4 bytes per sample.
    Short(Vec<u32>),
    /// 8 bytes per sample, for more than 4,294,967,296 samples.
    Long(Vec<u64>),
}

impl Order {
    /// A permutation of 0..len from seed and epoch, with all permutations equally likely.
    pub fn shuffled(len: usize, seed: u64, epoch: u64) -> Self {
        let mut stream = stream(seed, epoch);
        match u32::try_from(len) {
            Ok(len) => {
                let mut numbers: Vec<u32> = (0..len).collect();
                shuffle(&mut numbers, &mut stream);
                Order::Short(numbers)
            }
            Err(_) => {
                let mut numbers: Vec<u64> = (0..len as u64).collect();
                shuffle(&mut numbers, &mut stream);
                Order::Long(numbers)
            }
        }
    }

    /// An order in which samples of one block are near each other. The blocks are shuffled. Then the samples of each
    /// `together` blocks are shuffled.
    pub fn shuffled_by_blocks(len: usize, locality: &Locality<'_>, seed: u64, epoch: u64) -> Self {
        let Locality { starts, together } = locality;
        let mut stream = stream(seed, epoch);
        let mut blocks: Vec<usize> = (0..starts.len()).collect();
        shuffle(&mut blocks, &mut stream);
        let mut order = Vec::with_capacity(len);
        for group in blocks.chunks((*together).max(1)) {
            let before = order.len();
            for &block in group {
                let end = starts.get(block + 1).copied().unwrap_or(len);
                order.extend(starts[block] as u64..end as u64);
            }
            shuffle(&mut order[before..], &mut stream);
        }
        match u32::try_from(len) {
            Ok(_) => Order::Short(order.into_iter().map(|index| index as u32).collect()),
            Err(_) => Order::Long(order),
        }
    }

    /// The sample at a place of the epoch.
    pub fn at(&self, place: usize) -> usize {
        match self {
            Order::Natural => place,
            Order::Short(numbers) => numbers[place] as usize,
            Order::Long(numbers) => numbers[place] as usize,
        }
    }

    /// Bytes of memory.
    pub fn bytes(len: usize) -> usize {
        if u32::try_from(len).is_ok() { 4 * len } else { len.saturating_mul(8) }
    }
}

/// The order belongs to no single sample. Its key has 0 in place of the index.
fn stream(seed: u64, epoch: u64) -> Stream {
    Streams::new(seed, epoch, 0).of(Purpose::Order, 0)
}

/// Fisher and Yates's shuffle, from the back. It is written out here, with the draw of a number below a bound. So no
/// other version of a library can change the order of a seed.
pub(super) fn shuffle<T>(values: &mut [T], stream: &mut Stream) {
    for last in (1..values.len()).rev() {
        values.swap(last, below(last as u64 + 1, stream) as usize);
    }
}

/// A uniform number below `bound`: the high half of a product. It is drawn again if the low half would favor some
/// numbers (Lemire, arXiv 1805.10941).
fn below(bound: u64, stream: &mut Stream) -> u64 {
    let unfair = bound.wrapping_neg() % bound;
    loop {
        let product = u128::from(stream.random::<u64>()) * u128::from(bound);
        if product as u64 >= unfair {
            return (product >> 64) as u64;
        }
    }
}

/// The division of an epoch into batches for the ranks.
///
/// Each step takes the next `world_size` x `batch_size` samples of the epoch's order. Rank r has the r-th `batch_size`
/// of them. The samples after the last full step are dropped or divided. Rank r then has the r-th part, and the first
/// ranks have one sample more if the division leaves a remainder. If there are fewer samples than ranks, only the first
/// ranks have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    pub samples: usize,
    pub batch_size: usize,
    pub rank: usize,
    pub world_size: usize,
    pub drop_last: bool,
}

impl Cut {
    fn full_steps(&self) -> usize {
        self.samples / self.batch_size / self.world_size
    }

    /// The number of samples after the full steps.
    fn rest(&self) -> usize {
        self.samples - self.full_steps() * self.world_size * self.batch_size
    }

    /// The number of batches of this rank.
    pub fn batches(&self) -> usize {
        let has_more = !self.drop_last && self.rest() > self.rank;
        self.full_steps() + usize::from(has_more)
    }

    /// The places of a batch in the epoch's order.
    pub fn places(&self, batch: usize) -> Range<usize> {
        if batch < self.full_steps() {
            let start = (batch * self.world_size + self.rank) * self.batch_size;
            return start..start + self.batch_size;
        }
        let (each, longer) = (self.rest() / self.world_size, self.rest() % self.world_size);
        let start = self.samples - self.rest() + self.rank * each + self.rank.min(longer);
        start..start + each + usize::from(self.rank < longer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(len: usize, seed: u64, epoch: u64) -> Vec<usize> {
        let order = Order::shuffled(len, seed, epoch);
        (0..len).map(|place| order.at(place)).collect()
    }

    #[test]
    fn the_order_of_a_seed_never_changes() {
        // Computed by another program, from the definitions of ChaCha8 and of the shuffle.
        assert_eq!(numbers(10, 0, 0), [1, 9, 7, 4, 3, 6, 0, 5, 2, 8]);
        assert_eq!(numbers(10, 42, 0), [6, 8, 9, 4, 5, 7, 2, 3, 0, 1]);
        assert_eq!(numbers(10, 42, 1), [1, 9, 0, 6, 5, 7, 8, 3, 4, 2]);
        let long = numbers(1000, 7, 3);
        assert_eq!([long[0], long[1], long[499], long[999]], [610, 374, 381, 720]);
    }

    #[test]
    fn groups_of_blocks_are_shuffled_by_themselves() {
        let starts = [0, 10, 15, 40, 41, 45];
        let locality = Locality { starts: starts.to_vec().into(), together: 2 };
        let order = Order::shuffled_by_blocks(50, &locality, 3, 1);
        let numbers: Vec<usize> = (0..50).map(|place| order.at(place)).collect();
        let mut sorted = numbers.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..50).collect::<Vec<_>>());
        let blocks: Vec<usize> = numbers.iter().map(|n| starts.partition_point(|start| start <= n)).collect();
        // Each block's samples are within one group of two blocks, mixed with those of the other one.
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for block in blocks {
            match groups.last_mut() {
                Some(group) if group.contains(&block) => {}
                Some(group) if group.len() < 2 && !group.contains(&block) => group.push(block),
                _ => groups.push(vec![block]),
            }
        }
        let mut all: Vec<usize> = groups.concat();
        all.sort_unstable();
        assert_eq!(all, [1, 2, 3, 4, 5, 6], "{groups:?}");
        let other = Order::shuffled_by_blocks(50, &locality, 3, 2);
        assert_ne!((0..50).map(|place| other.at(place)).collect::<Vec<_>>(), numbers);
    }

    #[test]
    fn four_and_eight_bytes_give_the_same_order() {
        let mut long: Vec<u64> = (0..1000).collect();
        shuffle(&mut long, &mut stream(5, 6));
        assert_eq!(numbers(1000, 5, 6), long.iter().map(|&n| n as usize).collect::<Vec<_>>());
    }

    #[test]
    fn every_order_of_four_is_equally_likely() {
        let mut counts = std::collections::BTreeMap::new();
        for seed in 0..24_000 {
            *counts.entry(numbers(4, seed, 0)).or_insert(0u32) += 1;
        }
        assert_eq!(counts.len(), 24);
        // 1000 each; the standard deviation is 31, and the seeds are fixed.
        assert!(counts.values().all(|count| (850..1150).contains(count)), "{counts:?}");
    }

    #[test]
    fn parts_are_disjoint_and_whole_whatever_the_numbers() {
        for samples in [0, 1, 2, 5, 7, 16, 100, 101] {
            for batch_size in [1, 3, 8] {
                for ranks in [1, 2, 3, 7] {
                    for drop_last in [false, true] {
                        check(samples, batch_size, ranks, drop_last);
                    }
                }
            }
        }
    }

    fn check(samples: usize, batch_size: usize, ranks: usize, drop_last: bool) {
        let cut = |rank| Cut { samples, batch_size, rank, world_size: ranks, drop_last };
        let mut seen = vec![0; samples];
        for rank in 0..ranks {
            for batch in 0..cut(rank).batches() {
                let places = cut(rank).places(batch);
                assert!(!places.is_empty() && places.len() <= batch_size, "{:?} {places:?}", cut(rank));
                assert!(!drop_last || places.len() == batch_size);
                places.for_each(|place| seen[place] += 1);
            }
        }
        let whole = if drop_last { samples / (batch_size * ranks) * batch_size * ranks } else { samples };
        assert!(seen[..whole].iter().all(|&n| n == 1) && seen[whole..].iter().all(|&n| n == 0), "{:?}", cut(0));
        let batches: Vec<_> = (0..ranks).map(|rank| cut(rank).batches()).collect();
        let rest = samples % (batch_size * ranks);
        if drop_last || rest == 0 || rest >= ranks {
            assert!(batches.iter().all(|&n| n == batches[0]), "{batches:?}");
        } else {
            assert!(
                (0..ranks).all(|rank| batches[rank] == batches[ranks - 1] + usize::from(rank < rest)),
                "{batches:?}"
            );
        }
    }
}
