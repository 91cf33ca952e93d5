//! Region: the part of an image that its operations read, so that no more of it is decoded.
//!
//! A plan that begins with a crop inside the image reads nothing else of it. The loader then decodes that rectangle
//! only, uploads that rectangle only, and leaves the crop out of the operations. The bytes stay the same.

use crate::batch::Size;
use crate::ops::{Crop, Op};
use crate::plan::{Plan, PlannedImage};

/// A rectangle of an image: what its operations read, so that no more of it is decoded.
///
/// ```no_run
/// use autoaugment::loader::{ColorMode, Region, Sample};
/// use autoaugment::{Device, Executor, ImageView, Output, Sampler, Transform};
///
/// let transform = Transform::new().center_crop(224, 224);
/// let sample = Sample::encoded(std::fs::read("cat.jpg")?, 0)?;
/// let sizes = [sample.size()];
/// let plan = Sampler::new(transform, 42)?.plan(&sizes[..], 0, &[7])?;
///
/// let regions = Region::read_by(&plan, &sizes);
/// let mut pixels = vec![0; regions[0].size.pixels() * 3];
/// sample.decode_region(ColorMode::Rgb, regions[0], &mut pixels)?;
/// let part = [ImageView::new(&pixels, regions[0].size, 3)?];
/// let within = Region::plan_within(&plan, &sizes, &regions).unwrap_or(plan);
/// let (augmented, _) = Executor::new(Device::Cpu)?.apply(&part, &within, &Output::u8())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// The leftmost column.
    pub x: usize,
    /// The uppermost row.
    pub y: usize,
    /// Columns and rows.
    pub size: Size,
}

impl Region {
    /// All of an image.
    pub fn whole(size: Size) -> Self {
        Region { x: 0, y: 0, size }
    }

    /// The regions that a plan reads of images of these sizes. A partner of a blend is read whole, so a plan with
    /// partners reads all images whole.
    pub fn read_by(plan: &Plan, sizes: &[Size]) -> Vec<Region> {
        let mut all = plan.images().iter().flat_map(|image| &image.ops).flat_map(Op::with_branches);
        let has_partners = all.any(|op| matches!(op, Op::SamplePairing(_)));
        let each = plan.images().iter().zip(sizes).map(|(image, &size)| {
            let region = if has_partners { None } else { Region::of(&image.ops, size) };
            region.unwrap_or(Region::whole(size))
        });
        each.collect()
    }

    /// The plan for images that are these regions already. `None` if all regions are whole.
    pub fn plan_within(plan: &Plan, sizes: &[Size], regions: &[Region]) -> Option<Plan> {
        let is_part = |i: usize| sizes.get(i).zip(regions.get(i)).is_some_and(|(size, region)| region.size != *size);
        if !(0..regions.len()).any(is_part) {
            return None;
        }
        let images = plan.images().iter().enumerate().map(|(i, image)| {
            let ops = image.ops.iter().skip(usize::from(is_part(i))).cloned().collect();
            PlannedImage { file: image.file.clone(), ops, ..*image }
        });
        Some(Plan::drawn(images.collect(), plan.operations().to_vec()))
    }

    /// Whether it is inside an image of `size`.
    pub(super) fn is_inside(self, size: Size) -> bool {
        let ends = |start: usize, length: usize, end: usize| start.checked_add(length).is_some_and(|at| at <= end);
        ends(self.x, self.size.width, size.width) && ends(self.y, self.size.height, size.height)
    }

    /// The pixels that these operations read of an image, if they read a smaller rectangle only.
    fn of(ops: &[Op], size: Size) -> Option<Self> {
        let &Op::Crop(Crop { x, y, width, height, .. }) = ops.first()? else { return None };
        let (x, y) = (usize::try_from(x).ok()?, usize::try_from(y).ok()?);
        let region = Region { x, y, size: Size { width, height } };
        (region.is_inside(size) && region.size != size).then_some(region)
    }

    /// Copies the rectangle's rows out of an image of `width` columns. Both have interleaved `channels`.
    pub(super) fn copy(self, from: &[u8], width: usize, channels: usize, to: &mut [u8]) {
        let rows = from.chunks_exact(width * channels).skip(self.y);
        let columns = self.x * channels..(self.x + self.size.width) * channels;
        for (from, to) in rows.zip(to.chunks_exact_mut(self.size.width * channels)) {
            to.copy_from_slice(&from[columns.clone()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size { width: 40, height: 30 };

    fn plan(texts: &[&str]) -> Plan {
        let ops = |text: &str| text.split(';').map(|op| op.parse().unwrap()).collect();
        Plan::new(texts.iter().map(|text| PlannedImage { ops: ops(text), ..Default::default() }).collect())
    }

    #[test]
    fn a_crop_inside_the_image_is_its_region() {
        let given = plan(&["Crop(x=3, y=5, width=37, height=20);Invert", "Equalize"]);
        let found = Region::read_by(&given, &[SIZE; 2]);
        let size = Size { width: 37, height: 20 };
        assert_eq!(found, [Region { x: 3, y: 5, size }, Region::whole(SIZE)]);
        assert_eq!(Region::plan_within(&given, &[SIZE; 2], &found), Some(plan(&["Invert", "Equalize"])));
    }

    #[test]
    fn other_plans_read_whole_images() {
        for text in [
            "Crop(x=-1, y=5, width=37, height=20)",
            "Crop(x=4, y=5, width=37, height=20)",
            "Crop(x=3, y=11, width=37, height=20, border=reflect)",
            "Crop(x=0, y=0, width=40, height=30)",
            "Invert;Crop(x=3, y=5, width=37, height=20)",
            "Crop(x=3, y=5, width=37, height=20);SamplePairing(weight=0.4, partner=0)",
        ] {
            let given = plan(&[text]);
            let found = Region::read_by(&given, &[SIZE]);
            assert_eq!(found, [Region::whole(SIZE)], "{text}");
            assert_eq!(Region::plan_within(&given, &[SIZE], &found), None, "{text}");
        }
    }

    #[test]
    fn rows_are_copied_from_their_places() {
        let from: Vec<u8> = (0..5 * 4 * 3).collect();
        let region = Region { x: 2, y: 1, size: Size { width: 2, height: 2 } };
        let mut to = [0; 2 * 2 * 3];
        region.copy(&from, 5, 3, &mut to);
        assert_eq!(to, [21, 22, 23, 24, 25, 26, 36, 37, 38, 39, 40, 41]);
    }
}
