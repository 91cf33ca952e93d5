//! Executors: any chain on any small batch, and the operations of which the result is known.

use autoaugment::{
    Batch, Device, Executor, Interpolation, Layout, Normalize, Op, Output, Plan, PlannedImage, Shape, TensorData, ops,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::arbitrary;

/// A small batch in either layout: noise, or few values, as statistics have their special cases there.
fn batch() -> impl Strategy<Value = Batch<'static>> {
    let shape = (0..4_usize, 1..20_usize, 1..20_usize, select(vec![1_usize, 3]));
    let shape = shape.prop_map(|(images, height, width, channels)| Shape { images, height, width, channels });
    let layout = select(vec![Layout::Nhwc, Layout::Nchw]);
    (shape, layout, any::<[u8; 2]>(), any::<bool>()).prop_flat_map(|(shape, layout, few, is_noise)| {
        let value = if is_noise { any::<u8>().boxed() } else { select(few.to_vec()).boxed() };
        vec(value, shape.values()).prop_map(move |data| Batch::new(data, shape, layout).unwrap())
    })
}

/// A batch with a chain for each of its images.
fn batch_and_plan() -> impl Strategy<Value = (Batch<'static>, Plan)> {
    batch().prop_flat_map(|batch| {
        let images = batch.shape().images;
        let chain = vec(arbitrary::op(images.max(1)), 0..5);
        let image = chain.prop_map(|ops| PlannedImage { ops, ..Default::default() });
        (Just(batch), vec(image, images).prop_map(Plan::new))
    })
}

fn run(batch: &Batch<'_>, plan: &Plan, output: Output) -> TensorData {
    let (tensor, report) = Executor::new(Device::Cpu).unwrap().apply(batch, plan, &output).unwrap();
    assert_eq!((tensor.shape, tensor.layout), (batch.shape(), output.layout(batch.layout())));
    assert_eq!(tensor.data.len(), batch.shape().values());
    assert_eq!((tensor.data.dtype(), tensor.data.is_empty()), (output.dtype(), batch.shape().images == 0));
    assert_eq!((report.device.as_str(), report.images, report.dispatches), ("CPU", batch.shape().images, 0));
    assert_eq!(report.bytes_written as usize, batch.shape().values() * output.dtype().bytes());
    tensor.data
}

/// The bytes of a run in a form that has bytes.
fn bytes_as(output: Output, batch: &Batch<'_>, plan: &Plan) -> Vec<u8> {
    run(batch, plan, output).as_u8().unwrap().to_vec()
}

/// The bytes, interleaved whatever the layout of the batch.
fn bytes(batch: &Batch<'_>, plan: &Plan) -> Vec<u8> {
    bytes_as(Output::u8_as(Layout::Nhwc), batch, plan)
}

/// Planes of each image from its pixels.
fn planes(shape: Shape, pixels: &[u8]) -> Vec<u8> {
    let (c, n) = (shape.channels, shape.values_per_image());
    let image = |image: &[u8]| {
        (0..c)
            .flat_map(|channel| image.iter().skip(channel).step_by(c).copied().collect::<Vec<_>>())
            .collect::<Vec<_>>()
    };
    pixels.chunks(n.max(1)).flat_map(image).collect()
}

fn apply(batch: &Batch<'_>, chain: Vec<Op>) -> Vec<u8> {
    bytes(batch, &Plan::uniform(batch.shape().images, chain))
}

/// Operations that leave any image alone.
fn neutral() -> Vec<Op> {
    let mut all: Vec<Op> = vec![
        ops::Identity {}.into(),
        ops::Solarize { threshold: 256.0 }.into(),
        ops::Solarize { threshold: 255.5 }.into(),
        ops::SolarizeAdd { add: 0, threshold: 128 }.into(),
        ops::SolarizeAdd { add: 255, threshold: 0 }.into(),
        ops::Posterize { bits: 8 }.into(),
        ops::Brightness { factor: 1.0 }.into(),
        ops::Color { factor: 1.0 }.into(),
        ops::Contrast { factor: 1.0 }.into(),
        ops::Sharpness { factor: 1.0 }.into(),
        ops::Cutout { x: 0, y: 0, width: 0, height: 9, fill: [9; 3] }.into(),
        ops::Cutout { x: 0, y: 0, width: 9, height: 0, fill: [9; 3] }.into(),
        ops::Cutout { x: 20, y: 0, width: 9, height: 9, fill: [9; 3] }.into(),
        ops::Cutout { x: -9, y: 0, width: 9, height: 9, fill: [9; 3] }.into(),
        ops::SamplePairing { weight: 0.0, partner: 0 }.into(),
        ops::GaussianBlur { radius: 0.0 }.into(),
        ops::GaussianBlur { radius: 1e-5 }.into(),
    ];
    for interpolation in Interpolation::ALL {
        let fill = [1, 2, 3];
        for degrees in [0.0, -0.0, 360.0, -720.0] {
            all.push(ops::Rotate { degrees, interpolation, fill }.into());
        }
        all.push(ops::ShearX { factor: 0.0, interpolation, fill }.into());
        all.push(ops::ShearY { factor: -0.0, interpolation, fill }.into());
        all.push(ops::TranslateX { pixels: 0.0, interpolation, fill }.into());
        all.push(ops::TranslateY { pixels: -0.0, interpolation, fill }.into());
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn any_chain_runs_in_every_form((batch, plan) in batch_and_plan()) {
        let shape = batch.shape();
        let pixels = bytes(&batch, &plan);
        prop_assert_eq!(bytes_as(Output::u8_as(Layout::Nchw), &batch, &plan), planes(shape, &pixels));
        let own = if batch.layout() == Layout::Nhwc { pixels.clone() } else { planes(shape, &pixels) };
        prop_assert_eq!(bytes_as(Output::u8(), &batch, &plan), own);
        let normalize = Normalize::IMAGENET;
        for layout in [Layout::Nhwc, Layout::Nchw] {
            let bytes = run(&batch, &plan, Output::u8_as(layout));
            let channel = |i: usize| match layout {
                Layout::Nhwc => i % shape.channels,
                Layout::Nchw => i / (shape.width * shape.height) % shape.channels,
            };
            let value = |(i, &v): (usize, &u8)| {
                (f32::from(v) / 255.0 - normalize.mean[channel(i)]) / normalize.std[channel(i)]
            };
            let expected: Vec<f32> = bytes.as_u8().unwrap().iter().enumerate().map(value).collect();
            let f32s = run(&batch, &plan, Output::f32(layout, normalize));
            prop_assert_eq!(f32s.as_f32().unwrap(), &expected[..]);
            let f16s = run(&batch, &plan, Output::f16(layout, normalize));
            let expected: Vec<_> = expected.iter().map(|v| half::f16::from_f32(*v).to_bits()).collect();
            prop_assert_eq!(f16s.as_f16().unwrap().iter().map(|v| v.to_bits()).collect::<Vec<_>>(), expected);
            prop_assert!(f32s.as_u8().is_none() && f16s.as_f32().is_none() && bytes.as_f16().is_none());
        }
    }

    #[test]
    fn both_layouts_of_the_input_give_the_same_images((batch, plan) in batch_and_plan()) {
        let shape = batch.shape();
        let pixels = match batch.layout() {
            Layout::Nhwc => batch.data().to_vec(),
            Layout::Nchw => {
                let (n, c) = (shape.width * shape.height, shape.channels);
                let value = |i: usize| batch.data()[i / (n * c) * n * c + i % c * n + i / c % n];
                (0..shape.values()).map(value).collect()
            }
        };
        let interleaved = Batch::new(&pixels[..], shape, Layout::Nhwc).unwrap();
        let planar = Batch::new(planes(shape, &pixels), shape, Layout::Nchw).unwrap();
        prop_assert_eq!(bytes(&interleaved, &plan), bytes(&planar, &plan));
        prop_assert_eq!(bytes(&interleaved, &plan), bytes(&batch, &plan));
        // And no operation gives the input itself.
        prop_assert_eq!(apply(&batch, Vec::new()), pixels);
    }

    #[test]
    fn neutral_operations_change_nothing(batch in batch()) {
        let images = batch.shape().images;
        for op in neutral() {
            let plan = Plan::uniform(images, vec![op.clone()]);
            prop_assert_eq!(bytes_as(Output::u8(), &batch, &plan), batch.data(), "{}", op);
        }
        prop_assert_eq!(bytes_as(Output::u8(), &batch, &Plan::uniform(images, neutral())), batch.data());
    }

    #[test]
    fn a_chain_is_its_operations_one_after_the_other((batch, plan) in batch_and_plan()) {
        // SamplePairing takes the partner as it was at first, which a run of its own cannot know.
        let chains = plan.into_images().into_iter().map(|image| {
            let keep = |op: &Op| !matches!(op, Op::SamplePairing(_));
            PlannedImage { ops: image.ops.into_iter().filter(keep).collect(), ..Default::default() }
        });
        let plan = Plan::new(chains.collect());
        let mut apart = Batch::new(batch.data().to_vec(), batch.shape(), batch.layout()).unwrap();
        for k in 0..plan.depth() {
            let step = |image: &PlannedImage| {
                PlannedImage { ops: image.ops.get(k).cloned().into_iter().collect(), ..Default::default() }
            };
            let step = Plan::new(plan.images().iter().map(step).collect());
            let bytes = bytes_as(Output::u8(), &apart, &step);
            apart = Batch::new(bytes, batch.shape(), batch.layout()).unwrap();
        }
        prop_assert_eq!(bytes_as(Output::u8(), &batch, &plan), apart.data());
    }

    #[test]
    fn operations_that_undo_each_other_do(batch in batch(), x in -19..=19_i32, fill in any::<[u8; 3]>()) {
        let before = apply(&batch, Vec::new());
        let invert: Op = ops::Invert {}.into();
        prop_assert_eq!(apply(&batch, vec![invert.clone(), invert.clone()]), before.clone());
        prop_assert_eq!(apply(&batch, vec![ops::Solarize { threshold: 0.0 }.into()]), apply(&batch, vec![invert]));
        let turn = |degrees| Op::from(ops::Rotate { degrees, interpolation: Interpolation::Nearest, fill });
        prop_assert_eq!(apply(&batch, vec![turn(180.0), turn(-180.0)]), before.clone());
        let Shape { width, height, channels, .. } = batch.shape();
        if width == height {
            prop_assert_eq!(apply(&batch, vec![turn(90.0), turn(270.0)]), before.clone());
            prop_assert_eq!(apply(&batch, vec![turn(90.0), turn(90.0)]), apply(&batch, vec![turn(180.0)]));
        }
        // There and back again loses what left the image, and nothing else.
        let there = |pixels| Op::from(ops::TranslateX { pixels, interpolation: Interpolation::Nearest, fill });
        let back = apply(&batch, vec![there(f64::from(x)), there(f64::from(-x))]);
        for (i, (&new, &old)) in back.iter().zip(&before).enumerate() {
            let column = (i / channels % width) as i32;
            let stayed = (0..width as i32).contains(&(column + x));
            prop_assert_eq!(new, if stayed { old } else { fill[i % channels] }, "column {} of {}", column, width);
        }
    }

    #[test]
    fn a_pairing_is_a_blend_of_two_images(batch in batch(), weight in 0.0..=1.0_f64) {
        let images = batch.shape().images;
        let pair = |partner| Op::from(ops::SamplePairing { weight, partner });
        let with_itself = |i| PlannedImage { ops: vec![pair(i)], ..Default::default() };
        let itself = Plan::new((0..images).map(with_itself).collect());
        let before = apply(&batch, Vec::new());
        // g + weight (x - g) of equal values is that value.
        prop_assert_eq!(bytes(&batch, &itself), before.clone());
        if images > 0 {
            let n = batch.shape().values_per_image();
            let last = &before[(images - 1) * n..];
            // The partner as it was, though it is inverted itself.
            let whole = ops::SamplePairing { weight: 1.0, partner: images - 1 };
            let after = apply(&batch, vec![ops::Invert {}.into(), whole.into()]);
            prop_assert!(after.chunks(n).all(|image| image == last));
        }
    }

    #[test]
    fn point_operations_do_what_they_say(
        batch in batch(),
        bits in 0..=8_u8,
        threshold in 0..=256_u16,
        add in any::<u8>(),
    ) {
        let before = apply(&batch, Vec::new());
        let with = |f: &dyn Fn(u8) -> u8| before.iter().map(|v| f(*v)).collect::<Vec<_>>();
        let mask = !(0xFF_u8.checked_shr(u32::from(bits)).unwrap_or(0));
        prop_assert_eq!(apply(&batch, vec![ops::Posterize { bits }.into()]), with(&|v| v & mask));
        let below = |v: u8| u16::from(v) < threshold;
        let solarize = ops::Solarize { threshold: f64::from(threshold) - 0.5 };
        prop_assert_eq!(apply(&batch, vec![solarize.into()]), with(&|v| if below(v) { v } else { 255 - v }));
        let solarize_add = ops::SolarizeAdd { add, threshold };
        let added = with(&|v| if below(v) { v.saturating_add(add) } else { v });
        prop_assert_eq!(apply(&batch, vec![solarize_add.into()]), added);
        prop_assert_eq!(apply(&batch, vec![ops::Brightness { factor: 0.0 }.into()]), with(&|_| 0));
    }
}

/// Beyond the reach of 16.16 fixed point coordinates are summed in binary64. One row or column of the source is left in
/// sight there, and by whole pixels.
#[test]
fn steep_shears_show_what_they_should() {
    let (interpolation, fill) = (Interpolation::Nearest, [7; 3]);
    for factor in [330.0, -330.0] {
        for is_x in [true, false] {
            let (width, height): (usize, usize) = if is_x { (200, 100) } else { (100, 200) };
            let data: Vec<u8> = (0..width * height).map(|i| (i * 13 % 251) as u8).collect();
            let batch = Batch::new(&data[..], Shape { images: 1, height, width, channels: 1 }, Layout::Nhwc).unwrap();
            let shear: Op = match is_x {
                true => ops::ShearX { factor, interpolation, fill }.into(),
                false => ops::ShearY { factor, interpolation, fill }.into(),
            };
            let source = |x: usize, y: usize| {
                // In half pixels, from centers to centers.
                let (x, y) = (2 * x as i64 + 1, 2 * y as i64 + 1);
                let (u, v) = if is_x { (x + factor as i64 * y, y) } else { (x, y + factor as i64 * x) };
                let inside = u >= 0 && v >= 0 && u < 2 * width as i64 && v < 2 * height as i64;
                if inside { data[v as usize / 2 * width + u as usize / 2] } else { 7 }
            };
            let expected: Vec<_> = (0..data.len()).map(|i| source(i % width, i / width)).collect();
            assert!(expected.iter().filter(|v| **v != 7).count() > 30);
            assert_eq!(apply(&batch, vec![shear.clone()]), expected, "{shear}");
        }
    }
}
