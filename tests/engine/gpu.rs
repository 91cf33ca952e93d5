//! The GPU against the CPU: the same bytes, whatever the operations, sizes, forms and grouping.

use autoaugment::gpu::Grouping;
use autoaugment::{Gpu, Layout, OpKind, Output, Plan, PlannedImage, Policy, Sampler, Scheme, Shape};

use crate::support::batches::{
    EVERY_FORM, batch_of, chain_of, differences, drawn, mixtures, nearest, pairs, random, rgb,
};
use crate::support::gpu::{check_all, gpu};

fn grouped(grouping: Grouping) -> Option<Gpu> {
    Some(gpu()?.grouping(grouping))
}

fn chains(shape: Shape, longest: usize, seed: u64) -> Plan {
    let mut rng = random(seed);
    let image = |i: usize| PlannedImage { ops: chain_of(i % (longest + 1), shape, &mut rng), ..Default::default() };
    Plan::new((0..shape.images).map(image).collect())
}

#[test]
fn every_ordered_pair_of_operations_small() {
    let Some(gpu) = grouped(Grouping::Whole) else { return };
    let shape = rgb(OpKind::ALL.len().pow(2), 9, 11);
    check_all(&gpu, &batch_of(shape, Layout::Nhwc, 1), &Plan::new(pairs(shape, 2)), &[Output::u8()], "small pairs");
}

#[test]
fn every_ordered_pair_of_operations_large() {
    let Some(gpu) = grouped(Grouping::ByClass) else { return };
    let shape = rgb(OpKind::ALL.len().pow(2), 61, 67);
    check_all(&gpu, &batch_of(shape, Layout::Nhwc, 3), &Plan::new(pairs(shape, 4)), &[Output::u8()], "large pairs");
}

#[test]
fn policies() {
    for (grouping, side) in [(Grouping::Whole, 32), (Grouping::ByClass, 97)] {
        let Some(gpu) = grouped(grouping) else { return };
        for name in Policy::preset_names() {
            let shape = rgb(97, side, side);
            let sampler = Sampler::new(Policy::preset(name).unwrap(), 5).unwrap();
            let plan = sampler.plan(shape, 1, &(0..97).collect::<Vec<_>>()).unwrap();
            check_all(&gpu, &batch_of(shape, Layout::Nhwc, 6), &plan, &[Output::u8()], name);
        }
    }
}

/// What is chosen where nobody chooses: software adapters, which execute every branch, have a kernel for each pair.
#[test]
fn the_grouping_depends_on_the_adapter() {
    let Some(gpu) = grouped(Grouping::Auto) else { return };
    let shape = rgb(64, 20, 20);
    let batch = batch_of(shape, Layout::Nhwc, 6);
    check_all(&gpu, &batch, &cifar(shape), &[Output::u8()], "auto");
    let (_, report) = gpu.apply(&batch, &cifar(shape), &Output::u8()).unwrap();
    let is_software = gpu.adapter().is_software;
    assert!(if is_software { report.dispatches > 6 } else { report.dispatches == 1 }, "{report:?}");
}

/// Whatever draws, plans run alike; the schemes have values and interpolations that no learned policy has.
#[test]
fn schemes() {
    let Some(gpu) = grouped(Grouping::Auto) else { return };
    for text in [
        "randaugment(n=3, m=30)",
        "trivialaugment",
        "uniformaugment",
        "rand-m9-n3-mstd0.5-inc1",
        "rand-m9-mstd0.5-t3aw",
        "v0r-mstd0.5",
        "3a-mstd0.5",
        "augmix(severity=10, width=4, depth=3)",
        "augmix-m5-w4-d2",
        "augmix-m10-b1",
    ] {
        let shape = rgb(64, 32, 32);
        let sampler = Sampler::new(text.parse::<Scheme>().unwrap(), 5).unwrap();
        let plan = sampler.plan(shape, 1, &(0..64).collect::<Vec<_>>()).unwrap();
        check_all(&gpu, &batch_of(shape, Layout::Nhwc, 6), &plan, &[Output::u8()], text);
    }
}

#[test]
fn random_chains_up_to_eight_long() {
    for grouping in [Grouping::Whole, Grouping::Single] {
        let Some(gpu) = grouped(grouping) else { return };
        let shape = rgb(60, 13, 17);
        check_all(&gpu, &batch_of(shape, Layout::Nhwc, 7), &chains(shape, 8, 8), &[Output::u8()], "chains");
    }
}

/// Branches of any length, behind sources in memory and stored ones, with more operations behind them.
#[test]
fn branches_are_mixed() {
    for grouping in [Grouping::ByClass, Grouping::Single] {
        let Some(gpu) = grouped(grouping) else { return };
        for (k, (height, width)) in [(12, 16), (7, 9), (61, 67)].into_iter().enumerate() {
            let shape = rgb(48, height, width);
            let plan = nearest(&mixtures(shape, 4, 4, 30 + k as u64));
            check_all(&gpu, &batch_of(shape, Layout::Nhwc, 12), &plan, &[Output::u8()], "branches");
        }
    }
}

#[test]
fn branches_in_every_form_layout_and_channels() {
    let Some(gpu) = grouped(Grouping::Whole) else { return };
    for (k, (channels, layout)) in [(3, Layout::Nhwc), (3, Layout::Nchw), (1, Layout::Nchw)].into_iter().enumerate() {
        for (height, width) in [(12, 16), (7, 9)] {
            let shape = Shape { channels, ..rgb(19, height, width) };
            let plan = nearest(&mixtures(shape, 3, 3, 40 + k as u64));
            check_all(&gpu, &batch_of(shape, layout, 13), &plan, &EVERY_FORM, &format!("{layout:?} x {channels}"));
        }
    }
}

#[test]
fn branches_with_interpolated_warps() {
    let Some(gpu) = grouped(Grouping::Single) else { return };
    let shape = rgb(24, 13, 17);
    check_all(&gpu, &batch_of(shape, Layout::Nhwc, 14), &mixtures(shape, 4, 3, 50), &[Output::u8()], "branches");
}

#[test]
fn every_form_in_every_grouping() {
    for grouping in Grouping::ALL {
        let Some(gpu) = grouped(grouping) else { return };
        // Whole words and not; the policy has every class of kernel.
        for (height, width) in [(12, 16), (7, 9)] {
            let shape = rgb(33, height, width);
            let plan = cifar(shape);
            check_all(&gpu, &batch_of(shape, Layout::Nhwc, 9), &plan, &EVERY_FORM, &format!("{grouping:?}"));
        }
    }
}

fn cifar(shape: Shape) -> Plan {
    drawn(Policy::cifar10(), shape, 3)
}

#[test]
fn layouts_and_channels() {
    let Some(small) = grouped(Grouping::Whole) else { return };
    let Some(large) = grouped(Grouping::ByClass) else { return };
    for gpu in [small, large] {
        for (channels, layout) in [(3, Layout::Nchw), (1, Layout::Nhwc), (1, Layout::Nchw)] {
            for (height, width) in [(12, 16), (7, 9)] {
                let shape = Shape { images: 25, height, width, channels };
                let mut images = cifar(shape).into_images();
                images.extend(pairing(shape));
                let shape = Shape { images: images.len(), ..shape };
                let outputs = [EVERY_FORM[0], EVERY_FORM[1], EVERY_FORM[5]];
                check_all(
                    &gpu,
                    &batch_of(shape, layout, 10),
                    &Plan::new(images),
                    &outputs,
                    &format!("{layout:?} {channels}"),
                );
            }
        }
    }
}

/// Chains with partners, and with rectangles before and after.
fn pairing(shape: Shape) -> Vec<PlannedImage> {
    let chain = |partner| {
        let cut = "Cutout(x=1, y=2, width=3, height=4, fill=[7,8,9])".parse().unwrap();
        let pair = format!("SamplePairing(weight=0.3, partner={partner})").parse().unwrap();
        PlannedImage { ops: vec![cut, pair], ..Default::default() }
    };
    (0..4).map(|i| chain((i * 7) % shape.images)).collect()
}

#[test]
fn sizes_and_batches() {
    let Some(gpu) = grouped(Grouping::Whole) else { return };
    let sizes = [
        (1, 1, 257),
        (1, 7, 33),
        (9, 1, 33),
        (2, 2, 33),
        (3, 5, 257),
        (65, 63, 33),
        (2, 1025, 2),
        (512, 513, 2),
        (224, 224, 1),
    ];
    for (height, width, images) in sizes {
        let shape = rgb(images, height, width);
        let batch = batch_of(shape, Layout::Nhwc, 11);
        check_all(&gpu, &batch, &cifar(shape), &[Output::u8()], "sizes");
    }
    for side in [1, 2, 3, 512] {
        let shape = rgb(if side > 100 { 1 } else { 36 }, side, side + 1);
        check_all(&gpu, &batch_of(shape, Layout::Nhwc, 12), &chains(shape, 3, 13), &[Output::u8()], "chains by size");
    }
}

/// Beyond 32,767 pixels Pillow leaves 16.16 fixed point, and a list of source pixels takes its place.
#[test]
fn very_long_images() {
    let Some(gpu) = grouped(Grouping::Whole) else { return };
    for (height, width) in [(1, 40_000), (40_000, 1), (2, 33_000)] {
        let chains = [
            "ShearX(factor=0.31)",
            "ShearY(factor=0.0001, interpolation=bilinear, fill=[1,2,3])",
            "Rotate(degrees=0.01)",
            "Rotate(degrees=180)",
            "Rotate(degrees=0.002, interpolation=bicubic)",
            "TranslateX(pixels=-33.25, interpolation=bilinear);Solarize(threshold=77)",
            "TranslateX(pixels=12.5);Equalize",
            "TranslateY(pixels=1e5)",
        ];
        let shape = rgb(chains.len(), height, width);
        check_all(&gpu, &batch_of(shape, Layout::Nhwc, 21), &written(&chains), &[Output::u8()], "long");
    }
}

fn written(chains: &[&str]) -> Plan {
    let chain = |text: &&str| text.split(';').map(|op| op.parse().unwrap()).collect();
    Plan::new(chains.iter().map(|text| PlannedImage { ops: chain(text), ..Default::default() }).collect())
}

/// Shifts a few units of the last place away from a half pixel are no shifts at all: the steps of Pillow's sum show.
#[test]
fn shifts_next_to_a_half_pixel() {
    let Some(gpu) = grouped(Grouping::ByClass) else { return };
    let shape = rgb(60, 3, 331);
    let chain = |i: u64| {
        let half = (i % 20) as f64 * 7.0 + 0.5;
        let pixels = f64::from_bits(half.to_bits() + i / 20 - 1);
        PlannedImage { ops: vec![format!("TranslateX(pixels={pixels})").parse().unwrap()], ..Default::default() }
    };
    let plan = Plan::new((0..60).map(chain).collect());
    check_all(&gpu, &batch_of(shape, Layout::Nhwc, 22), &plan, &[Output::u8()], "half pixels");
}

#[test]
fn an_empty_batch_is_nothing_to_do() {
    let Some(gpu) = gpu() else { return };
    let shape = rgb(0, 4, 4);
    check_all(&gpu, &batch_of(shape, Layout::Nhwc, 1), &Plan::uniform(0, vec![]), &EVERY_FORM, "empty");
}

/// The helper that all of these rely on must be able to fail.
#[test]
fn a_single_wrong_bit_is_reported() {
    use autoaugment::TensorData;
    let shape = rgb(2, 1, 1);
    let plan = Plan::uniform(2, vec!["Invert".parse().unwrap()]);
    let (a, b) = (TensorData::U8(vec![1, 2, 3, 4, 5, 6]), TensorData::U8(vec![1, 2, 3, 4, 5, 7]));
    assert!(differences(shape, &plan, &a, &a).is_empty());
    assert_eq!(differences(shape, &plan, &a, &b), ["image 1: 1 of 3, first at value 2: CPU 6 GPU 7: Invert"]);
}
