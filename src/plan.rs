//! Plan: the operations of each image of a batch, with all random parameters drawn.

mod checked;

pub use checked::CheckedPlan;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::batch::{Images, Size, Sizes};
use crate::error::{Error, Result};
use crate::ops::size::size_after;
use crate::ops::{Op, OpKind};

/// The version of written files. Version 1 counted sub-policies from 0.
const NEWEST: u64 = 2;

/// For each image of a batch, its operations in order.
///
/// A plan comes from a [`Sampler`](crate::Sampler) or a file, or you build it by hand. Single operations are used like
/// this:
///
/// ```
/// use autoaugment::{Plan, ops};
/// let rotate = ops::Rotate { degrees: 30.0, interpolation: Default::default(), fill: [0; 3] };
/// let plan = Plan::uniform(2, vec![rotate.into()]);
/// assert_eq!(Plan::from_json(&plan.to_json())?, plan);
/// # Ok::<(), autoaugment::Error>(())
/// ```
///
/// The JSON form, in which `file`, `index` and `sub_policy` are optional:
///
/// ```json
/// {
///   "version": 2,
///   "images": [
///     {"file": "cat.png", "index": 0, "sub_policy": 3, "ops": [{"op": "Posterize", "bits": 4}, {"op": "Invert"}]}
///   ]
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Plan {
    images: Vec<PlannedImage>,
    /// The possible operations of plans drawn like this one, sorted. Shaders are made for them.
    operations: Vec<OpKind>,
    /// The images that the plan was drawn for. Drawing checks every operation.
    drawn_for: Option<DrawnFor>,
}

/// The sizes for which a plan was drawn, and the size of all images afterwards.
#[derive(Clone, Debug)]
struct DrawnFor {
    /// One size each, or one for all.
    sizes: Vec<Size>,
    after: Size,
}

/// The operations of one image.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedImage {
    /// The name of the image's file, if the image has one. The library never reads it. The command line writes it, and
    /// finds a file's entry by it when it replays a plan. [`Plan`] prints it instead of the index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The sample index of the image: its position in the data set.
    #[serde(default)]
    pub index: u64,
    /// The number of the drawn sub-policy, from 1. `None` for a plan made by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_policy: Option<usize>,
    /// The operations in the order of application. Without any, the image stays unchanged.
    pub ops: Vec<Op>,
}

/// All versions have this form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u64,
    images: Vec<PlannedImage>,
}

impl File {
    fn into_plan(mut self) -> Plan {
        if self.version == 1 {
            let numbers = self.images.iter_mut().filter_map(|image| image.sub_policy.as_mut());
            numbers.for_each(|number| *number = number.saturating_add(1));
        }
        Plan::new(self.images)
    }
}

impl DrawnFor {
    /// Whether images of these sizes, as many as before, are such images.
    fn has(&self, sizes: Sizes<'_>) -> bool {
        match self.sizes[..] {
            [all] if sizes.are_same() => all == sizes.get(0),
            _ => self.sizes.len() == sizes.len() && (0..sizes.len()).all(|i| self.sizes[i] == sizes.get(i)),
        }
    }
}

impl Plan {
    /// A plan made by hand.
    pub fn new(images: Vec<PlannedImage>) -> Self {
        Plan::drawn(images, Vec::new())
    }

    /// The same operations for each of `images` images.
    pub fn uniform(images: usize, ops: Vec<Op>) -> Self {
        let image = |index| PlannedImage { index: index as u64, ops: ops.clone(), ..Default::default() };
        Plan::new((0..images).map(image).collect())
    }

    /// A plan drawn from a policy with these possible `operations`, sorted, each once. Others of the images are added.
    pub(crate) fn drawn(images: Vec<PlannedImage>, operations: Vec<OpKind>) -> Self {
        // A bit for each operation: sorting thousands of names would take as long as drawing them.
        let bit = |kind: OpKind| 1_u64 << kind as u32;
        let possible = operations.iter().fold(0, |seen, &kind| seen | bit(kind));
        let ops = images.iter().flat_map(|image| &image.ops).flat_map(Op::with_branches);
        let seen = ops.fold(possible, |seen, op| seen | bit(op.kind()));
        if seen == possible {
            return Plan { images, operations, drawn_for: None };
        }
        let all = OpKind::ALL.iter().chain(OpKind::TRANSFORM_ONLY).copied();
        let mut operations: Vec<_> = all.filter(|&kind| seen & bit(kind) != 0).collect();
        operations.sort();
        Plan { images, operations, drawn_for: None }
    }

    /// The same plan, whose operations are possible for images of these sizes and make all of them this large.
    pub(crate) fn drawn_for(self, sizes: Sizes<'_>, after: Size) -> Self {
        let count = if sizes.are_same() { 1 } else { sizes.len() };
        let sizes = (0..count).map(|i| sizes.get(i)).collect();
        Plan { drawn_for: Some(DrawnFor { sizes, after }), ..self }
    }

    /// One entry per image, in the batch's order.
    pub fn images(&self) -> &[PlannedImage] {
        &self.images
    }

    /// The entries, to change them. Make a new plan from them afterwards.
    pub fn into_images(self) -> Vec<PlannedImage> {
        self.images
    }

    /// The possible operations of plans drawn like this one.
    pub(crate) fn operations(&self) -> &[OpKind] {
        &self.operations
    }

    /// The most operations that one image has.
    pub fn depth(&self) -> usize {
        self.images.iter().map(|image| image.ops.len()).max().unwrap_or(0)
    }

    /// Refuses a plan that does not fit images of these sizes, or that has parameters outside their range. Returns the
    /// size of all images afterwards.
    ///
    /// # Errors
    /// [`Error::PlanLength`], or [`Error::At`] with the image and the reason. Different sizes afterwards are such a
    /// reason.
    pub fn check<'a>(&self, sizes: impl Into<Sizes<'a>>) -> Result<Size> {
        let sizes = sizes.into();
        if self.images.len() != sizes.len() {
            return Err(Error::PlanLength { plan: self.images.len(), batch: sizes.len() });
        }
        if let Some(drawn_for) = &self.drawn_for
            && drawn_for.has(sizes)
        {
            return Ok(drawn_for.after);
        }
        let mut first = None;
        let mut before: Option<&PlannedImage> = None;
        for (i, image) in self.images.iter().enumerate() {
            // A check of one image holds for the next one of the same size.
            if sizes.are_same() && before.is_some_and(|before| before.ops == image.ops) {
                continue;
            }
            before = Some(image);
            let size = output_size(image, sizes.get(i), sizes).map_err(|e| e.at(format!("image {i}")))?;
            let wanted = *first.get_or_insert(size);
            if size != wanted {
                return Err(Error::Batch(format!(
                    "its result has {} x {} pixels, and that of image 0 {} x {}; crop or resize all images to one size",
                    size.width, size.height, wanted.width, wanted.height
                ))
                .at(format!("image {i}")));
            }
        }
        Ok(first.unwrap_or_else(|| sizes.get(0)))
    }

    /// Refuses images that are no batch together, and a plan that does not fit them; see [`Plan::check`].
    pub(crate) fn checked_for(&self, images: &Images<'_>) -> Result<CheckedPlan<'_>> {
        images.check()?;
        self.checked(images.sizes())
    }

    /// Reads the JSON form of any version.
    ///
    /// # Errors
    /// [`Error::Syntax`] with line and column, or [`Error::Version`].
    pub fn from_json(json: &str) -> Result<Self> {
        let file: File = crate::json::versioned("plan", json, NEWEST)?;
        Ok(file.into_plan())
    }

    /// The JSON form of the newest version, indented.
    pub fn to_json(&self) -> String {
        crate::json::pretty(self)
    }
}

/// The size of an image of `size` after its operations, which must all be possible.
fn output_size(image: &PlannedImage, size: Size, sizes: Sizes<'_>) -> Result<Size> {
    image.ops.iter().try_fold(size, |size, op| size_after(op, size, sizes))
}

impl PartialEq for Plan {
    /// Two plans are equal if they apply the same operations to the same images.
    fn eq(&self, other: &Self) -> bool {
        self.images == other.images
    }
}

impl fmt::Display for Plan {
    /// One line per image: `12: Rotate(degrees=30, ...) + Invert`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, image) in self.images.iter().enumerate() {
            let ops: Vec<_> = image.ops.iter().map(Op::to_string).collect();
            let ops = if ops.is_empty() { "unchanged".to_string() } else { ops.join(" + ") };
            let name = image.file.clone().unwrap_or_else(|| image.index.to_string());
            write!(f, "{}{name}: {ops}", if i == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl Serialize for Plan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Borrowed<'a> {
            version: u64,
            images: &'a [PlannedImage],
        }
        Borrowed { version: NEWEST, images: &self.images }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Plan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let file = File::deserialize(deserializer)?;
        crate::json::check_version("plan", file.version, NEWEST).map_err(serde::de::Error::custom)?;
        Ok(file.into_plan())
    }
}
