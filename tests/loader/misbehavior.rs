//! Misbehavior: data sets that panic or fail, epochs that are dropped. Nothing hangs and nothing is lost silently.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use autoaugment::loader::{Dataset, Loader, OnError, Position, Sample};
use autoaugment::{Error, ErrorKind, Layout, Result};

use super::images::{identity, indices, refusal, size};

/// Samples of 4 x 4, some of which misbehave.
struct Samples {
    len: usize,
    panics_at: Option<usize>,
    fails_at: fn(usize) -> bool,
    read: Arc<AtomicUsize>,
}

impl Samples {
    fn new(len: usize) -> Self {
        Samples { len, panics_at: None, fails_at: |_| false, read: Arc::default() }
    }
}

impl Dataset for Samples {
    fn len(&self) -> usize {
        self.len
    }

    fn read(&self, index: usize) -> Result<Sample<'_>> {
        self.read.fetch_add(1, Ordering::SeqCst);
        if self.panics_at == Some(index) {
            panic!("there is no {index}");
        }
        if (self.fails_at)(index) {
            return Err(Error::Decode("it is gone".to_string()));
        }
        Sample::pixels(vec![index as u8; 16], size(4, 4), 1, Layout::Nhwc, 0)
    }
}

#[test]
fn a_panic_of_the_data_set_is_an_error_even_where_broken_samples_are_skipped() {
    for threads in [1, 3] {
        let samples = Samples { panics_at: Some(13), ..Samples::new(40) };
        let builder = Loader::builder(samples, identity()).batch_size(4).threads(threads).prefetch(3);
        let loader = builder.on_error(OnError::Skip).build().unwrap();
        let mut epoch = loader.epoch(0);
        for _ in 0..3 {
            epoch.next().unwrap().unwrap();
        }
        let refused = refusal(epoch.next().unwrap());
        assert_eq!(refused, "epoch 0, batch 3: the data set panicked: sample 13: there is no 13");
        assert_eq!(epoch.position().batch, 3);
        assert!(epoch.next().is_none());
        // The threads are there for the next one.
        assert_eq!(loader.epoch(1).take(3).filter(|batch| batch.is_ok()).count(), 3);
    }
}

#[test]
fn broken_samples_are_skipped_in_their_places_and_counted() {
    let fails_at = |index| index % 10 == 3 || (20..24).contains(&index);
    let samples = Samples { fails_at, ..Samples::new(40) };
    let loader = Loader::builder(samples, identity()).batch_size(4).on_error(OnError::Skip).build().unwrap();
    let mut epoch = loader.epoch(0);
    let batches: Vec<_> = epoch.by_ref().map(|batch| batch.unwrap().indices).collect();
    let expected: [&[u64]; 9] = [
        &[0, 1, 2],
        &[4, 5, 6, 7],
        &[8, 9, 10, 11],
        &[12, 14, 15],
        &[16, 17, 18, 19],
        &[24, 25, 26, 27],
        &[28, 29, 30, 31],
        &[32, 34, 35],
        &[36, 37, 38, 39],
    ];
    assert_eq!(batches, expected);
    assert_eq!((epoch.position().batch, epoch.batches()), (10, 10));
    let broken = epoch.failed();
    assert_eq!((broken.samples, broken.batches), (7, 1));
    assert_eq!(broken.named.iter().map(|b| b.index).collect::<Vec<_>>(), [3, 13, 20, 21, 22, 23, 33]);
    assert_eq!((&*broken.named[1].name, &*broken.named[1].reason), ("number 13", "it is gone"));
}

#[test]
fn a_data_set_of_nothing_but_broken_samples_ends_and_says_so() {
    let samples = Samples { fails_at: |_| true, ..Samples::new(2500) };
    let loader = Loader::builder(samples, identity()).batch_size(100).on_error(OnError::Skip).build().unwrap();
    let mut epoch = loader.epoch(3);
    let all = "epoch 3: all 2500 samples failed and were skipped; the first is sample 0 (number 0): it is gone";
    assert_eq!(refusal(epoch.next().unwrap()), all);
    assert!(epoch.next().is_none());
    let broken = epoch.failed();
    assert_eq!((broken.samples, broken.batches, broken.named.len()), (2500, 25, 1000));
    // The rest of an epoch can be broken.
    assert!(loader.resume(Position { epoch: 3, batch: 24 }).unwrap().next().is_none());
}

#[test]
fn a_data_set_can_end_the_epoch() {
    struct Ends;
    impl Dataset for Ends {
        fn len(&self) -> usize {
            40
        }

        fn read(&self, index: usize) -> Result<Sample<'_>> {
            if index == 13 {
                return Err(Error::Cancelled("the program ends"));
            }
            Sample::pixels(vec![0; 16], size(4, 4), 1, Layout::Nhwc, 0)
        }
    }
    let loader = Loader::builder(Ends, identity()).batch_size(4).on_error(OnError::Skip).build().unwrap();
    let mut epoch = loader.epoch(0);
    let batches: Vec<_> = epoch.by_ref().collect();
    assert_eq!(batches.len(), 4);
    assert_eq!(batches[3].as_ref().unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!((epoch.position().batch, epoch.failed().samples), (3, 0));
}

#[test]
fn the_first_broken_sample_of_the_order_stops_whichever_thread_was_first() {
    for _ in 0..20 {
        let samples = Samples { fails_at: |index| index > 5, ..Samples::new(40) };
        let loader = Loader::builder(samples, identity()).batch_size(4).threads(4).build().unwrap();
        let mut epoch = loader.epoch(7);
        epoch.next().unwrap().unwrap();
        assert_eq!(refusal(epoch.next().unwrap()), "epoch 7, batch 1: sample 6 (number 6): it is gone");
        assert!(epoch.next().is_none());
        assert_eq!((epoch.position().epoch, epoch.position().batch), (7, 1));
    }
}

#[test]
fn a_dropped_epoch_stops_its_work_and_lets_go_of_the_data_set() {
    let samples = Arc::new(Samples::new(100_000));
    let read = samples.read.clone();
    let loader =
        Loader::builder(samples.clone(), identity()).batch_size(10_000).threads(2).prefetch(8).build().unwrap();
    for epoch in 0..3 {
        drop(loader.epoch(epoch));
    }
    let mut epoch = loader.epoch(3);
    epoch.next().unwrap().unwrap();
    drop(epoch);
    drop(loader);
    // The loader's threads end by themselves; each held the data set. A hang here is the failure.
    while Arc::strong_count(&samples) > 1 {
        std::thread::yield_now();
    }
    let done = read.load(Ordering::SeqCst);
    assert!((10_000..400_000).contains(&done), "{done}");
}

#[test]
fn several_epochs_of_one_loader_do_not_mix() {
    let loader = Loader::builder(Samples::new(60), identity()).batch_size(7).threads(2).shuffle(true).build().unwrap();
    let apart = [indices(&loader, 0), indices(&loader, 1)];
    let (one, two) = (loader.epoch(0), loader.epoch(1));
    let both: (Vec<_>, Vec<_>) = one.zip(two).map(|(a, b)| (a.unwrap().indices, b.unwrap().indices)).unzip();
    assert_eq!([both.0, both.1], apart);
}
