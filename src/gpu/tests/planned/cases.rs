//! Cases: batches whose dispatches, together, run every file of every kernel.

use super::{Case, Planned};
use crate::gpu::Grouping;
use crate::gpu::tests::support::batches::{EVERY_FORM, batch_of, chain_of, mixtures, nearest, pairs, random, rgb};
use crate::mixing::{MixPlan, Mixing};
use crate::{Batch, Layout, Op, OpKind, Output, Plan, PlannedImage, Policy, Sampler, Shape, ops};

/// Whole words and not: height, width and how many values the first image is away from the buffers' start.
const WORDS: [(usize, usize, usize); 2] = [(12, 16, 8), (7, 9, 5)];
/// Images that have every pair of operations.
const PAIRS: usize = OpKind::ALL.len() * OpKind::ALL.len();
/// Small kernels, and one for each class.
const GROUPINGS: [Grouping; 2] = [Grouping::Auto, Grouping::ByClass];

/// All of them, and those that mix.
pub fn planned() -> Vec<Planned> {
    let mut planned: Vec<Planned> = all().into_iter().map(Planned::of).collect();
    planned.extend(mixed().into_iter().map(|(case, mix)| Planned::mixed(case, &mix)));
    planned
}

/// A case that takes no time.
pub fn tiny() -> Case {
    let shape = Shape { images: 3, height: 4, width: 5, channels: 3 };
    Case {
        name: "tiny".to_string(),
        batch: Batch::new((0..180).collect::<Vec<u8>>(), shape, Layout::Nhwc).unwrap(),
        plan: Plan::uniform(3, vec!["Invert".parse().unwrap(), "Posterize(bits=4)".parse().unwrap()]),
        output: Output::u8(),
        grouping: Grouping::Auto,
        shift: 4,
    }
}

fn all() -> Vec<Case> {
    let mut cases = forms();
    cases.extend(layouts());
    cases.push(by_pair());
    cases.extend(index_maps());
    cases.extend(viewed());
    cases.extend(branched());
    cases.extend(sliced());
    cases.extend(interpolated());
    cases
}

fn case(name: &str, shape: Shape, plan: Plan, grouping: Grouping) -> Case {
    let name = format!("{name}, {} x {} x {}, {grouping:?}", shape.images, shape.height, shape.width);
    Case { name, batch: batch_of(shape, Layout::Nhwc, 1), plan, output: Output::u8(), grouping, shift: 0 }
}

fn image(ops: Vec<Op>) -> PlannedImage {
    PlannedImage { ops, ..Default::default() }
}

/// The same without filters that look between pixels, whose kernels take long to compile.
fn still(images: Vec<PlannedImage>) -> Vec<PlannedImage> {
    nearest(&Plan::new(images)).into_images()
}

/// A plan for which kernels with all operations are made, so that cases share them.
fn plan(images: Vec<PlannedImage>) -> Plan {
    Plan::drawn(images, OpKind::ALL.to_vec())
}

fn chains(shape: Shape, longest: usize, seed: u64) -> Vec<PlannedImage> {
    let mut rng = random(seed);
    (0..shape.images).map(|i| image(chain_of(i % (longest + 1), shape, &mut rng))).collect()
}

/// All forms of output, behind a policy's operations and pairings.
fn forms() -> Vec<Case> {
    let mut cases = Vec::new();
    for (height, width, shift) in WORDS {
        let shape = rgb(25, height, width);
        for output in EVERY_FORM {
            for grouping in GROUPINGS {
                let plan = plan(still(chains(shape, 3, 2)));
                let name = format!("to {:?} {:?}", output.dtype(), output.layout(Layout::Nhwc));
                cases.push(Case { output, shift, ..case(&name, shape, plan, grouping) });
            }
        }
    }
    cases
}

/// All forms of input.
fn layouts() -> Vec<Case> {
    let mut cases = Vec::new();
    for (channels, layout) in [(3, Layout::Nchw), (1, Layout::Nhwc), (1, Layout::Nchw)] {
        for (height, width, shift) in WORDS {
            for grouping in GROUPINGS {
                let shape = Shape { channels, ..rgb(25, height, width) };
                let plan = plan(still(chains(shape, 3, 3)));
                let name = format!("from {layout:?} of {channels}");
                let batch = batch_of(shape, layout, 4);
                cases.push(Case { batch, shift, ..case(&name, shape, plan, grouping) });
            }
        }
    }
    cases
}

/// A kernel for each pair of kinds.
fn by_pair() -> Case {
    let shape = rgb(PAIRS, 12, 16);
    case("pairs", shape, plan(still(pairs(shape, 5))), Grouping::ByPair)
}

/// Chains from their texts.
fn written(texts: &[&str]) -> Plan {
    plan(texts.iter().map(|text| image(text.split(';').map(|op| op.parse().unwrap()).collect())).collect())
}

/// Warps whose nearest pixels are listed: shifts so close to half a pixel that Pillow's rounding differs between
/// columns.
fn index_maps() -> Vec<Case> {
    let texts = [
        "TranslateX(pixels=-0.4999999999999999);Sharpness(factor=1.7);Contrast(factor=0.3)",
        "TranslateX(pixels=-0.4999999999999999);Equalize",
        "AutoContrast;TranslateY(pixels=0.4999999999999999, fill=[1,2,3])",
        "TranslateY(pixels=-0.4999999999999999);Rotate(degrees=20)",
    ];
    let on = |grouping| case("index maps", rgb(4, 12, 16), written(&texts), grouping);
    GROUPINGS.map(on).into()
}

/// Crops, flips and resizes, before and behind other operations.
fn viewed() -> Vec<Case> {
    let texts = [
        "Crop(x=-2, y=3, width=12, height=10, border=reflect);HorizontalFlip;Equalize;Contrast(factor=0.3)",
        "Resize(width=12, height=10, interpolation=bicubic, box=[0.5, 0, 13, 11.5]);VerticalFlip;Sharpness(factor=1.7);Color(factor=0.4);Equalize;Invert",
        "Crop(x=1, y=2, width=14, height=9);Resize(width=12, height=10, interpolation=bilinear);AutoContrast",
        "Crop(x=3, y=-9, width=9, height=30, border=edge);Resize(width=12, height=10, interpolation=bilinear)",
        "Solarize(threshold=100);HorizontalFlip;Crop(x=2, y=2, width=12, height=10, border=symmetric);Invert",
        "HorizontalFlip;Crop(x=-3, y=-1, width=12, height=10, fill=[9,8,7]);ShearX(factor=0.2);Cutout(x=1, y=1, width=5, height=5)",
    ];
    let mut cases = Vec::new();
    for grouping in [Grouping::Auto, Grouping::ByClass] {
        for (layout, shift) in [(Layout::Nhwc, 0), (Layout::Nchw, 8)] {
            let of = case(&format!("viewed {layout:?}"), rgb(6, 13, 16), written(&texts), grouping);
            // Without the chains that a small image's one kernel cannot take.
            let kept = if grouping == Grouping::Auto { vec![0, 1, 2, 3, 5] } else { (0..6).collect() };
            let images: Vec<PlannedImage> = kept.iter().map(|&i| of.plan.images()[i].clone()).collect();
            let batch = batch_of(rgb(images.len(), 13, 16), layout, 8);
            cases.push(Case { plan: plan(images), batch, shift, ..of });
        }
    }
    cases
}

/// Branches that are mixed, in every form.
fn branched() -> Vec<Case> {
    let mut cases = Vec::new();
    for (height, width, shift) in WORDS {
        for (seed, output) in EVERY_FORM.into_iter().enumerate() {
            let shape = rgb(9, height, width);
            // Half of them see the image through a crop that turns it over.
            let mut images = still(mixtures(shape, 3, 3, seed as u64).into_images());
            for image in images.iter_mut().step_by(2) {
                let crop = format!("Crop(x=-2, y=1, width={width}, height={height}, border=reflect)");
                image.ops.splice(..0, [crop.parse().unwrap(), ops::HorizontalFlip {}.into()]);
            }
            let plan = plan(images);
            let layout = if seed % 3 == 0 { Layout::Nchw } else { Layout::Nhwc };
            let name = format!("branches to {:?} {:?}", output.dtype(), output.layout(layout));
            let batch = batch_of(shape, layout, 4);
            cases.push(Case { batch, output, shift, ..case(&name, shape, plan, Grouping::ByClass) });
        }
    }
    cases
}

/// Images of several slices, and ones beyond 16.16 fixed point.
fn sliced() -> Vec<Case> {
    let wide = [
        "Rotate(degrees=90);Equalize",
        "ShearX(factor=0.3, fill=[1,2,3]);Sharpness(factor=1.7)",
        "TranslateX(pixels=150.5);Contrast(factor=0.3)",
        "Solarize(threshold=100);ShearY(factor=0.00002)",
    ];
    let sliced = rgb(10, 96, 100);
    let policy = Sampler::new(Policy::v0(), 6).unwrap().plan(sliced, 0, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]).unwrap();
    vec![
        case("wide", rgb(4, 1, 40_000), written(&wide), Grouping::ByClass),
        case("slices", sliced, plan(still(policy.into_images())), Grouping::ByClass),
    ]
}

/// Warps that look between pixels, in every kernel that has them.
fn interpolated() -> Vec<Case> {
    let pairs_of = |name, shape, grouping| case(name, shape, plan(pairs(shape, 7)), grouping);
    let chains_of = |name, shape, grouping| case(name, shape, plan(chains(shape, 8, 8)), grouping);
    vec![
        pairs_of("every pair", rgb(PAIRS, 9, 11), Grouping::Auto),
        pairs_of("every pair", rgb(PAIRS, 12, 16), Grouping::ByClass),
        chains_of("chains", rgb(36, 9, 11), Grouping::Auto),
        chains_of("chains", rgb(36, 12, 16), Grouping::ByClass),
        chains_of("chains", rgb(36, 13, 17), Grouping::Single),
        pairs_of("interpolated slices", rgb(20, 96, 100), Grouping::ByClass),
    ]
}

/// Batches that are mixed, in every form: MixUp and CutMix, and for bytes CutMix alone.
fn mixed() -> Vec<(Case, MixPlan)> {
    let mut cases = Vec::new();
    for (height, width, shift) in WORDS {
        for (seed, output) in EVERY_FORM.into_iter().enumerate() {
            let shape = rgb(13, height, width);
            let indices: Vec<u64> = (0..13).collect();
            let drawn = |mixing: &str| {
                let mixing: Mixing = mixing.parse().unwrap();
                mixing.plan(seed as u64, 0, &indices, shape.size()).unwrap().into_images()
            };
            let mut images = drawn("cutmix(per=image)");
            if output.dtype() != crate::Dtype::U8 {
                images[4..].copy_from_slice(&drawn("mixup(alpha=0.3, per=image)")[4..]);
            }
            let name = format!("mixed to {output:?}, {height} x {width}");
            let batch = batch_of(shape, if seed % 3 == 0 { Layout::Nchw } else { Layout::Nhwc }, 9);
            let plan = Plan::uniform(13, vec![]);
            let case = Case { name, batch, plan, output, grouping: Grouping::Auto, shift };
            cases.push((case, MixPlan::new(images)));
        }
    }
    cases
}

/// Cases of the same kernels with other numbers: every pair with several draws, what each policy draws, and images of
/// small and odd sides. For a device that is quick enough.
#[cfg(feature = "cuda")]
pub fn more() -> Vec<Case> {
    let mut cases = Vec::new();
    for seed in 20..24 {
        for (shape, grouping) in [(rgb(PAIRS, 9, 11), Grouping::Auto), (rgb(PAIRS, 12, 16), Grouping::ByClass)] {
            let batch = batch_of(shape, Layout::Nhwc, seed);
            cases.push(Case { batch, ..case("every pair", shape, plan(pairs(shape, seed)), grouping) });
        }
    }
    for name in Policy::preset_names() {
        let shape = rgb(64, 32, 32);
        let indices: Vec<u64> = (0..64).collect();
        let drawn = Sampler::new(Policy::preset(name).unwrap(), 9).unwrap().plan(shape, 0, &indices).unwrap();
        for grouping in GROUPINGS {
            cases.push(case(name, shape, plan(drawn.images().to_vec()), grouping));
        }
    }
    for (height, width) in [(1, 1), (1, 7), (7, 1), (2, 2), (3, 5), (5, 3)] {
        let shape = rgb(PAIRS, height, width);
        for grouping in GROUPINGS {
            cases.push(case("small", shape, plan(pairs(shape, 30)), grouping));
        }
    }
    let shape = rgb(40, 65, 63);
    cases.push(case("odd", shape, plan(chains(shape, 8, 31)), Grouping::ByClass));
    cases
}
