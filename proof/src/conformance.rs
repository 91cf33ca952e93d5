//! Conformance: every case on the GPU and on the CPU, and each image of which a bit differs.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use autoaugment::{Device, Executor, Gpu, Plan, Tensor, TensorData};
use serde::Serialize;

use crate::cases::{Case, Extent, GROUPS, Pixels, Work};
use crate::picture;

/// The most differences of a group that are shown one by one.
const SHOWN: usize = 8;

/// What came out of a group.
#[derive(Serialize)]
pub struct Conformance {
    pub group: &'static str,
    pub cases: usize,
    pub images: usize,
    pub values: usize,
    pub differing_images: usize,
    pub differing_values: usize,
    pub seconds: f64,
    /// The first of them.
    pub differences: Vec<Difference>,
}

/// An image that differs.
#[derive(Serialize)]
pub struct Difference {
    /// Its size, form, grouping and operations: enough to make it again.
    pub case: String,
    pub values: usize,
    /// Of the run's folder: the CPU's image, the GPU's, and where they differ.
    pub picture: String,
}

/// Runs all groups. Pictures go to `folder`.
pub fn run(gpu: &Gpu, extent: Extent, folder: &Path) -> Result<Vec<Conformance>> {
    let cpu = Executor::new(Device::Cpu)?;
    let mut all = Vec::new();
    for group in &GROUPS {
        let began = Instant::now();
        let mut found = Conformance::new(group.name);
        for case in (group.cases)(extent)? {
            let (expected, got) = both(&cpu, gpu, &case).with_context(|| format!("{}: {}", group.name, case.form()))?;
            found.add(&case, &expected, &got, folder)?;
        }
        found.seconds = began.elapsed().as_secs_f64();
        println!("{}", found.line());
        all.push(found);
    }
    Ok(all)
}

/// What the CPU and the GPU make of a case.
fn both(cpu: &Executor, gpu: &Gpu, case: &Case) -> Result<(Tensor, Tensor)> {
    let gpu = gpu.clone().grouping(case.grouping);
    match (&case.work, &case.images) {
        (Work::Augment(plan), images) => {
            let images = images.images();
            Ok((cpu.apply(images, plan, &case.output)?.0, gpu.apply(images, plan, &case.output)?.0))
        }
        (Work::Mix(plan), Pixels::OneSize(batch)) => {
            let nothing = Plan::uniform(batch.shape().images, Vec::new());
            let expected = plan.apply(&cpu.apply(batch, &nothing, &case.output)?.0)?;
            Ok((expected, gpu.download(&gpu.mix(&gpu.upload(batch)?, plan, &case.output)?.0)?))
        }
        (Work::Mix(_), Pixels::AnySizes(_)) => anyhow::bail!("only images of one size are mixed"),
    }
}

impl Case {
    /// Size, form and grouping.
    fn form(&self) -> String {
        let (input, channels) = match &self.images {
            Pixels::OneSize(batch) => {
                let shape = batch.shape();
                (format!("{} x {} {:?}", shape.height, shape.width, batch.layout()), shape.channels)
            }
            Pixels::AnySizes(batch) => ("any sizes".to_string(), batch.channels()),
        };
        let output = (self.output.dtype().name(), self.output.layout(autoaugment::Layout::Nhwc));
        format!("{input}, {channels} channels, to {} {:?}, {}", output.0, output.1, self.grouping)
    }

    /// What is done to an image.
    fn operations(&self, image: usize) -> String {
        match &self.work {
            Work::Augment(plan) => {
                let ops = plan.images().get(image).map(|image| &image.ops[..]).unwrap_or_default();
                ops.iter().map(ToString::to_string).collect::<Vec<_>>().join(" + ")
            }
            Work::Mix(plan) => plan.images().get(image).map(|image| format!("{image:?}")).unwrap_or_default(),
        }
    }
}

impl Conformance {
    /// A group of which nothing has run yet.
    fn new(group: &'static str) -> Self {
        Conformance {
            group,
            cases: 0,
            images: 0,
            values: 0,
            differing_images: 0,
            differing_values: 0,
            seconds: 0.0,
            differences: Vec::new(),
        }
    }

    fn add(&mut self, case: &Case, expected: &Tensor, got: &Tensor, folder: &Path) -> Result<()> {
        let shape = expected.shape;
        anyhow::ensure!(
            (shape, expected.layout, expected.data.len()) == (got.shape, got.layout, got.data.len()),
            "{}: the CPU gives {shape:?}, the GPU {:?}",
            case.form(),
            got.shape
        );
        self.cases += 1;
        self.images += shape.images;
        self.values += shape.values();
        let each = shape.values_per_image();
        for image in 0..shape.images {
            let range = image * each..(image + 1) * each;
            let differs = range.map(|at| bits(&expected.data, at) != bits(&got.data, at));
            let values = differs.filter(|&differs| differs).count();
            if values == 0 {
                continue;
            }
            self.differing_images += 1;
            self.differing_values += values;
            if self.differences.len() < SHOWN {
                let slug: String =
                    self.group.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
                let picture = format!("{slug}-{}.png", self.differences.len() + 1);
                picture::write(&folder.join(&picture), expected, got, image)?;
                let case = format!("image {image}, {}: {}", case.form(), case.operations(image));
                self.differences.push(Difference { case, values, picture });
            }
        }
        Ok(())
    }

    fn line(&self) -> String {
        let Conformance { group, cases, images, values, differing_images, differing_values, seconds, .. } = self;
        let verdict = match differing_values {
            0 => "0 differing values".to_string(),
            _ => format!("{differing_values} DIFFERING VALUES in {differing_images} images"),
        };
        format!("{group}: {cases} batches, {images} images, {values} values: {verdict} ({seconds:.1} s)")
    }
}

/// A value's bits.
pub fn bits(data: &TensorData, at: usize) -> u32 {
    match data {
        TensorData::U8(values) => values.get(at).map_or(0, |&value| u32::from(value)),
        TensorData::F32(values) => values.get(at).map_or(0, |value| value.to_bits()),
        TensorData::F16(values) => values.get(at).map_or(0, |value| u32::from(value.to_bits())),
    }
}

#[cfg(test)]
mod tests {
    use autoaugment::gpu::Grouping;
    use autoaugment::{Layout, Output};

    use super::*;
    use crate::batches::{batch_of, rgb};

    /// A kit that cannot find a difference proves nothing.
    #[test]
    fn one_bit_is_found_shown_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let shape = rgb(3, 4, 5);
        let plan = Plan::uniform(3, vec!["Invert".parse().unwrap()]);
        let images = Pixels::OneSize(batch_of(shape, Layout::Nhwc, 1));
        for output in crate::batches::EVERY_FORM {
            let case = Case { images: Pixels::OneSize(batch_of(shape, Layout::Nhwc, 1)), ..case_of(&plan, output) };
            let (expected, _) = Executor::new(Device::Cpu).unwrap().apply(images.images(), &plan, &output).unwrap();
            let mut got = expected.clone();
            match &mut got.data {
                TensorData::U8(values) => values[70] ^= 1,
                TensorData::F32(values) => values[70] = f32::from_bits(values[70].to_bits() ^ 1),
                TensorData::F16(values) => values[70] = half::f16::from_bits(values[70].to_bits() ^ 1),
            }
            let mut found = Conformance::new("a group");
            found.add(&case, &expected, &expected, folder.path()).unwrap();
            assert_eq!((found.images, found.values, found.differing_values), (3, 180, 0));
            found.add(&case, &expected, &got, folder.path()).unwrap();
            assert_eq!((found.differing_images, found.differing_values), (1, 1));
            let difference = &found.differences[0];
            assert!(difference.case.starts_with("image 1, 4 x 5 Nhwc, 3 channels, to"), "{}", difference.case);
            assert!(difference.case.ends_with("auto: Invert"), "{}", difference.case);
            assert!(folder.path().join(&difference.picture).metadata().unwrap().len() > 50);
            assert!(found.line().contains("1 DIFFERING VALUES in 1 images"), "{}", found.line());
        }
    }

    fn case_of(plan: &Plan, output: Output) -> Case {
        let images = Pixels::OneSize(batch_of(rgb(1, 1, 1), Layout::Nhwc, 1));
        Case { images, work: Work::Augment(plan.clone()), output, grouping: Grouping::Auto }
    }
}
