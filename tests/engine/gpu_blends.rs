//! The GPU and ever new blends, as from schemes whose magnitudes are drawn from a continuum: bytes, memory, threads.

use autoaugment::{Layout, Output, Plan, PlannedImage, Shape, ops};
use rayon::prelude::*;

use crate::support::batches::{batch_of, differences};
use crate::support::gpu::{check_all, gpu, on_cpu};

const SHAPE: Shape = Shape { images: 1100, height: 2, width: 2, channels: 3 };

/// A plan whose images have factors of their own, which no plan of another number has.
fn plan(number: usize) -> Plan {
    let image = |i: usize| {
        let factor = 0.1 + (number * SHAPE.images + i) as f64 / 25_000.0;
        let op = match i % 3 {
            0 => ops::Brightness { factor }.into(),
            1 => ops::Color { factor }.into(),
            _ => ops::Sharpness { factor }.into(),
        };
        PlannedImage { ops: vec![op], ..Default::default() }
    };
    Plan::new((0..SHAPE.images).map(image).collect())
}

#[test]
fn they_neither_fail_nor_fill_the_device() {
    let Some(gpu) = gpu() else { return };
    let batch = batch_of(SHAPE, Layout::Nhwc, 1);
    // 36,300 factors, whose tables would take 71 MiB.
    for number in 0..33 {
        let plan = plan(number);
        let (got, first) = gpu.apply(&batch, &plan, &Output::u8()).unwrap();
        if number % 4 == 0 {
            let expected = on_cpu(&batch, &plan, &Output::u8());
            assert_eq!(differences(SHAPE, &plan, &expected, &got.data), [""; 0], "plan {number}");
            // What was sent stays there for the next such batch.
            let (_, second) = gpu.apply(&batch, &plan, &Output::u8()).unwrap();
            let tables = 4 * 512 * SHAPE.images as u64;
            assert!(first.bytes_uploaded >= second.bytes_uploaded + tables, "{first:?} {second:?}");
            assert!(second.bytes_uploaded < tables, "{second:?}");
        }
        let held = gpu.allocation_stats().bytes_held;
        assert!(held < 16 << 20, "{held} bytes after plan {number}");
    }
}

/// More new words than one thread writes, by threads that may be given another batch wherever they wait for each other;
/// and tables that start afresh while other threads look up the old ones.
#[test]
fn threads_of_one_pool_bring_them() {
    let Some(gpu) = gpu() else { return };
    let batch = batch_of(SHAPE, Layout::Nhwc, 2);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
    let check = |number| check_all(&gpu, &batch, &plan(number), &[Output::u8()], "in a pool");
    pool.install(|| (0..16).into_par_iter().for_each(check));
}
