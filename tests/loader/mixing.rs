//! Mixed batches: what augmenting and mixing by hand makes, on the CPU and on a GPU, whoever makes them and when.

use std::sync::Arc;

use autoaugment::loader::{Dataset, Epoch, InMemory, LoadedBatch, Loader, OnError, Position, Sample};
use autoaugment::mixing::{CutMix, Granularity, MixUp, Mixed, Mixer, Mixing};
use autoaugment::{Augmenter, Device, Error, Layout, Normalize, Output, RaggedBatch, Result, Tensor};

use super::images::{cropping, identity, numbered, refusal, size};

const CLASSES: usize = 7;
const F32: Output = Output::f32(Layout::Nchw, Normalize::CIFAR10);
const F16: Output = Output::f16(Layout::Nhwc, Normalize::IMAGENET);

/// Images of two sizes, of which every ninth cannot be read.
struct Images(InMemory);

impl Images {
    fn new() -> Self {
        let sizes: Vec<_> = (0..50).map(|i| [size(9, 13), size(20, 7)][i % 2]).collect();
        let bytes = sizes.iter().map(|size| size.pixels() * 3).sum::<usize>();
        let pixels: Vec<u8> = (0..bytes).map(|i| (i * i % 253) as u8).collect();
        let labels = (0..50).map(|i| i % CLASSES as u32).collect();
        Images(InMemory::new(RaggedBatch::packed(pixels, &sizes, 3).unwrap(), labels).unwrap())
    }
}

impl Dataset for Images {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn read(&self, index: usize) -> Result<Sample<'_>> {
        match index % 9 {
            4 => Err(Error::Decode("nothing there".to_string())),
            _ => self.0.read(index),
        }
    }
}

fn augmenter(output: Output) -> autoaugment::AugmenterBuilder {
    Augmenter::builder(cropping()).seed(11).output(output)
}

fn builder(augmenter: autoaugment::AugmenterBuilder) -> autoaugment::loader::LoaderBuilder {
    let builder = Loader::builder(Images::new(), Arc::new(augmenter.build().unwrap())).batch_size(8).shuffle(true);
    builder.seed(2).on_error(OnError::Skip)
}

fn on_cpu(output: Output) -> autoaugment::loader::LoaderBuilder {
    builder(augmenter(output).device(Device::Cpu))
}

fn both(per: Granularity) -> Mixer {
    Mixer::new([Mixing::from(MixUp { alpha: 0.4, per }), CutMix { alpha: 1.0, per }.into()], CLASSES).unwrap()
}

fn only(mixing: &str) -> Mixer {
    Mixer::new([mixing.parse::<Mixing>().unwrap()], CLASSES).unwrap()
}

fn host(batch: &LoadedBatch) -> &Tensor {
    batch.images.host().unwrap()
}

/// The batches of two epochs, of which neither has one more.
fn pairs(one: &mut Epoch, two: &mut Epoch) -> Vec<(LoadedBatch, LoadedBatch)> {
    let [one, two] = [one, two].map(|epoch| epoch.collect::<Result<Vec<_>>>().unwrap());
    assert_eq!(one.len(), two.len());
    one.into_iter().zip(two).collect()
}

/// All that a batch has, with its images in host memory.
type Whole = (Tensor, Vec<u32>, Vec<u64>, Option<Mixed<Vec<f32>>>);

fn wholes(epoch: &mut Epoch) -> Vec<Whole> {
    let whole = |batch: LoadedBatch| (host(&batch).clone(), batch.labels, batch.indices, batch.mixed);
    epoch.map(|batch| whole(batch.unwrap())).collect()
}

#[test]
fn as_by_hand() {
    for (mixer, output) in [
        (both(Granularity::Batch), F32),
        (both(Granularity::Image), F16),
        (only("mixup(alpha=0.2)"), F32),
        (only("cutmix"), Output::u8()),
    ] {
        for (rank, ranks) in [(0, 1), (1, 2)] {
            let plain = on_cpu(output).shard(rank, ranks).build().unwrap();
            let mixing = on_cpu(output).shard(rank, ranks).mixing(mixer.clone()).build().unwrap();
            assert_eq!(mixing.mixer(), Some(&mixer));
            let (mut one, mut two) = (plain.epoch(3), mixing.epoch(3));
            for (plain, mixed) in pairs(&mut one, &mut two) {
                assert_eq!((&plain.labels, &plain.indices, &plain.plan), (&mixed.labels, &mixed.indices, &mixed.plan));
                assert_eq!(plain.mixed, None);
                let plan = mixer.plan(11, 3, &plain.indices, size(8, 8)).unwrap();
                assert!(host(&mixed) == &plan.apply(host(&plain)).unwrap(), "{mixer:?}");
                let labels = plan.labels(&plain.labels, CLASSES).unwrap();
                let Mixed { plan: got_plan, labels: got_labels, .. } = mixed.mixed.as_ref().unwrap();
                assert_eq!((got_plan, got_labels), (&plan, &labels));
            }
            assert_eq!(one.failed(), two.failed());
        }
    }
}

#[test]
fn threads_prefetch_and_resuming_change_nothing() {
    let make = |threads, prefetch| {
        on_cpu(F32).threads(threads).prefetch(prefetch).mixing(both(Granularity::Image)).build().unwrap()
    };
    let expected = wholes(&mut make(1, 1).epoch(1));
    assert_eq!(expected.len(), 7);
    assert!(expected == wholes(&mut make(3, 4).epoch(1)));
    for batch in [1, 6] {
        let mut rest = make(2, 2).resume(Position { epoch: 1, batch: batch as u64 }).unwrap();
        assert!(expected[batch..] == wholes(&mut rest));
    }
}

#[cfg(feature = "gpu")]
#[test]
fn a_gpu_has_the_cpus_bits() {
    use crate::support::gpu::gpu;
    if gpu().is_none() {
        return;
    }
    for (mixer, output) in
        [(both(Granularity::Batch), F32), (both(Granularity::Image), F16), (only("cutmix"), Output::u8())]
    {
        let expected = wholes(&mut on_cpu(output).mixing(mixer.clone()).build().unwrap().epoch(2));
        let loader = builder(augmenter(output).gpu(gpu().unwrap())).mixing(mixer).build().unwrap();
        let gpu = loader.augmenter().executor().gpu().unwrap();
        let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC;
        let size = 256 + 8 * 192 * 4;
        let wanted = wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false };
        let own = gpu.device().create_buffer(&wanted);
        let whole = |batch: LoadedBatch| {
            let images = gpu.download(batch.images.device().unwrap()).unwrap();
            assert_eq!(batch.report.bytes_downloaded, 0);
            (images, batch.labels, batch.indices, batch.mixed)
        };
        let got: Vec<Whole> = loader.epoch(2).map(|batch| whole(batch.unwrap())).collect();
        assert!(got == expected, "{output:?}");
        let mut epoch = loader.epoch(2);
        for expected in expected {
            // A buffer that cannot be used costs nothing but the call.
            assert!(matches!(epoch.next_into(&own, 2), Err(Error::Buffer(_))));
            let batch = epoch.next_into(&own, 256).unwrap().unwrap();
            assert_eq!(batch.images.device().unwrap().buffer(), &own);
            assert!(whole(batch) == expected, "{output:?}");
        }
        assert!(epoch.next_into(&own, 0).unwrap().is_none());
    }
}

/// Nothing was dispatched by then: there are no pipelines.
#[cfg(feature = "gpu")]
#[test]
fn a_buffer_or_label_that_cannot_be_used_is_found_first() {
    use crate::support::gpu::gpu;
    let Some(first) = gpu() else { return };
    let loader = builder(augmenter(F32).gpu(first)).mixing(both(Granularity::Image)).build().unwrap();
    let gpu = loader.augmenter().executor().gpu().unwrap();
    let usage = wgpu::BufferUsages::STORAGE;
    let wanted = wgpu::BufferDescriptor { label: None, size: 8 * 192 * 4, usage, mapped_at_creation: false };
    let own = gpu.device().create_buffer(&wanted);
    let mut epoch = loader.epoch(0);
    assert!(matches!(epoch.next_into(&own, 8 * 192 * 4), Err(Error::Buffer(_))));
    assert_eq!(gpu.pipelines(), 0);
    epoch.next_into(&own, 0).unwrap().unwrap();
    assert!(gpu.pipelines() > 0);

    let augmenter =
        Augmenter::builder(autoaugment::Transform::new()).gpu(crate::support::gpu::gpu().unwrap()).build().unwrap();
    let loader = Loader::builder(numbered(9), Arc::new(augmenter)).on_error(OnError::Skip).mixing(only("cutmix"));
    let loader = loader.batch_size(8).build().unwrap();
    let gpu = loader.augmenter().executor().gpu().unwrap();
    let mut epoch = loader.epoch(5);
    let own = gpu.device().create_buffer(&wanted);
    let refused = refusal(epoch.next_into(&own, 0));
    assert_eq!(refused, "epoch 5, batch 0: image 7: batch: the class 7 is outside 0..7");
    assert_eq!((gpu.pipelines(), epoch.position().batch, epoch.next().is_none()), (0, 0, true));
}

/// One more dispatch, which is counted with the others.
#[cfg(feature = "gpu")]
#[test]
fn the_report_counts_mixing() {
    use crate::support::gpu::gpu;
    let Some(first) = gpu() else { return };
    let plain = builder(augmenter(F32).gpu(first)).build().unwrap();
    let mixing = builder(augmenter(F32).gpu(gpu().unwrap())).mixing(only("mixup")).build().unwrap();
    let [plain, mixed] = [plain, mixing].map(|loader| loader.epoch(0).next().unwrap().unwrap());
    let (images, report) = (mixed.indices.len() as u64, mixed.report);
    assert_eq!(report.dispatches, plain.report.dispatches + 1);
    assert_eq!(report.bytes_read, plain.report.bytes_read + 2 * images * 192);
    // The bytes between.
    assert_eq!(report.bytes_written, plain.report.bytes_written + images * 192);
    assert!(report.bytes_uploaded >= plain.report.bytes_uploaded + 2 * 3 * 256 * 4);
}

#[test]
fn a_single_image_is_its_own_partner() {
    let plain = on_cpu(F32).batch_size(1).build().unwrap();
    let mixing = on_cpu(F32).batch_size(1).mixing(only("cutmix")).build().unwrap();
    let pairs = pairs(&mut plain.epoch(0), &mut mixing.epoch(0));
    // All images but the broken ones.
    assert_eq!(pairs.len(), 44);
    for (plain, mixed) in pairs {
        assert!(host(&mixed) == host(&plain));
        let labels = mixed.mixed.unwrap().labels;
        assert!(labels.len() == CLASSES && (labels[plain.labels[0] as usize] - 1.0).abs() < 1e-6);
    }
}

#[test]
fn what_is_refused() {
    let bytes = refusal(on_cpu(Output::u8()).mixing(both(Granularity::Batch)).build());
    assert_eq!(bytes, "output: MixUp needs f32 or f16 output, got u8");
    let none = refusal(Mixer::new::<Mixing>([], 10));
    assert_eq!(none, "mixing: number of methods 0 is not at least 1");
    assert_eq!(refusal(Mixer::new([CutMix::default()], 0)), "mixing: number of classes 0 is not at least 1");
    let alpha = refusal(Mixer::new([MixUp { alpha: 0.0, per: Granularity::Batch }], 10));
    assert_eq!(alpha, "mixup: alpha 0 is not a finite number above 0");
    // A data set that names its classes is refused before, another one when it comes to a label.
    let names = refusal(Loader::builder(Named(numbered(3)), identity()).mixing(only("cutmix")).build());
    assert_eq!(names, "loader: the mixer has 7 classes, and the data set 8; give the mixer 8");
    let loader = Loader::builder(numbered(9), identity()).batch_size(4).mixing(only("cutmix")).build().unwrap();
    let mut epoch = loader.epoch(5);
    epoch.next().unwrap().unwrap();
    assert_eq!(refusal(epoch.next().unwrap()), "epoch 5, batch 1: image 3: batch: the class 7 is outside 0..7");
    assert_eq!((epoch.position().batch, epoch.next().is_none()), (1, true));
}

/// With names for one class too many.
struct Named(InMemory);

impl Dataset for Named {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn read(&self, index: usize) -> Result<Sample<'_>> {
        self.0.read(index)
    }

    fn classes(&self) -> &[String] {
        static NAMES: [String; CLASSES + 1] = [const { String::new() }; CLASSES + 1];
        &NAMES
    }
}

#[test]
fn mixed_images_count_toward_the_bound_of_memory() {
    let bound = |builder: autoaugment::loader::LoaderBuilder| {
        builder.prefetch(3).build().unwrap().memory_bound(size(20, 13), size(8, 8), 0)
    };
    // 4 batches of 8 images once more.
    assert_eq!(bound(on_cpu(F32).mixing(only("mixup"))), bound(on_cpu(F32)) + 4 * 8 * 192 * 4);
}
