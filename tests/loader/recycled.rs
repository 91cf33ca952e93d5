//! Recycled memory: batches that are given back are the memory of later ones, and change no byte of them.

use std::collections::BTreeSet;

use autoaugment::loader::{InMemory, LoadedImages, Loader, LoaderBuilder};
use autoaugment::mixing::{CutMix, Mixer, Mixing};
use autoaugment::{Augmenter, Device, Layout, Normalize, Output, Policy, RaggedBatch, Tensor};

use super::images::size;

fn loader() -> LoaderBuilder {
    let pixels: Vec<u8> = (0..60 * 16 * 16 * 3).map(|i| (i * i % 253) as u8).collect();
    let images = RaggedBatch::packed(pixels, &[size(16, 16); 60], 3).unwrap();
    let dataset = InMemory::new(images, (0..60).map(|i| i % 7).collect()).unwrap();
    let output = Output::f32(Layout::Nchw, Normalize::CIFAR10);
    let augmenter = Augmenter::builder(Policy::cifar10()).device(Device::Cpu).output(output).build().unwrap();
    Loader::builder(dataset, augmenter).batch_size(7).prefetch(2).threads(2)
}

/// The images of two epochs, and the addresses of their memory.
fn images(loader: LoaderBuilder, recycle: bool) -> (Vec<Tensor>, BTreeSet<usize>) {
    let loader = loader.build().unwrap();
    let (mut all, mut addresses) = (Vec::new(), BTreeSet::new());
    for batch in loader.epoch(0).chain(loader.epoch(1)) {
        let LoadedImages::Host(tensor) = batch.unwrap().images else { panic!("on the CPU") };
        addresses.insert(tensor.data.as_bytes().as_ptr() as usize);
        all.push(tensor.clone());
        if recycle {
            loader.recycle(tensor);
        }
    }
    (all, addresses)
}

#[test]
fn memory_that_was_given_back_is_used_and_changes_no_byte() {
    for mixing in [false, true] {
        let loader = || match mixing {
            true => loader().mixing(Mixer::new([Mixing::from(CutMix::default())], 7).unwrap()),
            false => loader(),
        };
        let (new, _) = images(loader(), false);
        let (recycled, addresses) = images(loader(), true);
        assert_eq!(recycled.len(), 18);
        assert!(recycled == new, "mixing: {mixing}");
        // Two ahead, one with the caller, and where batches are mixed one more in each thread.
        assert!(addresses.len() <= 7, "{} addresses, mixing: {mixing}", addresses.len());
    }
}
