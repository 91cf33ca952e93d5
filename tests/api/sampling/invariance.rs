//! Invariance: an image's draws depend on the seed, the epoch and its number, and on nothing else.

use autoaugment::{Augmenter, Batch, Convention, Device, Layout, Op, PlannedImage, Policy, Sampler, Shape};

use super::uniformity::shape;

/// A policy with every source of randomness.
fn policy() -> Policy {
    let text = "Rotate 0.5 9 + Cutout 0.7 9 + ShearX 0.5 5
        SamplePairing 0.6 7 + Brightness 0.5 6 + SamplePairing 1 3
        Color 0.4 7 + Invert 0.5 0
        Cutout 1 5 + TranslateY 0.8 4 + Cutout 0.5 7";
    text.parse().unwrap()
}

/// Numbers as they come: neighbors, the ends, far apart, in no order.
fn indices(n: u64) -> Vec<u64> {
    (0..n).map(|i| if i % 5 == 4 { u64::MAX - i } else { i * i % 263 + 1000 * (i % 3) }).collect()
}

/// The same with each partner replaced by how far ahead it is, in parts of the other images.
fn with_relative_partners(images: Vec<PlannedImage>) -> Vec<(u64, Option<usize>, Vec<Op>)> {
    let n = images.len();
    let relative = |position: usize, image: PlannedImage| {
        let mut ops = image.ops;
        for op in &mut ops {
            if let Op::SamplePairing(pairing) = op {
                pairing.partner = (pairing.partner + n - position) % n;
            }
        }
        (image.index, image.sub_policy, ops)
    };
    images.into_iter().enumerate().map(|(i, image)| relative(i, image)).collect()
}

fn without_partners(images: Vec<PlannedImage>) -> Vec<(u64, Option<usize>, Vec<Op>)> {
    let mut images = with_relative_partners(images);
    for op in images.iter_mut().flat_map(|(.., ops)| ops) {
        if let Op::SamplePairing(pairing) = op {
            pairing.partner = 0;
        }
    }
    images
}

#[test]
fn an_image_is_drawn_alike_alone_and_in_any_batch() {
    let sampler = Sampler::new(policy(), 42).unwrap();
    let indices = indices(257);
    let draw = |indices: &[u64]| sampler.plan(shape(indices.len()), 6, indices).unwrap().into_images();
    let together = without_partners(draw(&indices));
    assert!(together.iter().map(|(.., ops)| ops.len()).sum::<usize>() > 257, "too little is drawn to tell");
    for size in [1, 2, 32, 33, 256] {
        let apart = indices.chunks(size).flat_map(|chunk| without_partners(draw(chunk)));
        assert_eq!(apart.collect::<Vec<_>>(), together, "batches of {size}");
    }
    let reversed: Vec<_> = indices.iter().rev().copied().collect();
    let mut drawn = without_partners(draw(&reversed));
    drawn.reverse();
    assert_eq!(drawn, together, "reversed");
    let rotated: Vec<_> = indices[100..].iter().chain(&indices[..100]).copied().collect();
    let mut drawn = without_partners(draw(&rotated));
    drawn.rotate_right(100);
    assert_eq!(drawn, together, "rotated");
}

#[test]
fn a_partner_is_as_far_ahead_wherever_the_image_is() {
    let sampler = Sampler::new(policy(), 42).unwrap();
    let indices = indices(257);
    let draw = |indices: &[u64]| {
        let plan = sampler.plan(shape(indices.len()), 6, indices).unwrap();
        let mut images = with_relative_partners(plan.into_images());
        images.sort_by_key(|(index, ..)| *index);
        images
    };
    let together = draw(&indices);
    let pairings = together.iter().flat_map(|(.., ops)| ops).filter(|op| matches!(op, Op::SamplePairing(_)));
    assert!(pairings.count() > 50);
    assert_eq!(draw(&indices.iter().rev().copied().collect::<Vec<_>>()), together, "reversed");
    for by in [1, 100, 256] {
        let mut rotated = indices.clone();
        rotated.rotate_left(by);
        assert_eq!(draw(&rotated), together, "rotated by {by}");
    }
}

#[test]
fn draws_do_not_depend_on_the_images_but_their_size() {
    let sampler =
        Sampler::new("Rotate 0.5 9 + Color 0.5 3\nInvert 0.5 1 + ShearY 1 3".parse::<Policy>().unwrap(), 1).unwrap();
    let indices: Vec<_> = (0..50).collect();
    let draw =
        |height, width, channels| sampler.plan(Shape { images: 50, height, width, channels }, 0, &indices).unwrap();
    assert_eq!(draw(1, 1, 1), draw(300, 20, 3));
}

#[test]
fn a_step_is_drawn_alike_whatever_the_other_steps_are() {
    // The last step of each, whether those before it are applied, drawn for, or have other operations.
    let shape = shape(200);
    let indices: Vec<_> = (0..200).collect();
    for last in ["ShearX 1 5", "ShearX 0.5 5", "Cutout 0.4 9", "SamplePairing 0.7 9", "Sharpness 0.5 9"] {
        let of = |before: &str| {
            let plan = Sampler::new(format!("{before} + {last}").parse::<Policy>().unwrap(), 3)
                .unwrap()
                .plan(shape, 0, &indices);
            let images = plan.unwrap().into_images().into_iter();
            let kind = last.split(' ').next().unwrap();
            images.map(|i| i.ops.into_iter().find(|op| op.kind().name() == kind)).collect::<Vec<_>>()
        };
        let expected = of("Rotate 0 9 + Rotate 0 9");
        assert!(expected.iter().flatten().count() > 50);
        for before in [
            "Rotate 1 9 + Rotate 1 9",
            "Rotate 0.5 9 + Invert 0.5 9",
            "Invert 1 9 + Color 1 9",
            "Equalize 0.3 1 + Posterize 1 3",
        ] {
            assert_eq!(of(before), expected, "{before} + {last}");
        }
    }
}

#[test]
fn steps_of_one_image_are_drawn_apart() {
    // Twice the same step in a chain: each has its own gate, sign and place.
    let indices: Vec<_> = (0..400).collect();
    let drawn = |text: &str| {
        let plan = Sampler::new(text.parse::<Policy>().unwrap(), 3).unwrap().plan(shape(400), 0, &indices).unwrap();
        plan.into_images().into_iter().map(|image| image.ops).collect::<Vec<_>>()
    };
    let equal = |ops: &[Op]| ops[0] == ops[1];
    for (text, share) in [("Rotate 1 9 + Rotate 1 9", 0.5), ("Cutout 1 9 + Cutout 1 9", 1.0 / 12.0)] {
        let same = drawn(text).iter().filter(|ops| equal(ops)).count() as f64 / 400.0;
        assert!((same - share).abs() < 0.1, "{text}: {same} are equal");
    }
}

#[test]
fn results_do_not_depend_on_threads() {
    let shape = Shape { images: 41, height: 12, width: 9, channels: 3 };
    let data: Vec<u8> = (0..shape.values()).map(|i| (i * i / 7) as u8).collect();
    let batch = Batch::new(data, shape, Layout::Nhwc).unwrap();
    let indices = indices(41);
    let augmenter = Augmenter::builder(policy()).seed(8).device(Device::Cpu).build().unwrap();
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| augmenter.augment(&batch, 1, &indices).unwrap())
    };
    let one = run(1);
    assert_ne!(one.tensor.data.as_u8().unwrap(), batch.data());
    for threads in [2, 7] {
        assert!(run(threads) == one, "{threads} threads");
    }
    // Many threads that share one augmenter.
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(|| augmenter.augment(&batch, 1, &indices).unwrap())).collect();
        for result in runs {
            assert!(result.join().unwrap() == one);
        }
    });
}

#[test]
fn each_part_of_the_key_counts() {
    let indices: Vec<_> = (0..64).collect();
    let draw = |seed, epoch, first: u64| {
        let indices: Vec<_> = indices.iter().map(|i| i + first).collect();
        let plan = Sampler::new(policy(), seed).unwrap().plan(shape(64), epoch, &indices).unwrap();
        plan.into_images().into_iter().map(|i| (i.sub_policy, i.ops)).collect::<Vec<_>>()
    };
    let base = draw(1, 1, 1);
    // High bits too: a key cut to 32 bits would repeat itself.
    for bit in [0, 1, 31, 32, 62] {
        let other = 1 ^ 1 << bit;
        for (what, drawn) in [
            ("seed", draw(other, 1, 1)),
            ("epoch", draw(1, other, 1)),
            ("index", draw(1, 1, other + 64 * u64::from(bit < 2))),
        ] {
            assert_ne!(drawn, base, "{what}, bit {bit}");
        }
    }
}

#[test]
fn overrides_change_what_they_name_and_no_draw() {
    let indices: Vec<_> = (0..50).collect();
    let sampler = Sampler::new(policy(), 4).unwrap();
    let plain = sampler.plan(shape(50), 0, &indices).unwrap();
    let changed = sampler.clone().fill([1, 2, 3]).interpolation(autoaugment::Interpolation::Bicubic);
    let changed = changed.plan(shape(50), 0, &indices).unwrap().to_json();
    assert!(changed.contains("bicubic") && !changed.contains("nearest"));
    let numbers: String = changed.split_whitespace().collect();
    let back = numbers.replace("\"fill\":[1,2,3]", "\"fill\":[0,0,0]").replace("bicubic", "nearest");
    assert_eq!(back, plain.to_json().split_whitespace().collect::<String>());
    assert_eq!((sampler.seed(), sampler.transform()), (4, &policy().into()));
}

#[test]
fn another_convention_draws_the_same_gates() {
    let indices: Vec<_> = (0..100).collect();
    let draw = |convention| {
        let policy = Policy { convention, ..policy() };
        let plan = Sampler::new(policy, 4).unwrap().plan(shape(100), 0, &indices).unwrap();
        plan.into_images().into_iter().map(|i| (i.sub_policy, i.ops.iter().map(Op::kind).collect())).collect()
    };
    let expected: Vec<(_, Vec<_>)> = draw(Convention::Torchvision);
    assert_eq!(draw(Convention::DeepVoltaire), expected);
    assert_eq!(draw(Convention::TensorFlow), expected);
}
