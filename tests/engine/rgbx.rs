//! RGBX: one image in pixels of four bytes has the color of the same image in three.

use autoaugment::{Device, Error, Executor, ImageView, Op, Output, Plan, Policy, Sampler, Scheme, Size, Threads, rgbx};

/// Pixels of four bytes, of which the fourth is anything.
fn picture(size: Size, seed: usize) -> Vec<u8> {
    let wave = |i: usize| (i * 37 + i / 11 * seed + (i / 97).pow(2)) as u8;
    (0..size.pixels() * 4).map(wave).collect()
}

fn check(executor: &Executor, size: Size, plan: &Plan) {
    let pixels = picture(size, 13);
    let mut rgb = vec![0; size.pixels() * 3];
    rgbx::to_rgb(&pixels, &mut rgb).unwrap();
    let view = [ImageView::new(&rgb, size, 3).unwrap()];
    let (tensor, _) = executor.apply(&view, plan, &Output::u8()).unwrap();
    let mut expected = vec![0; tensor.shape.size().pixels() * 4];
    rgbx::from_rgb(tensor.data.as_u8().unwrap(), &mut expected).unwrap();
    let mut got = vec![7; expected.len()];
    executor.apply_rgbx(&pixels, size, plan, &mut got).unwrap();
    assert!(got == expected, "{size:?}: {plan}");
}

#[test]
fn policies_of_every_size() {
    let cpu = Executor::new(Device::Cpu).unwrap();
    for (width, height) in [(1, 1), (3, 5), (17, 16), (64, 33), (224, 224)] {
        let size = Size { width, height };
        for scheme in ["imagenet", "trivialaugment", "augmix", "rand-m9-mstd0.5-inc1"] {
            let sampler = Sampler::new(scheme.parse::<Scheme>().unwrap(), 3).unwrap();
            for index in 0..if width > 100 { 12 } else { 40 } {
                check(&cpu, size, &sampler.plan(&[size][..], 0, &[index]).unwrap());
            }
        }
    }
}

#[test]
fn crops_resizes_pairs_and_nothing() {
    let cpu = Executor::new(Device::Cpu).unwrap();
    let size = Size { width: 41, height: 30 };
    for ops in [
        "",
        "Crop(x=-2, y=3, width=60, height=9)",
        "Resize(width=20, height=50)",
        "HorizontalFlip;VerticalFlip;Invert",
        "GaussianBlur(radius=2)",
        "SamplePairing(weight=0.4, partner=0)",
        "Invert;Equalize;Sharpness(factor=1.7);Cutout(x=3, y=4, width=9, height=8)",
    ] {
        let ops = ops.split(';').filter(|op| !op.is_empty()).map(|op| op.parse::<Op>().unwrap()).collect();
        check(&cpu, size, &Plan::uniform(1, ops));
    }
}

#[test]
fn rows_of_a_large_image_are_divided() {
    let cpu = Executor::new(Device::Cpu).unwrap();
    let size = Size { width: 700, height: 500 };
    let sampler = Sampler::new(Policy::imagenet(), 3).unwrap();
    for index in 0..8 {
        let plan = sampler.plan(&[size][..], 0, &[index]).unwrap();
        Threads::Own(3.try_into().unwrap()).run(|| check(&cpu, size, &plan)).unwrap();
    }
}

#[test]
fn memory_of_another_length_is_refused() {
    let cpu = Executor::new(Device::Cpu).unwrap();
    let size = Size { width: 2, height: 3 };
    let plan = Plan::uniform(1, vec![]);
    let refused = |pixels: usize, memory: usize, size, plan: &Plan| {
        cpu.apply_rgbx(&vec![0; pixels], size, plan, &mut vec![0; memory]).unwrap_err()
    };
    let error = refused(18, 24, size, &plan);
    assert_eq!(error.to_string(), "batch: an image of 2 x 3 pixels of 4 bytes needs 24 bytes, got 18");
    assert!(matches!(refused(24, 18, size, &plan), Error::Output(_)));
    assert!(matches!(refused(24, 24, size, &Plan::uniform(2, vec![])), Error::PlanLength { .. }));
    let error = refused(0, 0, Size { width: 0, height: 3 }, &plan).to_string();
    assert!(error.contains("both sides must be at least 1"), "{error}");
}
