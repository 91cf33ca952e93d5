//! The GPU at its limits: dispatch and byte counts, batches that exceed buffers or the grid, memory of the caller's,
//! errors.

use autoaugment::gpu::Grouping;
use autoaugment::{
    Augmenter, Batch, Dtype, Error, Gpu, GpuBatch, Layout, Normalize, Op, OpKind, Output, Plan, PlannedImage, Policy,
    Shape,
};

use crate::support::batches::{batch_of, chain_of, differences, drawn, mixtures, nearest, random, rgb};
use crate::support::gpu::{check_all, device_with, gpu, gpu_with, on_cpu};

#[test]
fn dispatches_do_not_grow_with_the_groups() {
    let Some(gpu) = gpu() else { return };
    let gpu = gpu.grouping(Grouping::ByClass);
    for name in ["imagenet", "cifar10", "svhn", "v0"] {
        let shape = rgb(257, 64, 64);
        let batch = batch_of(shape, Layout::Nhwc, 1);
        let plan = drawn(Policy::preset(name).unwrap(), shape, 2);
        let (_, report) = gpu.apply(&batch, &plan, &Output::u8()).unwrap();
        assert!(report.groups > 20, "{name}: {report:?}");
        assert!(report.dispatches <= 5, "{name}: {report:?}");
        assert_eq!(report.chunks, 1);
    }
}

#[test]
fn the_hardest_pairs_take_six_dispatches() {
    let Some(gpu) = gpu() else { return };
    let gpu = gpu.grouping(Grouping::ByClass);
    let shape = rgb(7, 20, 20);
    // Both rounds of statistics, all classes, and interpolated warps before a filter and a statistic.
    let chains = [
        "Equalize;Contrast(factor=1.3)",
        "Sharpness(factor=1.3);Sharpness(factor=0.3)",
        "Rotate(degrees=10, interpolation=bicubic);Equalize",
        "Rotate(degrees=10, interpolation=bilinear);Sharpness(factor=1.5)",
        "Sharpness(factor=1.5);Rotate(degrees=10, interpolation=bilinear)",
        "Rotate(degrees=12);Color(factor=0.5)",
        "Invert;Solarize(threshold=100)",
    ];
    let image = |text: &&str| PlannedImage {
        ops: text.split(';').map(|op| op.parse().unwrap()).collect(),
        ..Default::default()
    };
    let plan = Plan::new(chains.iter().map(image).collect());
    let batch = batch_of(shape, Layout::Nhwc, 3);
    let (tensor, report) = gpu.apply(&batch, &plan, &Output::u8()).unwrap();
    assert_eq!(differences(shape, &plan, &on_cpu(&batch, &plan, &Output::u8()), &tensor.data), [""; 0]);
    assert_eq!(report.dispatches, 6, "{report:?}");
    // Without an interpolated warp nothing is stored between.
    let images: Vec<_> = plan.into_images();
    let rest: Vec<_> = [0, 1, 5, 6].iter().map(|&i| images[i].clone()).collect();
    let shape = rgb(4, 20, 20);
    let (_, report) = gpu.apply(&batch_of(shape, Layout::Nhwc, 3), &Plan::new(rest), &Output::u8()).unwrap();
    assert_eq!(report.dispatches, 5, "{report:?}");
}

#[test]
fn small_images_take_one_dispatch_and_one_read_and_write() {
    let Some(gpu) = gpu() else { return };
    let shape = rgb(257, 32, 32);
    let batch = batch_of(shape, Layout::Nhwc, 4);
    let plan = drawn(Policy::cifar10(), shape, 5);
    let (_, report) = gpu.apply(&batch, &plan, &Output::u8()).unwrap();
    assert_eq!(report.dispatches, 1);
    assert_eq!((report.bytes_read, report.bytes_written), (257 * 3072, 257 * 3072));
}

#[test]
fn bytes_of_the_imagenet_policy() {
    let Some(gpu) = gpu() else { return };
    let gpu = gpu.grouping(Grouping::ByClass);
    let shape = rgb(256, 224, 224);
    let batch = Batch::new(vec![0; shape.values()], shape, Layout::Nhwc).unwrap();
    let plan = drawn(Policy::imagenet(), shape, 6);
    let (_, report) = gpu.apply(&batch, &plan, &Output::u8()).unwrap();
    let copy = 2 * shape.values() as u64;
    let ratio = (report.bytes_read + report.bytes_written) as f64 / copy as f64;
    println!("{} dispatches, {ratio:.3} times the bytes of a copy", report.dispatches);
    assert!(ratio <= 1.35, "{report:?}");
    assert!(report.dispatches <= 5, "{report:?}");
}

#[test]
fn dispatches_grow_with_the_longest_chain_only() {
    let Some(gpu) = gpu() else { return };
    let gpu = gpu.grouping(Grouping::ByClass);
    for (length, images, with_blurs) in
        [2, 4, 8].into_iter().flat_map(|l| [(l, 8, false), (l, 100, false), (l, 100, true)])
    {
        let shape = rgb(images, 6, 6);
        let mut rng = random(7);
        let mut image = |_| {
            let ops = chain_of(length, shape, &mut rng)
                .into_iter()
                .filter(|op| with_blurs || op.kind() != OpKind::GaussianBlur)
                .collect();
            PlannedImage { ops, ..Default::default() }
        };
        let plan = Plan::new((0..images).map(&mut image).collect());
        // A blur is as long as its passes.
        let passes = |op: &Op| if op.kind() == OpKind::GaussianBlur { 6 } else { 1 };
        let longest: usize = plan.images().iter().map(|image| image.ops.iter().map(passes).sum()).max().unwrap();
        let (_, report) = gpu.apply(&batch_of(shape, Layout::Nhwc, 8), &plan, &Output::u8()).unwrap();
        assert!(report.dispatches <= 3 * longest, "{longest}: {report:?}");
    }
}

#[test]
fn pipelines_are_compiled_once() {
    let Some(gpu) = gpu() else { return };
    let gpu = gpu.grouping(Grouping::ByClass);
    let shape = rgb(64, 24, 24);
    let batch = batch_of(shape, Layout::Nhwc, 9);
    let run = |seed| gpu.apply(&batch, &drawn(Policy::imagenet(), shape, seed), &Output::u8()).unwrap();
    (0..8).for_each(|seed| drop(run(seed)));
    let compiled = gpu.pipelines();
    (8..16).for_each(|seed| drop(run(seed)));
    assert_eq!(gpu.pipelines(), compiled);
}

#[test]
fn a_batch_larger_than_a_binding_runs_in_pieces() {
    let Some(gpu) = gpu_with(|l| l.max_storage_buffer_binding_size = 1 << 17) else { return };
    // 40 images of 11,907 bytes: no multiple of 4, and partners in other pieces.
    let shape = rgb(40, 63, 63);
    let batch = batch_of(shape, Layout::Nhwc, 10);
    let mut images = drawn(Policy::imagenet(), shape, 11).into_images();
    for (i, image) in images.iter_mut().enumerate().filter(|(i, _)| i % 3 == 0) {
        image.ops.push(format!("SamplePairing(weight=0.4, partner={})", (i * 17 + 5) % 40).parse().unwrap());
    }
    let plan = Plan::new(images);
    let f16 = Output::f16(Layout::Nchw, Normalize::IMAGENET);
    check_all(&gpu, &batch, &plan, &[Output::u8(), f16], "pieces");
    let (_, report) = gpu.apply(&batch, &plan, &f16).unwrap();
    assert!(report.chunks > 4, "{report:?}");
    let resident = gpu.upload(&batch).unwrap();
    for output in [Output::u8(), f16] {
        let (augmented, report) = gpu.apply_resident(&resident, &plan, &output).unwrap();
        assert!(report.chunks > 1, "{report:?}");
        let got = gpu.download(&augmented).unwrap();
        assert_eq!(differences(shape, &plan, &on_cpu(&batch, &plan, &output), &got.data), [""; 0]);
    }
    // One image that cannot be bound at all.
    let shape = rgb(1, 300, 300);
    let batch = batch_of(shape, Layout::Nhwc, 12);
    let error = gpu.apply(&batch, &Plan::uniform(1, vec![]), &Output::u8()).unwrap_err();
    assert!(matches!(error, Error::DeviceLimit { what: "one image", .. }), "{error}");
}

/// What is stored of branches, and statistics, are buffers too; sources alone would be one piece.
#[test]
fn branches_and_statistics_larger_than_a_binding_run_in_pieces() {
    let small = |bytes| Some(gpu_with(|l| l.max_storage_buffer_binding_size = bytes)?.grouping(Grouping::ByClass));
    let Some(gpu) = small(1 << 18) else { return };
    let shape = rgb(36, 20, 20);
    let batch = batch_of(shape, Layout::Nhwc, 13);
    let mut images = nearest(&mixtures(shape, 8, 1, 60)).into_images();
    for (i, image) in images.iter_mut().enumerate().filter(|(i, _)| i % 4 == 0) {
        image.ops.push(format!("SamplePairing(weight=0.4, partner={})", (i * 17 + 5) % 36).parse().unwrap());
    }
    let plan = Plan::new(images);
    check_all(&gpu, &batch, &plan, &[Output::u8()], "branches in pieces");
    let (_, report) = gpu.apply(&batch, &plan, &Output::u8()).unwrap();
    assert!(report.chunks > 1, "{report:?}");
    let Some(gpu) = small(1 << 17) else { return };
    let shape = rgb(60, 20, 20);
    let batch = batch_of(shape, Layout::Nhwc, 14);
    let plan = Plan::uniform(60, vec!["Equalize".parse().unwrap()]);
    check_all(&gpu, &batch, &plan, &[Output::u8()], "statistics in pieces");
    let (_, report) = gpu.apply(&batch, &plan, &Output::u8()).unwrap();
    assert!(report.chunks > 1, "{report:?}");
}

#[test]
fn a_buffer_may_be_as_large_as_the_device_allows() {
    let Some(gpu) = gpu_with(|l| (l.max_buffer_size, l.max_storage_buffer_binding_size) = (1 << 20, 1 << 20)) else {
        return;
    };
    // 900 KiB, and no room for a quarter more.
    let batch = batch_of(rgb(3, 320, 320), Layout::Nhwc, 1);
    let there = gpu.upload(&batch).unwrap();
    assert_eq!(gpu.download(&there).unwrap().data.as_u8(), Some(batch.data()));
    // 1020 KiB, which can be bound and cannot be sent together with their programs.
    let shape = rgb(340, 32, 32);
    let mut images = drawn(Policy::cifar10(), shape, 2).into_images();
    images[7].ops.push("SamplePairing(weight=0.4, partner=339)".parse().unwrap());
    let (batch, plan) = (batch_of(shape, Layout::Nhwc, 2), Plan::new(images));
    check_all(&gpu, &batch, &plan, &[Output::u8()], "images as large as a buffer");
    let (_, report) = gpu.apply(&batch, &plan, &Output::u8()).unwrap();
    assert_eq!(report.chunks, 2);
}

#[test]
fn more_images_than_a_grid_is_long() {
    let Some(gpu) = gpu() else { return };
    let shape = rgb(66_000, 2, 2);
    let batch = batch_of(shape, Layout::Nhwc, 13);
    check_all(&gpu, &batch, &drawn(Policy::svhn(), shape, 14), &[Output::u8()], "small");
    // An operation without tables, to be quick.
    let gpu = gpu.grouping(Grouping::ByClass);
    let plan = Plan::uniform(shape.images, vec!["Color(factor=0.3)".parse().unwrap()]);
    check_all(&gpu, &batch, &plan, &[Output::u8()], "large");
}

#[test]
fn twenty_thousand_tiny_images() {
    let Some(gpu) = gpu() else { return };
    let shape = rgb(20_000, 5, 5);
    let batch = batch_of(shape, Layout::Nhwc, 15);
    check_all(&gpu, &batch, &drawn(Policy::cifar10(), shape, 16), &[Output::u8()], "tiny");
}

#[test]
fn one_huge_image() {
    let Some(gpu) = gpu() else { return };
    // White, so that the sum of luma, 255 x 2^26, leaves 32 bits by far; gray, so that it fits 128 MiB.
    let shape = Shape { images: 1, height: 8192, width: 8192, channels: 1 };
    let mut data = vec![255u8; shape.values()];
    data[..1 << 22].fill(3);
    let batch = Batch::new(data, shape, Layout::Nhwc).unwrap();
    for chain in ["Contrast(factor=0.5)", "Equalize;Contrast(factor=1.9)"] {
        let plan = Plan::uniform(1, chain.split(';').map(|op| op.parse().unwrap()).collect());
        check_all(&gpu, &batch, &plan, &[Output::u8()], chain);
    }
    // In color it is right, or an error that says what is missing.
    let shape = Shape { channels: 3, ..shape };
    let batch = Batch::new(vec![255u8; shape.values()], shape, Layout::Nhwc).unwrap();
    let plan = Plan::uniform(1, vec!["Contrast(factor=0.5)".parse().unwrap()]);
    match gpu.apply(&batch, &plan, &Output::u8()) {
        Ok((tensor, _)) => assert!(tensor.data.as_u8().unwrap().iter().all(|&v| v == 255)),
        Err(error) => assert!(matches!(error, Error::DeviceLimit { .. }), "{error}"),
    }
}

#[test]
fn writes_into_memory_of_the_callers() {
    // The caller's device; the caller's buffer, larger than needed and with other things in it.
    let Some((device, queue)) = device_with(|_| {}) else { return };
    let gpu = Gpu::from_device(device.clone(), queue.clone()).unwrap().grouping(Grouping::Whole);
    let augmenter = Augmenter::builder(Policy::imagenet())
        .seed(3)
        .gpu(gpu)
        .output(Output::f16(Layout::Nchw, Normalize::IMAGENET))
        .build()
        .unwrap();
    let gpu = augmenter.executor().gpu().unwrap();
    // 15 values an image: f16 images begin and end inside words.
    let shape = rgb(9, 5, 1);
    let batch = batch_of(shape, Layout::Nhwc, 17);
    let resident = gpu.upload(&batch).unwrap();
    let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST;
    let buffer =
        device.create_buffer(&wgpu::BufferDescriptor { label: None, size: 2048, usage, mapped_at_creation: false });
    queue.write_buffer(&buffer, 0, &[0xab; 2048]);
    let indices: Vec<u64> = (0..9).collect();
    for offset in [0, 4, 300, 1000] {
        queue.write_buffer(&buffer, 0, &[0xab; 2048]);
        let (plan, _) = augmenter.augment_into(&resident, 0, &indices, &buffer, offset).unwrap();
        let view = GpuBatch::new(buffer.clone(), offset, shape, Layout::Nchw, Dtype::F16).unwrap();
        let got = gpu.download(&view).unwrap();
        assert_eq!(differences(shape, &plan, &on_cpu(&batch, &plan, augmenter.output()), &got.data), [""; 0]);
        // Nothing else was touched.
        let all = GpuBatch::new(
            buffer.clone(),
            0,
            Shape { images: 2048, height: 1, width: 1, channels: 1 },
            Layout::Nhwc,
            Dtype::U8,
        );
        let all = gpu.download(&all.unwrap()).unwrap();
        let bytes = all.data.as_u8().unwrap();
        let inside = offset as usize..offset as usize + 2 * shape.values();
        assert!(bytes.iter().enumerate().all(|(i, &b)| inside.contains(&i) || b == 0xab), "offset {offset}");
    }
}

#[test]
fn bad_buffers_are_refused() {
    let Some(gpu) = gpu() else { return };
    let shape = rgb(2, 4, 4);
    let batch = gpu.upload(&batch_of(shape, Layout::Nhwc, 18)).unwrap();
    let plan = Plan::uniform(2, vec![]);
    let buffer = |size, usage| {
        gpu.device().create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false })
    };
    let storage = wgpu::BufferUsages::STORAGE;
    let into = |buffer: &wgpu::Buffer, offset| {
        gpu.apply_into(&batch, &plan, &Output::u8(), buffer, offset).unwrap_err().to_string()
    };
    assert_eq!(into(&buffer(96, storage), 2), "buffer: offset 2 is not a multiple of 4");
    assert_eq!(into(&buffer(92, storage), 0), "buffer: 96 bytes from 0 on do not fit into 92 bytes");
    assert_eq!(
        into(&buffer(96, storage), u64::MAX - 3),
        format!("buffer: 96 bytes from {} on do not fit into 96 bytes", u64::MAX - 3)
    );
    assert!(into(&buffer(96, wgpu::BufferUsages::COPY_DST), 0).contains("lacks STORAGE"));
    assert_eq!(into(batch.buffer(), 0), "buffer: the output must be another buffer than the input");
    let floats = GpuBatch::new(buffer(384, storage), 0, shape, Layout::Nhwc, Dtype::F32).unwrap();
    let error = gpu.apply_resident(&floats, &plan, &Output::u8()).unwrap_err().to_string();
    assert_eq!(error, "buffer: the input is F32 and must be U8");
    let error = gpu.download(&floats).unwrap_err().to_string();
    assert!(error.contains("lacks COPY_SRC"), "{error}");
}

#[test]
fn what_the_device_refuses_is_an_error_and_the_next_call_works() {
    let Some(gpu) = gpu() else { return };
    let shape = rgb(2, 4, 4);
    let batch = gpu.upload(&batch_of(shape, Layout::Nhwc, 18)).unwrap();
    let plan = drawn(Policy::cifar10(), shape, 1);
    let size = 96;
    let usage = wgpu::BufferUsages::STORAGE;
    let buffer =
        gpu.device().create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false });
    gpu.apply_into(&batch, &plan, &Output::u8(), &buffer, 0).unwrap();
    buffer.destroy();
    let error = gpu.apply_into(&batch, &plan, &Output::u8(), &buffer, 0).unwrap_err();
    assert!(matches!(error, Error::Device(_)), "{error}");
    assert_eq!(gpu.pipelines(), 0);
    assert!(gpu.apply_resident(&batch, &plan, &Output::u8()).is_ok());
}

#[test]
fn a_lost_device_is_an_error_and_a_new_one_works() {
    let Some(gpu) = gpu() else { return };
    let shape = rgb(4, 8, 8);
    let batch = batch_of(shape, Layout::Nhwc, 19);
    let plan = drawn(Policy::cifar10(), shape, 20);
    let before = gpu.apply(&batch, &plan, &Output::u8()).unwrap().0;
    gpu.device().destroy();
    for _ in 0..2 {
        let error = gpu.apply(&batch, &plan, &Output::u8()).unwrap_err();
        assert!(matches!(error, Error::DeviceLost(_)), "{error}");
    }
    let again = self::gpu().unwrap();
    assert_eq!(again.apply(&batch, &plan, &Output::u8()).unwrap().0, before);
}

#[test]
fn threads_share_an_augmenter() {
    let Some(gpu) = gpu() else { return };
    let augmenter = Augmenter::builder(Policy::imagenet()).seed(1).gpu(gpu).build().unwrap();
    let shape = rgb(5, 16, 16);
    let run = |epoch: u64| {
        let batch = batch_of(shape, Layout::Nhwc, epoch);
        augmenter.augment(&batch, epoch, &[0, 1, 2, 3, 4]).unwrap().tensor
    };
    let alone: Vec<_> = (0..8).map(run).collect();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|epoch| scope.spawn(move || run(epoch))).collect();
        for (thread, expected) in threads.into_iter().zip(&alone) {
            assert_eq!(&thread.join().unwrap(), expected);
        }
    });
}

#[test]
fn too_little_of_a_device_is_refused() {
    let Some((device, queue)) = device_with(|l| l.max_storage_buffers_per_shader_stage = 4) else { return };
    let error = Gpu::from_device(device, queue).unwrap_err();
    assert_eq!(error.to_string(), "no usable GPU: the device allows 4 storage buffers a stage, and 7 are needed");
}
