//! Cases: batches, and what is done to them. Together they run every kernel, in every form and grouping.

use anyhow::Result;
use autoaugment::gpu::Grouping;
use autoaugment::mixing::{MixPlan, Mixing};
use autoaugment::targets::Masks;
use autoaugment::transform::Recipe;
use autoaugment::{
    Batch, Dtype, Images, Layout, OpKind, Output, Plan, PlannedImage, Policy, RaggedBatch, Sampler, Scheme, Shape,
    Size, Transform,
};
use rand::RngExt;

use crate::batches::{EVERY_FORM, batch_of, chain_of, mixtures, nearest, op_of, pairs, random, rgb};

/// How much is run.
#[derive(Clone, Copy, PartialEq)]
pub enum Extent {
    /// Enough to try the kit out, on a software adapter too: small images, and no filter that looks between pixels,
    /// whose kernels take such adapters minutes to compile.
    Short,
    Whole,
}

/// Images, and what is done to them.
pub struct Case {
    pub images: Pixels,
    pub work: Work,
    pub output: Output,
    pub grouping: Grouping,
}

pub enum Pixels {
    OneSize(Batch<'static>),
    AnySizes(RaggedBatch<'static>),
}

pub enum Work {
    Augment(Plan),
    Mix(MixPlan),
}

/// Cases of one kind.
pub struct Group {
    pub name: &'static str,
    pub cases: fn(Extent) -> Result<Vec<Case>>,
}

pub const GROUPS: [Group; 10] = [
    Group { name: "every operation", cases: operations },
    Group { name: "every ordered pair of operations", cases: every_pair },
    Group { name: "chains of up to eight operations", cases: chains },
    Group { name: "every policy and scheme", cases: schemes },
    Group { name: "every form of input and output, in every grouping", cases: forms },
    Group { name: "sizes from one pixel to 40,000 in a row", cases: sizes },
    Group { name: "branches that are mixed (AugMix)", cases: branches },
    Group { name: "crops, flips and resizes of images of any size", cases: resizes },
    Group { name: "masks", cases: masks },
    Group { name: "MixUp and CutMix", cases: mixing },
];

impl Pixels {
    pub fn images(&self) -> Images<'_> {
        match self {
            Pixels::OneSize(batch) => batch.into(),
            Pixels::AnySizes(batch) => batch.into(),
        }
    }
}

impl Extent {
    /// The first of a short run, or all.
    fn of<T>(self, all: &[T]) -> &[T] {
        match self {
            Extent::Short => &all[..1],
            Extent::Whole => all,
        }
    }

    /// A plan whose kernels this extent compiles.
    fn plan(self, plan: Plan) -> Plan {
        if self == Extent::Short { nearest(&plan) } else { plan }
    }

    /// Bytes from bytes, augmented.
    fn case(self, shape: Shape, plan: Plan, grouping: Grouping) -> Case {
        let images = Pixels::OneSize(batch_of(shape, Layout::Nhwc, 1));
        Case { images, work: Work::Augment(self.plan(plan)), output: Output::u8(), grouping }
    }
}

fn image(ops: Vec<autoaugment::Op>) -> PlannedImage {
    PlannedImage { ops, ..PlannedImage::default() }
}

/// Sides of images: small ones, those with whole words, those with several slices.
const SIDES: [(usize, usize); 4] = [(9, 11), (12, 16), (61, 67), (224, 224)];

/// Each operation alone, with random parameters and those at the edges of its arithmetic.
fn operations(extent: Extent) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for &(height, width) in extent.of(&SIDES) {
        for &channels in extent.of(&[3, 1]) {
            let mut rng = random(1);
            let shape_of = |images| Shape { images, height, width, channels };
            let mut images = Vec::new();
            for &kind in OpKind::ALL {
                images.extend((0..6).map(|_| image(vec![op_of(kind, shape_of(1), &mut rng)])));
                // A pairing's partner may be any image that all batches have.
                for example in kind.examples() {
                    images.push(image(vec![example.parse()?]));
                }
            }
            for &grouping in extent.of(&[Grouping::Whole, Grouping::ByClass]) {
                cases.push(extent.case(shape_of(images.len()), Plan::new(images.clone()), grouping));
            }
        }
    }
    Ok(cases)
}

fn every_pair(extent: Extent) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for &(height, width) in extent.of(&SIDES) {
        let shape = rgb(OpKind::ALL.len().pow(2), height, width);
        for &grouping in extent.of(&Grouping::ALL) {
            cases.push(extent.case(shape, Plan::new(pairs(shape, 2)), grouping));
        }
    }
    Ok(cases)
}

fn chains(extent: Extent) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for &(height, width) in extent.of(&SIDES) {
        for &grouping in extent.of(&Grouping::ALL) {
            let shape = rgb(72, height, width);
            let mut rng = random(3);
            let images = (0..shape.images).map(|i| image(chain_of(i % 9, shape, &mut rng))).collect();
            cases.push(extent.case(shape, Plan::new(images), grouping));
        }
    }
    Ok(cases)
}

fn schemes(extent: Extent) -> Result<Vec<Case>> {
    let others = [
        "randaugment(n=2, m=9)",
        "trivialaugment",
        "uniformaugment(n=2)",
        "augmix",
        "rand-m9-mstd0.5-inc1",
        "original-mstd0.5",
        "3a",
    ];
    let mut all: Vec<Scheme> = Vec::new();
    for name in Policy::preset_names() {
        all.push(Policy::preset(name)?.into());
    }
    for text in others {
        all.push(text.parse()?);
    }
    let mut cases = Vec::new();
    for scheme in extent.of(&all) {
        for &side in extent.of(&[32, 97, 224]) {
            let shape = rgb(64, side, side);
            let indices: Vec<u64> = (0..64).collect();
            let plan = Sampler::new(scheme.clone(), 5)?.plan(shape, 1, &indices)?;
            cases.push(extent.case(shape, plan, Grouping::Whole));
        }
    }
    Ok(cases)
}

fn forms(extent: Extent) -> Result<Vec<Case>> {
    let inputs = [(1, Layout::Nchw), (3, Layout::Nhwc), (3, Layout::Nchw), (1, Layout::Nhwc)];
    let mut cases = Vec::new();
    for &(height, width) in extent.of(&[(7, 9), (12, 16)]) {
        for &(channels, layout) in extent.of(&inputs) {
            for output in if extent == Extent::Short { &EVERY_FORM[3..5] } else { &EVERY_FORM[..] } {
                for &grouping in extent.of(&Grouping::ALL) {
                    let shape = Shape { channels, ..rgb(25, height, width) };
                    let mut rng = random(4);
                    let chains = (0..25).map(|i| image(chain_of(i % 4, shape, &mut rng))).collect();
                    let work = Work::Augment(extent.plan(Plan::new(chains)));
                    let images = Pixels::OneSize(batch_of(shape, layout, 4));
                    cases.push(Case { images, work, output: *output, grouping });
                }
            }
        }
    }
    Ok(cases)
}

fn sizes(extent: Extent) -> Result<Vec<Case>> {
    let all = [(1, 1), (1, 2), (2, 1), (3, 3), (255, 257), (1, 40_000), (5_000, 3), (81, 81), (82, 82), (512, 512)];
    let short = [(1, 1), (3, 3)];
    let mut cases = Vec::new();
    for &(height, width) in if extent == Extent::Short { &short[..] } else { &all[..] } {
        let shape = rgb(16, height, width);
        let mut rng = random(6);
        let images = (0..16).map(|i| image(chain_of(i % 4, shape, &mut rng))).collect();
        cases.push(extent.case(shape, Plan::new(images), Grouping::Whole));
    }
    Ok(cases)
}

fn branches(extent: Extent) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for &(height, width) in extent.of(&SIDES) {
        for (seed, &output) in extent.of(&EVERY_FORM).iter().enumerate() {
            let shape = rgb(24, height, width);
            let plan = mixtures(shape, 3, 3, seed as u64);
            cases.push(Case { output, ..extent.case(shape, plan, Grouping::ByClass) });
        }
    }
    Ok(cases)
}

/// Images of as many sizes as there are images.
fn any_sizes(images: usize, most: usize) -> Result<RaggedBatch<'static>> {
    let mut rng = random(7);
    let sizes: Vec<Size> =
        (0..images).map(|_| Size { width: rng.random_range(9..=most), height: rng.random_range(9..=most) }).collect();
    let values: usize = sizes.iter().map(|size| size.pixels() * 3).sum();
    let (_, bytes) = (0..values).fold((0_u8, Vec::with_capacity(values)), |(last, mut bytes), _| {
        // Soft steps and jumps, as in photographs.
        let next = if rng.random_range(0..16) == 0 { rng.random() } else { last.wrapping_add(rng.random_range(0..4)) };
        bytes.push(next);
        (next, bytes)
    });
    Ok(RaggedBatch::packed(bytes, &sizes, 3)?)
}

fn resizes(extent: Extent) -> Result<Vec<Case>> {
    let transforms: Vec<Transform> = if extent == Extent::Short {
        vec![Transform::new().center_crop(16, 12).random_horizontal_flip(0.5).policy(Policy::cifar10())]
    } else {
        let recipe = |recipe: Recipe| recipe.training().policy(Policy::imagenet());
        vec![
            recipe(Recipe::ImageNet).into(),
            recipe(Recipe::Cifar).into(),
            Transform::new().center_crop(100, 80).random_vertical_flip(0.5).policy(Policy::imagenet()),
        ]
    };
    let mut cases = Vec::new();
    for transform in transforms {
        let batch = any_sizes(32, if extent == Extent::Short { 40 } else { 400 })?;
        let indices: Vec<u64> = (0..32).collect();
        let plan = Sampler::new(transform, 8)?.plan(batch.sizes(), 0, &indices)?;
        for &output in extent.of(&EVERY_FORM) {
            let (images, work) = (Pixels::AnySizes(batch.clone()), Work::Augment(extent.plan(plan.clone())));
            cases.push(Case { images, work, output, grouping: Grouping::Auto });
        }
    }
    Ok(cases)
}

fn masks(extent: Extent) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for &(height, width) in extent.of(&SIDES) {
        let shape = Shape { channels: 1, ..rgb(60, height, width) };
        let mut rng = random(9);
        let images = (0..60).map(|i| image(chain_of(i % 4, shape, &mut rng))).collect();
        let plan = Masks { fill: 255, cutout: true }.plan(&Plan::new(images))?;
        cases.push(extent.case(shape, plan, Grouping::Whole));
    }
    Ok(cases)
}

/// In every form; bytes can be mixed by CutMix only.
fn mixing(extent: Extent) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for &(height, width) in extent.of(&SIDES) {
        for output in if extent == Extent::Short { &EVERY_FORM[..2] } else { &EVERY_FORM[..] } {
            let output = *output;
            let shape = rgb(33, height, width);
            let indices: Vec<u64> = (0..33).collect();
            let methods = if output.dtype() == Dtype::U8 { &["cutmix"][..] } else { &["cutmix", "mixup"][..] };
            for method in methods {
                let mixing: Mixing = format!("{method}(per=image)").parse()?;
                let work = Work::Mix(mixing.plan(10, 0, &indices, shape.size())?);
                let images = Pixels::OneSize(batch_of(shape, Layout::Nhwc, 9));
                cases.push(Case { images, work, output, grouping: Grouping::Auto });
            }
        }
    }
    Ok(cases)
}
