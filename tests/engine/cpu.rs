//! The CPU executor against the reference: the same bytes, whatever the operations, sizes, forms and threads.

use autoaugment::{
    Device, Executor, Images, Layout, OpKind, Output, Plan, PlannedImage, Policy, Sampler, Shape, Tensor, reference,
};

use crate::support::batches::{
    EVERY_FORM, aug_mix_of, batch_of, chain_of, differences, mixtures, op_of, pairs, random, rgb,
};
use crate::support::chains::{Chains, chains, resizes, some_op};

/// Runs a plan through the reference and the executor in these forms and panics with all differences.
fn check<'a>(batch: impl Into<Images<'a>>, plan: &Plan, outputs: &[Output], what: &str) {
    let batch = batch.into();
    let cpu = Executor::new(Device::Cpu).unwrap();
    let mut failures = Vec::new();
    for output in outputs {
        let expected = reference::apply(batch, plan, output).unwrap();
        let (got, _) = cpu.apply(batch, plan, output).unwrap();
        assert_eq!((got.shape, got.layout), (expected.shape, expected.layout));
        let lines = differences(expected.shape, plan, &expected.data, &got.data);
        failures.extend(lines.into_iter().map(|line| format!("{output:?}: {line}")));
    }
    let count = failures.len();
    failures.truncate(20);
    assert!(count == 0, "{what}: {count} images differ\n{}", failures.join("\n"));
}

fn random_chains(shape: Shape, longest: usize, seed: u64) -> Plan {
    let mut rng = random(seed);
    let image = |i: usize| PlannedImage { ops: chain_of(i % (longest + 1), shape, &mut rng), ..Default::default() };
    Plan::new((0..shape.images).map(image).collect())
}

/// Sizes around a pixel, a vector, a block and a band.
const SIZES: [(usize, usize); 12] =
    [(1, 1), (1, 7), (9, 1), (2, 2), (3, 5), (11, 9), (32, 32), (63, 65), (64, 64), (70, 131), (3, 2800), (224, 224)];

#[test]
fn every_ordered_pair_of_operations_at_every_size() {
    for (k, (height, width)) in SIZES.into_iter().enumerate() {
        let all = OpKind::ALL.len().pow(2);
        // Large images show what they can with fewer.
        let shape = rgb(if height * width > 10_000 { 50 } else { all }, height, width);
        check(
            &batch_of(shape, Layout::Nhwc, k as u64),
            &Plan::new(pairs(shape, 7 + k as u64)),
            &[Output::u8()],
            "pairs",
        );
    }
}

#[test]
fn random_chains_in_every_form_layout_and_channels() {
    for (k, (height, width)) in SIZES[..10].iter().copied().enumerate() {
        for (channels, layout) in [(3, Layout::Nhwc), (3, Layout::Nchw), (1, Layout::Nhwc), (1, Layout::Nchw)] {
            let shape = Shape { channels, ..rgb(36, height, width) };
            let plan = random_chains(shape, 5, 50 + k as u64);
            check(&batch_of(shape, layout, k as u64), &plan, &EVERY_FORM, &format!("{layout:?} x {channels}"));
        }
    }
}

#[test]
fn mixtures_of_several_chains() {
    for (k, (height, width)) in SIZES.into_iter().enumerate() {
        for (channels, layout) in [(3, Layout::Nhwc), (3, Layout::Nchw), (1, Layout::Nhwc)] {
            let images = if height * width > 10_000 { 12 } else { 60 };
            let shape = Shape { channels, ..rgb(images, height, width) };
            let plan = mixtures(shape, 4, 3, 90 + k as u64);
            check(&batch_of(shape, layout, k as u64), &plan, &EVERY_FORM[..5], &format!("{layout:?} x {channels}"));
        }
    }
}

#[test]
fn policies() {
    for name in Policy::preset_names() {
        for side in [32, 97] {
            let shape = rgb(200, side, side);
            let sampler = Sampler::new(Policy::preset(name).unwrap(), 5).unwrap();
            let plan = sampler.plan(shape, 1, &(0..200).collect::<Vec<_>>()).unwrap();
            check(&batch_of(shape, Layout::Nhwc, 6), &plan, &[Output::u8()], name);
        }
    }
}

#[test]
fn crops_flips_and_resizes() {
    for k in 0..40 {
        let Chains { batch, plan, .. } = chains(24, [3, 1][k % 2], 5, 300 + k as u64, some_op);
        check(&batch, &plan, if k < 4 { &EVERY_FORM } else { &EVERY_FORM[..1] }, "chains");
        let Chains { batch, plan, .. } = resizes(24, [3, 1][k % 2], 400 + k as u64);
        check(&batch, &plan, &[Output::u8()], "resizes");
    }
}

/// A plan that is one table for all images takes a way of its own.
#[test]
fn the_same_table_for_every_image() {
    for (k, ops) in ["", "Invert", "Identity", "Solarize(threshold=100);Brightness(factor=1.3)"].iter().enumerate() {
        for (channels, layout) in [(3, Layout::Nhwc), (3, Layout::Nchw), (1, Layout::Nhwc), (1, Layout::Nchw)] {
            let shape = Shape { channels, ..rgb(40, 31, 33) };
            let ops = ops.split(';').filter(|op| !op.is_empty()).map(|op| op.parse().unwrap()).collect();
            let plan = Plan::uniform(40, ops);
            check(&batch_of(shape, layout, k as u64), &plan, &EVERY_FORM, "one table");
        }
    }
}

/// Boxes of every length, also in images that are shorter, with something before and behind; sizes around strips and
/// squares.
#[test]
fn blurs() {
    let radii = [0.05, 0.5, 1.0, 2.0, 2.9, 3.5, 4.2, 7.7, 20.0, 50.0, 100.3, 128.0];
    let chains =
        ["GaussianBlur", "Posterize(bits=3);GaussianBlur", "GaussianBlur;Equalize", "GaussianBlur;HorizontalFlip"];
    let sizes = [(1, 1), (1, 90), (90, 1), (2, 3), (7, 9), (21, 22), (64, 64), (65, 43), (63, 11), (130, 129)];
    for (k, (height, width)) in sizes.into_iter().enumerate() {
        for channels in [3, 1] {
            let image = |i: usize| {
                let op = format!("GaussianBlur(radius={})", radii[i]);
                let ops = chains[(i + k) % chains.len()].replace("GaussianBlur", &op);
                PlannedImage { ops: ops.split(';').map(|op| op.parse().unwrap()).collect(), ..Default::default() }
            };
            let plan = Plan::new((0..radii.len()).map(image).collect());
            let shape = Shape { channels, ..rgb(radii.len(), height, width) };
            let forms = if k % 4 == 0 { &EVERY_FORM[..] } else { &EVERY_FORM[..1] };
            check(&batch_of(shape, Layout::Nhwc, k as u64), &plan, forms, "blurs");
        }
    }
}

/// A single large image is divided among the threads by rows.
#[test]
fn few_large_images_in_several_threads() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    let shape = rgb(1, 500, 401);
    let mut rng = random(3);
    pool.install(|| {
        for kind in OpKind::ALL.iter().chain(OpKind::ALL) {
            let ops = vec![op_of(*kind, shape, &mut rng), op_of(OpKind::Equalize, shape, &mut rng)];
            let plan = Plan::uniform(1, ops);
            check(&batch_of(shape, Layout::Nhwc, 0), &plan, &[Output::u8()], "rows");
        }
        for radius in [0.7, 30.0] {
            let plan = Plan::uniform(1, vec![format!("GaussianBlur(radius={radius})").parse().unwrap()]);
            check(&batch_of(shape, Layout::Nhwc, 1), &plan, &[Output::u8()], "strips");
        }
        for layout in [Layout::Nhwc, Layout::Nchw] {
            let plan = Plan::uniform(1, chain_of(4, shape, &mut rng));
            check(&batch_of(shape, layout, 3), &plan, &EVERY_FORM, "rows in every form");
        }
        let mixture = aug_mix_of(4, 3, shape, &mut rng);
        check(&batch_of(shape, Layout::Nhwc, 0), &Plan::uniform(1, vec![mixture]), &EVERY_FORM[..3], "mixture by rows");
        let ops = ["Solarize(threshold=90)", "Contrast(factor=1.7)", "Color(factor=0.3)", "AutoContrast"];
        let plan = Plan::uniform(1, ops.map(|op| op.parse().unwrap()).into());
        check(&batch_of(shape, Layout::Nhwc, 3), &plan, &[Output::u8()], "statistics by rows");
    });
}

/// Results go into memory that was used before, whatever is in it.
#[test]
fn a_tensor_is_used_again() {
    let cpu = Executor::new(Device::Cpu).unwrap();
    let mut tensor = Tensor::default();
    let batch_shape = rgb(9, 20, 24);
    let batch = batch_of(batch_shape, Layout::Nhwc, 1);
    for (k, output) in EVERY_FORM.iter().chain(&EVERY_FORM[..1]).enumerate() {
        for round in 0..2 {
            let plan = random_chains(batch_shape, 4, (10 * k + round) as u64);
            cpu.apply_into(&batch, &plan, output, &mut tensor).unwrap();
            assert_eq!(tensor, reference::apply(&batch, &plan, output).unwrap(), "{output:?}");
        }
    }
    // A smaller batch afterwards leaves nothing of the larger one.
    let small = rgb(2, 5, 5);
    let plan = random_chains(small, 2, 5);
    cpu.apply_into(&batch_of(small, Layout::Nhwc, 2), &plan, &Output::u8(), &mut tensor).unwrap();
    assert_eq!((tensor.shape, tensor.data.len()), (small, small.values()));
}
