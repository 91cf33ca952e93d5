//! Masks: labels go where pixels go, and stay what they are.

use autoaugment::targets::Masks;
use autoaugment::{Batch, Device, Executor, Layout, Op, Output, Plan, PlannedImage, RaggedBatch, Shape, Size};
use serde_json::Value;

use crate::support::chains::{self, some_op};

/// The operation with interpolation nearest and this fill, if it moves pixels; by its text, not as the library does it.
fn nearest(op: &Op, fill: u8, cutout: bool) -> Option<Op> {
    let mut json = serde_json::to_value(op).unwrap();
    let fields = json.as_object_mut().unwrap();
    let moves = fields.contains_key("interpolation")
        || ["Crop", "HorizontalFlip", "VerticalFlip"].iter().any(|n| fields["op"] == *n);
    if !(moves || cutout && fields["op"] == "Cutout") {
        return None;
    }
    for (name, value) in [("interpolation", Value::from("nearest")), ("fill", Value::from(vec![fill; 3]))] {
        if fields.contains_key(name) {
            fields.insert(name.to_string(), value);
        }
    }
    Some(serde_json::from_value(json).unwrap())
}

#[test]
fn a_mask_is_what_an_image_of_labels_becomes() {
    let cpu = Executor::new(Device::Cpu).unwrap();
    for (seed, cutout) in [(51, false), (52, true)] {
        let chains = chains::chains(80, 3, 5, seed, some_op);
        let (mask_plan, fill) = (Masks { fill: 201, cutout }.plan(&chains.plan).unwrap(), 201);
        let by_hand = chains.plan.images().iter().map(|image| PlannedImage {
            ops: image.ops.iter().filter_map(|op| nearest(op, fill, cutout)).collect(),
            ..image.clone()
        });
        assert_eq!(mask_plan, Plan::new(by_hand.collect()));
        // Images all of whose channels are labels, run with the plan written by hand.
        let labels: Vec<u8> = chains.batch.data().chunks(3).map(|pixel| pixel[0]).collect();
        let gray: Vec<u8> = labels.iter().flat_map(|&label| [label; 3]).collect();
        let images = RaggedBatch::packed(gray, chains.batch.sizes(), 3).unwrap();
        let (expected, _) = cpu.apply(&images, &mask_plan, &Output::u8()).unwrap();
        let masks = RaggedBatch::packed(&labels[..], chains.batch.sizes(), 1).unwrap();
        let (got, _) = cpu.apply(&masks, &mask_plan, &Output::u8()).unwrap();
        let expected: Vec<u8> = expected.data.as_u8().unwrap().chunks(3).map(|pixel| pixel[1]).collect();
        assert_eq!(got.data.as_u8(), Some(&expected[..]));
        let (applied, size) = Masks { fill, cutout }.apply(&cpu, &chains.plan, &labels, chains.batch.sizes()).unwrap();
        assert_eq!((&applied, size), (&expected, chains.size));
        // Wider labels stand where narrow ones do.
        let wide = |label: u8| u32::from(label) * 0x0100_8421 + 77;
        let (all, _) = Masks { fill: wide(fill), cutout }
            .apply(&cpu, &chains.plan, &labels.iter().map(|l| wide(*l)).collect::<Vec<_>>(), chains.batch.sizes())
            .unwrap();
        assert_eq!(all, expected.iter().map(|l| wide(*l)).collect::<Vec<_>>());
        let half = |label: u8| (u16::from(label) * 257) ^ 0x5a;
        let (all, _) = Masks { fill: half(fill), cutout }
            .apply(&cpu, &chains.plan, &labels.iter().map(|l| half(*l)).collect::<Vec<_>>(), chains.batch.sizes())
            .unwrap();
        assert_eq!(all, expected.iter().map(|l| half(*l)).collect::<Vec<_>>());
        // Some bytes of these are the same everywhere, as the upper ones of most labels.
        let sparse = |label: u8| u64::from(label) | u64::from(label) << 40 | 0x77 << 56;
        let (all, _) = Masks { fill: sparse(fill), cutout }
            .apply(&cpu, &chains.plan, &labels.iter().map(|l| sparse(*l)).collect::<Vec<_>>(), chains.batch.sizes())
            .unwrap();
        assert_eq!(all, expected.iter().map(|l| sparse(*l)).collect::<Vec<_>>());
    }
}

#[test]
fn no_label_is_made_up() {
    let cpu = Executor::new(Device::Cpu).unwrap();
    let chains = chains::chains(100, 1, 5, 53, some_op);
    // Two labels that have many between them.
    let labels: Vec<u8> = chains.batch.data().iter().map(|v| if *v < 128 { 3 } else { 250 }).collect();
    let masks = Masks { fill: 77, cutout: true };
    let (moved, _) = masks.apply(&cpu, &chains.plan, &labels, chains.batch.sizes()).unwrap();
    let count = |label| moved.iter().filter(|v| **v == label).count();
    assert!(count(3) > 1000 && count(250) > 1000 && count(77) > 1000);
    assert_eq!(count(3) + count(250) + count(77), moved.len());
}

#[test]
fn colors_pairs_and_cutouts_leave_masks_alone() {
    let ops = [
        "Invert",
        "Sharpness(factor=2)",
        "SamplePairing(weight=0.4, partner=1)",
        "Cutout(x=0, y=0, width=1, height=2)",
    ];
    let plan = Plan::uniform(2, ops.map(|op| op.parse().unwrap()).to_vec());
    assert_eq!(Masks::default().plan(&plan).unwrap(), Plan::uniform(2, vec![]));
    let cut = Masks { fill: 9, cutout: true };
    assert_eq!(
        cut.plan(&plan).unwrap().to_string().lines().next(),
        Some("0: Cutout(x=0, y=0, width=1, height=2, fill=[9,9,9])")
    );
    let cpu = Executor::new(Device::Cpu).unwrap();
    let shape = Shape { images: 2, height: 2, width: 2, channels: 3 };
    let labels = [1_u16, 2, 3, 4, 500, 6, 7, 8];
    let size = Size { width: 2, height: 2 };
    assert_eq!(Masks::default().apply(&cpu, &plan, &labels, shape).unwrap(), (labels.to_vec(), size));
    let cut = Masks { fill: 300_u16, cutout: true };
    assert_eq!(cut.apply(&cpu, &plan, &labels, shape).unwrap(), (vec![300, 2, 300, 4, 300, 6, 300, 8], size));
}

#[test]
fn the_images_own_entries_stay() {
    let image = PlannedImage {
        file: Some("cat.png".into()),
        index: 7,
        sub_policy: Some(3),
        ops: vec!["Invert".parse().unwrap()],
    };
    let plan = Masks::default().plan(&Plan::new(vec![image.clone()])).unwrap();
    assert_eq!(plan.images(), [PlannedImage { ops: vec![], ..image }]);
}

#[test]
fn bad_masks_are_refused() {
    let cpu = Executor::new(Device::Cpu).unwrap();
    let shape = Shape { images: 2, height: 2, width: 3, channels: 1 };
    let plan = Plan::uniform(2, vec!["HorizontalFlip".parse().unwrap()]);
    let message = |plan: &Plan, labels: &[u8], shape: Shape| {
        Masks::default().apply(&cpu, plan, labels, shape).unwrap_err().to_string()
    };
    assert_eq!(message(&plan, &[0; 11], shape), "batch: 2 masks of 12 pixels together, and there are 11 labels");
    assert_eq!(message(&Plan::uniform(1, vec![]), &[0; 12], shape), "expected a plan for 2 images, got one for 1");
    let none = Shape { height: 0, ..shape };
    assert_eq!(message(&plan, &[], none), "batch: images of 3 x 0 pixels: both sides must be at least 1");
    let huge = Shape { images: usize::MAX, height: 40_000, width: 40_000, channels: 1 };
    assert!(message(&plan, &[0; 12], huge).contains("too large"));
}

#[cfg(feature = "gpu")]
#[test]
fn masks_on_the_gpu() {
    let Some(gpu) = crate::support::gpu::gpu() else { return };
    let chains = chains::chains(60, 1, 5, 54, chains::some_nearest_op);
    let plan = Masks { fill: 255, cutout: true }.plan(&chains.plan).unwrap();
    crate::support::gpu::check_all(&gpu, &chains.batch, &plan, &[Output::u8()], "masks");
}

#[test]
fn masks_are_batches() {
    let shape = Shape { images: 1, height: 2, width: 3, channels: 1 };
    let batch = Batch::new(vec![1, 2, 3, 4, 5, 6], shape, Layout::Nchw).unwrap();
    let plan = Plan::uniform(1, vec!["TranslateX(pixels=-1.75, interpolation=bicubic, fill=[1,2,3])".parse().unwrap()]);
    let cpu = Executor::new(Device::Cpu).unwrap();
    let (moved, _) = cpu.apply(&batch, &Masks { fill: 40, cutout: false }.plan(&plan).unwrap(), &Output::u8()).unwrap();
    assert_eq!(moved.data.as_u8(), Some(&[3, 40, 40, 6, 40, 40][..]));
}

#[test]
fn what_branches_move_is_not_followed() {
    let mix = |op: &str| -> Op {
        format!(r#"AugMix(rule={{"sum":0.5}}, branches=[{{"weight":0.5,"ops":[{{"op":"{op}"}}]}}])"#).parse().unwrap()
    };
    let still = Plan::uniform(2, vec![mix("Invert")]);
    assert_eq!(Masks::default().plan(&still).unwrap(), Plan::uniform(2, vec![]));
    let size = Size { width: 4, height: 3 };
    assert_eq!(still.images()[0].geometric_transform(size).unwrap().size(), size);
    let moving: Op = mix(r#"TranslateX","pixels":1,"interpolation":"nearest"#);
    let plan = Plan::uniform(2, vec![moving]);
    let reason = "targets cannot follow AugMix, whose branches move the image in different ways";
    assert_eq!(Masks::default().plan(&plan).unwrap_err().to_string(), format!("image 0: {reason}"));
    assert_eq!(plan.images()[0].geometric_transform(size).unwrap_err().to_string(), reason);
}
