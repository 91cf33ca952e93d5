//! The loader on a GPU: the CPU's bytes, what is sent and what is fetched, and a device that is lost in the middle.

use std::sync::Arc;

use autoaugment::loader::{Dataset, Epoch, InMemory, Loader, OnError, Sample};
use autoaugment::transform::{ResizeStage, ResizeTo};
use autoaugment::{
    Augmenter, Error, Gpu, Layout, Normalize, Output, Policy, RaggedBatch, Result, Size, TensorData, Transform,
};
use rand::RngExt;

use super::images::{cropping, refusal, size};
use crate::support::batches::random;
use crate::support::gpu::{gpu, gpu_with};

/// Images of different sizes.
fn ragged(count: usize) -> InMemory {
    let mut rng = random(8);
    let sizes: Vec<Size> = (0..count).map(|_| size(rng.random_range(1..30), rng.random_range(1..30))).collect();
    let bytes = sizes.iter().map(|s| s.pixels() * 3).sum();
    let pixels: Vec<u8> = (0..bytes).map(|_| rng.random()).collect();
    InMemory::new(RaggedBatch::packed(pixels, &sizes, 3).unwrap(), (0..count as u32).collect()).unwrap()
}

fn augmenter(transform: Transform, output: Output, gpu: Option<Gpu>) -> Arc<Augmenter> {
    let builder = Augmenter::builder(transform).seed(11).output(output);
    Arc::new(match gpu {
        Some(gpu) => builder.gpu(gpu).build().unwrap(),
        None => builder.device(autoaugment::Device::Cpu).build().unwrap(),
    })
}

fn loader(augmenter: Arc<Augmenter>, dataset: impl Dataset + 'static) -> Loader {
    let builder = Loader::builder(dataset, augmenter).batch_size(16).shuffle(true).seed(2).threads(2).prefetch(3);
    builder.on_error(OnError::Skip).build().unwrap()
}

/// Labels, numbers and images of all that is left.
fn fetched(epoch: &mut Epoch, gpu: Option<&Gpu>) -> Vec<(Vec<u32>, Vec<u64>, TensorData)> {
    let each = epoch.map(|batch| {
        let batch = batch.unwrap();
        let data = match gpu {
            Some(gpu) => gpu.download(batch.images.device().unwrap()).unwrap().data,
            None => batch.images.host().unwrap().data.clone(),
        };
        assert_eq!(batch.report.bytes_downloaded, 0);
        (batch.labels, batch.indices, data)
    });
    each.collect()
}

/// Images of which some cannot be decoded, which leaves gaps in the memory.
struct SomeBroken(InMemory);

impl Dataset for SomeBroken {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn read(&self, index: usize) -> Result<Sample<'_>> {
        if index % 9 == 4 {
            // The header is whole, the rest is not there.
            let file = super::images::encoded(super::images::picture(size(20, 20), 1), image::ImageFormat::Png);
            return Sample::encoded(file[..60].to_vec(), 0);
        }
        self.0.read(index)
    }
}

#[test]
fn batches_on_a_gpu_have_the_cpus_bytes() {
    let Some(first) = gpu() else { return };
    drop(first);
    for output in [Output::u8(), Output::f32(Layout::Nchw, Normalize::IMAGENET)] {
        let on_gpu = augmenter(cropping(), output, gpu());
        let on_gpu = loader(on_gpu, SomeBroken(ragged(150)));
        let on_cpu = loader(augmenter(cropping(), output, None), SomeBroken(ragged(150)));
        for epoch in [0, 3] {
            let (mut one, mut two) = (on_cpu.epoch(epoch), on_gpu.epoch(epoch));
            let expected = fetched(&mut one, None);
            let got = fetched(&mut two, on_gpu.augmenter().executor().gpu());
            assert_eq!(expected.len(), 10);
            assert!(expected == got, "{output:?}, epoch {epoch}");
            assert_eq!(one.failed(), two.failed());
            assert_eq!(one.failed().samples, 17);
        }
    }
}

#[test]
fn what_is_sent_is_pixels_and_programs() {
    let Some(gpu) = gpu() else { return };
    // Of 8 x 8 pixels, so that nothing is lost to alignment.
    let images = RaggedBatch::packed(vec![77; 48 * 192], &[size(8, 8); 48], 3).unwrap();
    let dataset = InMemory::new(images, vec![0; 48]).unwrap();
    let loader = loader(augmenter(Policy::cifar10().into(), Output::u8(), Some(gpu)), dataset);
    let gpu = loader.augmenter().executor().gpu().unwrap();
    // Once, so that the tables of all its blends are there.
    loader.epoch(0).for_each(|batch| drop(batch.unwrap()));
    for batch in loader.epoch(0) {
        let batch = batch.unwrap();
        // The programs alone, of the same plan on a batch that is there already.
        let shape = autoaugment::Shape { images: 16, height: 8, width: 8, channels: 3 };
        let there = gpu.upload(&autoaugment::Batch::new(vec![77; 16 * 192], shape, Layout::Nhwc).unwrap()).unwrap();
        let (_, alone) = gpu.apply_resident(&there, &batch.plan, &Output::u8()).unwrap();
        assert!(alone.bytes_uploaded > 0);
        assert_eq!(batch.report.bytes_uploaded, 16 * 192 + alone.bytes_uploaded);
        assert_eq!(batch.report.bytes_downloaded, 0);
    }
}

#[test]
fn batches_are_written_to_the_callers_buffer() {
    let Some(gpu) = gpu() else { return };
    let output = Output::f32(Layout::Nchw, Normalize::IMAGENET);
    let loader = loader(augmenter(cropping(), output, Some(gpu)), ragged(40));
    let gpu = loader.augmenter().executor().gpu().unwrap();
    let buffer = |size, usage| {
        gpu.device().create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false })
    };
    use wgpu::BufferUsages as Usage;
    let batch_bytes = 16 * 8 * 8 * 3 * 4;
    let good = buffer(batch_bytes + 256, Usage::STORAGE | Usage::COPY_SRC);
    let short = buffer(batch_bytes - 4, Usage::STORAGE | Usage::COPY_SRC);
    let expected = fetched(&mut loader.epoch(0), Some(gpu));
    let mut epoch = loader.epoch(0);
    for expected in expected {
        // A buffer that cannot be used costs nothing but the call.
        let position = epoch.position();
        if expected.0.len() == 16 {
            let refused = refusal(epoch.next_into(&short, 0));
            assert!(refused.starts_with("buffer: 12288 bytes from 0 on do not fit"), "{refused}");
        }
        assert_eq!(epoch.position(), position);
        let batch = epoch.next_into(&good, 256).unwrap().unwrap();
        let images = batch.images.device().unwrap();
        assert_eq!((images.buffer(), images.offset()), (&good, 256));
        assert!((batch.labels, batch.indices, gpu.download(images).unwrap().data) == expected);
    }
    assert!(epoch.next_into(&good, 0).unwrap().is_none());
    let on_cpu = self::loader(augmenter(cropping(), output, None), ragged(40));
    let refused = refusal(on_cpu.epoch(0).next_into(&good, 0));
    assert_eq!(refused, "this loader runs on no adapter, and the call needs one: set the device to `gpu`");
}

#[test]
fn a_run_goes_on_with_a_new_device_when_one_is_lost() {
    let Some(_) = gpu() else { return };
    let made = || loader(augmenter(cropping(), Output::u8(), gpu()), ragged(150));
    let whole = made();
    let expected = fetched(&mut whole.epoch(0), whole.augmenter().executor().gpu());
    for taken in [0, 1, 4] {
        let first = made();
        let mut epoch = first.epoch(0);
        for _ in 0..taken {
            epoch.next().unwrap().unwrap();
        }
        first.augmenter().executor().gpu().unwrap().device().destroy();
        let error = epoch.next().unwrap().err();
        assert!(matches!(error, Some(Error::DeviceLost(_))), "{error:?}");
        assert!(epoch.next().is_none());
        let position = epoch.position();
        assert_eq!(position.batch, taken);
        let second = made();
        let mut rest = second.resume(position).unwrap();
        let got = fetched(&mut rest, second.augmenter().executor().gpu());
        assert!(got == expected[taken as usize..], "after {taken}");
    }
}

#[test]
fn batches_may_grow_and_shrink() {
    let Some(gpu) = gpu() else { return };
    let sizes: Vec<Size> = (0..64).map(|i| if i / 16 % 2 == 0 { size(3, 2) } else { size(90, 70) }).collect();
    let bytes = sizes.iter().map(|s| s.pixels() * 3).sum::<usize>();
    let pixels: Vec<u8> = (0..bytes).map(|i| (i % 251) as u8).collect();
    let dataset = || {
        let images = RaggedBatch::packed(pixels.clone(), &sizes, 3).unwrap();
        InMemory::new(images, vec![0; 64]).unwrap()
    };
    let make = |augmenter| Loader::builder(dataset(), augmenter).batch_size(16).threads(2).prefetch(1).build().unwrap();
    let on_gpu = make(augmenter(cropping(), Output::u8(), Some(gpu)));
    let on_cpu = make(augmenter(cropping(), Output::u8(), None));
    for epoch in 0..2 {
        let got = fetched(&mut on_gpu.epoch(epoch), on_gpu.augmenter().executor().gpu());
        assert!(got == fetched(&mut on_cpu.epoch(epoch), None));
    }
}

/// No driver here runs out of memory, so the device has little from the start: the third batch is too large for it.
#[test]
fn a_batch_that_the_device_has_no_room_for_is_an_error_with_its_position() {
    let small = |limits: &mut wgpu::Limits| {
        (limits.max_buffer_size, limits.max_storage_buffer_binding_size) = (1 << 20, 1 << 20);
    };
    let Some(small) = gpu_with(small) else { return };
    let sizes: Vec<Size> = (0..64).map(|i| if i / 16 == 2 { size(150, 150) } else { size(20, 20) }).collect();
    let bytes = sizes.iter().map(|s| s.pixels() * 3).sum::<usize>();
    let pixels: Vec<u8> = (0..bytes).map(|i| (i % 251) as u8).collect();
    let make = |gpu| {
        let images = RaggedBatch::packed(pixels.clone(), &sizes, 3).unwrap();
        let dataset = InMemory::new(images, vec![0; 64]).unwrap();
        // Without a crop, which would make them small before they are there.
        let resize = ResizeStage { to: ResizeTo::Exactly(8, 8), ..ResizeStage::shorter_side(8) };
        let augmenter = augmenter(Transform::new().resize(resize), Output::u8(), gpu);
        Loader::builder(dataset, augmenter).batch_size(16).threads(2).prefetch(2).build().unwrap()
    };
    let expected = fetched(&mut make(None).epoch(0), None);
    let small = make(Some(small));
    let mut epoch = small.epoch(0);
    assert!(epoch.by_ref().take(2).all(|batch| batch.is_ok()));
    assert_eq!(
        refusal(epoch.next().unwrap()),
        "a batch of decoded images needs 1080064 bytes; the device allows 1048576"
    );
    let position = epoch.position();
    assert_eq!((position.batch, epoch.next().is_none()), (2, true));
    // The same device does the other batches, and one with more memory goes on.
    assert!(small.epoch(1).next().unwrap().is_ok());
    let large = make(gpu());
    let mut rest = large.resume(position).unwrap();
    assert!(fetched(&mut rest, large.augmenter().executor().gpu()) == expected[2..]);
}
