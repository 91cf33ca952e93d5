//! What transforms draw: the rules of torchvision, uniform places, independent stages, and nothing that depends on the
//! batch.

use autoaugment::transform::{RandomCrop, RandomErasing, RandomHorizontalFlip, RandomResizedCrop, ResizeStage};
use autoaugment::{Border, Op, Plan, Policy, Sampler, Size, Stage, Transform};
use rand::RngExt;

use crate::support::chains::random;

const DRAWS: usize = 6000;

fn plan(transform: Transform, size: Size) -> Plan {
    let indices: Vec<u64> = (0..DRAWS as u64).collect();
    Sampler::new(transform, 1).unwrap().plan(&vec![size; DRAWS], 0, &indices).unwrap()
}

fn size(width: usize, height: usize) -> Size {
    Size { width, height }
}

/// The largest distance between the distributions of two samples.
fn distance(a: &mut [f64], b: &mut [f64]) -> f64 {
    a.sort_by(f64::total_cmp);
    b.sort_by(f64::total_cmp);
    let share = |of: &[f64], v: f64| of.partition_point(|x| *x <= v) as f64 / of.len() as f64;
    a.iter().chain(b.iter()).map(|&v| (share(a, v) - share(b, v)).abs()).fold(0.0, f64::max)
}

/// Kolmogorov and Smirnov's bound for two samples of as many, which two of one distribution exceed once in 10,000
/// times.
fn bound() -> f64 {
    2.22 * (2.0 / DRAWS as f64).sqrt()
}

/// Chi-square of counts that should be equal, less its expectation, in its standard deviations.
fn surplus(counts: &[usize]) -> f64 {
    let expected = counts.iter().sum::<usize>() as f64 / counts.len() as f64;
    let chi: f64 = counts.iter().map(|&n| (n as f64 - expected).powi(2) / expected).sum();
    let degrees = (counts.len() - 1) as f64;
    (chi - degrees) / (2.0 * degrees).sqrt()
}

#[test]
fn random_resized_crop_has_the_distribution_of_its_definition() {
    let (width, height) = (333, 250);
    let plan = plan(Transform::new().random_resized_crop(RandomResizedCrop::to(20, 10)), size(width, height));
    let (mut areas, mut ratios, mut lefts) = (Vec::new(), Vec::new(), Vec::new());
    for image in plan.images() {
        let [Op::Crop(crop), Op::Resize(resize)] = &image.ops[..] else { panic!("{:?}", image.ops) };
        assert_eq!((resize.width, resize.height, resize.part), (20, 10, None));
        assert!(crop.x >= 0 && crop.x as usize + crop.width <= width);
        assert!(crop.y >= 0 && crop.y as usize + crop.height <= height);
        areas.push((crop.width * crop.height) as f64 / (width * height) as f64);
        ratios.push(crop.width as f64 / crop.height as f64);
        lefts.push(crop.x as f64 / (width - crop.width).max(1) as f64);
    }
    // The definition, with other random numbers.
    let mut rng = random(8);
    let (mut their_areas, mut their_ratios) = (Vec::new(), Vec::new());
    while their_areas.len() < DRAWS {
        let area = (0.08 + 0.92 * rng.random::<f64>()) * (width * height) as f64;
        let ratio = (4.0f64 / 3.0).powf(2.0 * rng.random::<f64>() - 1.0);
        let (w, h) = ((area * ratio).sqrt().round(), (area / ratio).sqrt().round());
        if w <= width as f64 && h <= height as f64 {
            their_areas.push(w * h / (width * height) as f64);
            their_ratios.push(w / h);
        }
    }
    assert!(distance(&mut areas, &mut their_areas) < bound());
    assert!(distance(&mut ratios, &mut their_ratios) < bound());
    let mut uniform: Vec<f64> = (0..DRAWS).map(|_| rng.random()).collect();
    assert!(distance(&mut lefts, &mut uniform) < 2.0 * bound());
    // The comparison can fail.
    assert!(distance(&mut areas, &mut their_ratios) > bound());
}

#[test]
fn images_too_long_for_the_ratio_are_cut_in_the_middle() {
    let crops = |width, height| {
        let plan = plan(Transform::new().random_resized_crop(RandomResizedCrop::to(8, 8)), size(width, height));
        let crop = |ops: &[Op]| match ops {
            [Op::Crop(crop), _] => (crop.x, crop.y, crop.width, crop.height),
            _ => (0, 0, width, height),
        };
        plan.images().iter().map(|image| crop(&image.ops)).collect::<Vec<_>>()
    };
    assert!(crops(1000, 9).contains(&(494, 0, 12, 9)));
    assert!(crops(9, 1000).contains(&(0, 494, 9, 12)));
    assert!(crops(1, 1).iter().all(|&crop| crop == (0, 0, 1, 1)));
}

#[test]
fn random_crop_is_at_every_place_as_often() {
    let plan = plan(Transform::new().random_crop(RandomCrop::padded(32, 32, 4)), size(32, 32));
    let mut counts = [0; 81];
    for image in plan.images() {
        let [Op::Crop(crop)] = &image.ops[..] else { panic!("{:?}", image.ops) };
        assert_eq!((crop.width, crop.height, crop.border), (32, 32, Border::Constant));
        counts[((crop.y + 4) * 9 + crop.x + 4) as usize] += 1;
    }
    assert!(surplus(&counts) < 5.0, "{counts:?}");
}

#[test]
fn two_flips_of_one_transform_are_independent_and_fair() {
    let plan = plan(
        Transform::new().random_horizontal_flip(0.5).random_vertical_flip(0.5).random_horizontal_flip(0.5),
        size(4, 4),
    );
    let mut counts = [0; 8];
    for image in plan.images() {
        // The first and the second horizontal flip stand on either side of where the vertical one would.
        let names: Vec<_> = image.ops.iter().map(|op| op.kind().name()).collect();
        let vertical = names.contains(&"VerticalFlip");
        let horizontal = names.iter().filter(|n| **n == "HorizontalFlip").count();
        counts[4 * usize::from(vertical) + horizontal] += 1;
    }
    // 0, 1 and 2 flips: a quarter, a half, a quarter; independent of the vertical one.
    let halved: Vec<usize> =
        [0, 4].iter().flat_map(|&k| [counts[k], counts[k + 1] / 2, counts[k + 1] / 2, counts[k + 2]]).collect();
    assert!(surplus(&halved) < 5.0, "{counts:?}");
}

#[test]
fn erasing_keeps_to_its_probability_and_area() {
    let erasing = RandomErasing { probability: 0.25, ..RandomErasing::default() };
    let plan = plan(Transform::new().random_erasing(erasing), size(60, 50));
    let erased: Vec<_> = plan.images().iter().filter_map(|image| image.ops.first()).collect();
    let expected = 0.25 * DRAWS as f64;
    assert!((erased.len() as f64 - expected).abs() < 4.0 * (expected * 0.75).sqrt(), "{}", erased.len());
    for op in erased {
        let Op::Cutout(cutout) = op else { panic!("{op}") };
        assert!(cutout.x >= 0 && cutout.x as u32 + cutout.width <= 60);
        assert!(cutout.y >= 0 && cutout.y as u32 + cutout.height <= 50);
        let area = f64::from(cutout.width * cutout.height) / 3000.0;
        assert!((0.01..0.36).contains(&area), "{cutout:?}");
    }
}

#[test]
fn the_shorter_side_is_resized_as_torchvision_does() {
    let resized = |width, height| {
        let plan = Sampler::new(Transform::new().resize(ResizeStage::shorter_side(256)), 0).unwrap();
        plan.plan(&[size(width, height)][..], 0, &[0]).unwrap().check(&[size(width, height)][..]).unwrap()
    };
    assert_eq!(resized(500, 375), size(341, 256));
    assert_eq!(resized(375, 500), size(256, 341));
    assert_eq!(resized(100, 100), size(256, 256));
    assert_eq!(resized(3, 100), size(256, 8533));
}

#[test]
fn draws_depend_on_seed_epoch_and_sample_only() {
    let transform = || {
        Transform::new()
            .random_resized_crop(RandomResizedCrop::to(24, 24))
            .random_horizontal_flip(0.5)
            .policy(Policy::cifar10())
            .cutout(8)
    };
    let sizes: Vec<_> = (0..40).map(|i| size(30 + i, 70 - i)).collect();
    let indices: Vec<u64> = (500..540).collect();
    let sampler = Sampler::new(transform(), 3).unwrap();
    let together = sampler.plan(&sizes, 1, &indices).unwrap();
    for (i, image) in together.images().iter().enumerate() {
        let alone = sampler.plan(&sizes[i..=i], 1, &indices[i..=i]).unwrap();
        assert_eq!(&alone.images()[0], image);
    }
    assert_ne!(sampler.plan(&sizes, 2, &indices).unwrap(), together);
    assert_ne!(Sampler::new(transform(), 4).unwrap().plan(&sizes, 1, &indices).unwrap(), together);
}

/// A policy draws the same in front of nothing and behind other stages, where images have the same size.
#[test]
fn stages_do_not_disturb_each_other() {
    let alone = plan(Policy::cifar10().into(), size(32, 32));
    let behind = plan(Transform::new().random_horizontal_flip(0.5).policy(Policy::cifar10()).cutout(4), size(32, 32));
    for (alone, behind) in alone.images().iter().zip(behind.images()) {
        let start = behind.ops.len() - 1 - alone.ops.len();
        assert_eq!(&behind.ops[start..behind.ops.len() - 1], &alone.ops[..]);
        assert_eq!(alone.sub_policy, behind.sub_policy);
    }
}

/// Users' runs must not change under them.
#[test]
fn pinned() {
    let transform = Transform::new()
        .random_resized_crop(RandomResizedCrop::to(224, 224))
        .random_horizontal_flip(0.5)
        .random_crop(RandomCrop::padded(200, 200, 8))
        .random_vertical_flip(0.5)
        .random_erasing(RandomErasing::default())
        .cutout(16);
    let plan = Sampler::new(transform, 42).unwrap().plan(&[size(500, 375); 3][..], 7, &[0, 1, 123_456]).unwrap();
    assert_eq!(plan.to_string(), include_str!("pinned.txt").trim_end());
}

#[test]
fn transforms_are_written_and_read() {
    let transform = Transform::new()
        .random_resized_crop(RandomResizedCrop::to(224, 224))
        .then(Stage::RandomHorizontalFlip(RandomHorizontalFlip { probability: 0.5 }))
        .policy(Policy::svhn())
        .resize(ResizeStage::exactly(10, 20))
        .center_crop(8, 8)
        .random_crop(RandomCrop { border: Border::Reflect, ..RandomCrop::padded(8, 8, 2) })
        .random_erasing(RandomErasing::default())
        .cutout(3);
    let json = serde_json::to_string(&transform).unwrap();
    assert_eq!(serde_json::from_str::<Transform>(&json).unwrap(), transform);
    assert!(json.starts_with(r#"[{"random_resized_crop":{"width":224,"height":224,"scale":[0.08,1.0],"#), "{json}");
}

#[test]
fn bad_transforms_are_refused() {
    let refused = |transform: Transform| Sampler::new(transform, 0).unwrap_err().to_string();
    let crop = RandomResizedCrop::to(8, 8);
    let flipped = Transform::new().random_horizontal_flip(0.5);
    for (transform, message) in [
        (flipped.clone().random_vertical_flip(1.5), "stage 2: RandomVerticalFlip: probability 1.5 is outside 0..=1"),
        (
            Transform::new().random_resized_crop(RandomResizedCrop { scale: [0.0, 1.0], ..crop.clone() }),
            "stage 1: RandomResizedCrop: scale 0 is not above 0",
        ),
        (
            Transform::new().random_resized_crop(RandomResizedCrop { scale: [0.5, 1.5], ..crop.clone() }),
            "stage 1: RandomResizedCrop: scale 1.5 is above 1",
        ),
        (
            Transform::new().random_resized_crop(RandomResizedCrop { ratio: [2.0, 1.0], ..crop }),
            "stage 1: RandomResizedCrop: ratio 2 is more than the upper end",
        ),
        (
            Transform::new().random_resized_crop(RandomResizedCrop::to(0, 8)),
            "stage 1: RandomResizedCrop: width 0 is outside 1..=32767",
        ),
        (flipped.clone().center_crop(8, 40000), "stage 2: CenterCrop: height 40000 is outside 1..=32767"),
        (
            flipped.clone().random_erasing(RandomErasing { probability: f64::NAN, ..RandomErasing::default() }),
            "stage 2: RandomErasing: probability NaN is outside 0..=1",
        ),
    ] {
        assert_eq!(refused(transform), message);
    }
    let drawn = |transform: Transform, size: Size| {
        Sampler::new(transform, 0).unwrap().plan(&[size][..], 0, &[0]).unwrap_err().to_string()
    };
    assert_eq!(
        drawn(flipped.clone().random_crop(RandomCrop::padded(32, 32, 2)), size(40, 20)),
        "image 0: stage 2: RandomCrop: height 32 is more than the padded image has"
    );
    assert_eq!(
        drawn(
            Transform::new().random_crop(RandomCrop { border: Border::Reflect, ..RandomCrop::padded(3, 60, 30) }),
            size(2, 4)
        ),
        "image 0: Crop: x 24 lets a mirrored border reach further than the image"
    );
    assert_eq!(
        drawn(Transform::new().resize(ResizeStage::shorter_side(256)), size(2, 1000)),
        "image 0: Resize: height 128000 is outside 1..=32767"
    );
    let policy = "HorizontalFlip 0.5 0".parse::<Policy>().unwrap_err().to_string();
    assert!(policy.ends_with("HorizontalFlip: a policy cannot contain it; use it in a transform"), "{policy}");
    // Sizes have to become one.
    let sizes = [size(10, 20), size(20, 10)];
    let plan = Sampler::new(flipped, 0).unwrap().plan(&sizes[..], 0, &[0, 1]).unwrap();
    assert_eq!(
        plan.check(&sizes[..]).unwrap_err().to_string(),
        "image 1: batch: its result has 20 x 10 pixels, and that of image 0 10 x 20; crop or resize all images to one size"
    );
}
