//! A million samples from a memory-mapped file: an epoch in bounded memory. It looks at all memory of the process, and
//! only Linux says how much that is.

use std::fs::{self, File};
use std::io::Write;
use std::sync::Arc;

use autoaugment::loader::{ColorMode, Idx, Loader};
use autoaugment::{Augmenter, Device, Size, Transform};

use crate::counting::alone;

const SAMPLES: u32 = 1_000_000;
const SIDE: u32 = 12;

/// Anonymous memory of this process in bytes, that is without mapped files.
fn anonymous() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

#[test]
fn a_million_samples_take_no_more_memory_than_the_bound() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, dimensions: &[u32]| {
        let path = folder.path().join(name);
        let mut file = File::create(&path).unwrap();
        file.write_all(&[0, 0, 8, dimensions.len() as u8]).unwrap();
        dimensions.iter().for_each(|d| file.write_all(&d.to_be_bytes()).unwrap());
        let values: u64 = dimensions.iter().map(|&d| u64::from(d)).product();
        // Zeros that take no room on the disk.
        file.set_len(4 + 4 * dimensions.len() as u64 + values).unwrap();
        path
    };
    let dataset = Idx::open(write("images", &[SAMPLES, SIDE, SIDE]), write("labels", &[SAMPLES])).unwrap();
    let augmenter = Augmenter::builder(Transform::new()).device(Device::Cpu).build().unwrap();
    let builder = Loader::builder(dataset, Arc::new(augmenter)).batch_size(1000).threads(2).prefetch(4);
    let loader = builder.shuffle(true).color(ColorMode::GrayOnly).build().unwrap();
    let side = SIDE as usize;
    let size = Size { width: side, height: side };
    let bound = loader.memory_bound(size, size, 0);
    assert!(bound < 6 << 20, "{bound}");
    let before = anonymous();
    let (mut most, mut seen, mut sum) = (0, 0, 0u64);
    for batch in loader.epoch(0) {
        let batch = batch.unwrap();
        seen += batch.indices.len();
        sum += batch.indices.iter().sum::<u64>();
        most = most.max(anonymous().saturating_sub(before));
    }
    assert_eq!((seen as u32, sum), (SAMPLES, u64::from(SAMPLES) * u64::from(SAMPLES - 1) / 2));
    // Plans, threads' stacks and what the allocator keeps are not in the bound. All images together are 137 MiB.
    let slack = 24 << 20;
    println!("anonymous memory grew by {} KiB; the bound is {} KiB", most >> 10, bound >> 10);
    assert!(most < bound + slack, "{most} bytes more than before, and the bound is {bound}");
}
