//! MixPlan: each image's partner, weights and rectangle, all drawn.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::batch::{Shape, Size};
use crate::error::{Error, Result};

/// The version of written files.
const NEWEST: u64 = 1;

/// For each image of a batch, its partner, its weight and its rectangle.
///
/// It comes from a [`Mixing`](super::Mixing) or a file, or you build it by hand. One plan can mix some images by MixUp
/// and others by CutMix.
///
/// ```
/// use autoaugment::mixing::{MixPlan, MixedImage};
/// let image = |partner| MixedImage { index: 0, partner, lambda: 0.75, rectangle: None };
/// let plan = MixPlan::new(vec![image(1), image(0)]);
/// assert_eq!(MixPlan::from_json(&plan.to_json())?, plan);
/// assert_eq!(plan.labels(&[0, 2], 3)?, [0.75, 0.0, 0.25, 0.25, 0.0, 0.75]);
/// # Ok::<(), autoaugment::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MixPlan {
    images: Vec<MixedImage>,
}

/// The entry of one image.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MixedImage {
    /// The image's sample index.
    #[serde(default)]
    pub index: u64,
    /// The partner's position in the batch. It can be the image itself.
    pub partner: usize,
    /// The image's own weight, 0 to 1. In CutMix, this is its fraction of the area. Its label has the same weight.
    pub lambda: f64,
    /// For CutMix, the rectangle from the partner. `None` for MixUp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rectangle: Option<Rectangle>,
}

/// Some columns and rows of an image, perhaps none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rectangle {
    /// The first column.
    pub x: usize,
    /// The first row.
    pub y: usize,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

impl Rectangle {
    /// CutMix's rectangle: to each side of a pixel, half of `sqrt(1 - lambda)` of the image's side, rounded down,
    /// within the image.
    pub fn around(x: usize, y: usize, lambda: f64, size: Size) -> Self {
        let half = 0.5 * (1.0 - lambda).sqrt();
        let span = |center: usize, side: usize| {
            let reach = (half * side as f64) as usize;
            let first = center.saturating_sub(reach);
            (first, (center + reach).min(side) - first)
        };
        let ((x, width), (y, height)) = (span(x, size.width), span(y, size.height));
        Rectangle { x, y, width, height }
    }

    /// The fraction of an image's area that is outside the rectangle: the lambda of CutMix.
    pub fn remaining_fraction(&self, size: Size) -> f64 {
        1.0 - (self.width * self.height) as f64 / size.pixels() as f64
    }

    fn is_inside(&self, size: Size) -> bool {
        let fits = |first: usize, count: usize, side| first.checked_add(count).is_some_and(|end| end <= side);
        fits(self.x, self.width, size.width) && fits(self.y, self.height, size.height)
    }
}

impl MixedImage {
    /// The image's own weight and its partner's.
    pub(crate) fn weights(&self) -> [f32; 2] {
        [self.lambda as f32, (1.0 - self.lambda) as f32]
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Version1 {
    version: u64,
    images: Vec<MixedImage>,
}

impl MixPlan {
    /// A plan made by hand.
    pub fn new(images: Vec<MixedImage>) -> Self {
        MixPlan { images }
    }

    /// One entry per image, in the batch's order.
    pub fn images(&self) -> &[MixedImage] {
        &self.images
    }

    /// The entries, to change them.
    pub fn into_images(self) -> Vec<MixedImage> {
        self.images
    }

    /// Refuses a plan that does not fit a batch of this shape.
    ///
    /// # Errors
    /// [`Error::PlanLength`], or [`Error::At`] with the image and the value outside its range: partner, lambda or
    /// rectangle.
    pub fn check(&self, shape: Shape) -> Result<()> {
        self.check_each(shape.images, |image| {
            let Some(rectangle) = image.rectangle else { return Ok(()) };
            let Size { width, height } = shape.size();
            if rectangle.is_inside(shape.size()) {
                return Ok(());
            }
            Err(Error::Batch(format!("the rectangle {rectangle} is outside the image of {width} x {height} pixels")))
        })
    }

    pub(super) fn check_each(&self, images: usize, more: impl Fn(&MixedImage) -> Result<()>) -> Result<()> {
        if self.images.len() != images {
            return Err(Error::PlanLength { plan: self.images.len(), batch: images });
        }
        self.images.iter().enumerate().try_for_each(|(i, image)| {
            let MixedImage { partner, lambda: value, .. } = *image;
            let checked = if partner >= images {
                Err(Error::Batch(format!("the partner {partner} is outside the batch of {images} images")))
            } else if !(0.0..=1.0).contains(&value) {
                Err(Error::Parameter { op: "mixing", parameter: "lambda", value, rule: "is outside 0..=1" })
            } else {
                more(image)
            };
            checked.map_err(|e| e.at(format!("image {i}")))
        })
    }

    /// Reads the JSON form.
    ///
    /// # Errors
    /// [`Error::Syntax`] with line and column, or [`Error::Version`].
    pub fn from_json(json: &str) -> Result<Self> {
        let file: Version1 = crate::json::versioned("mixing plan", json, NEWEST)?;
        Ok(MixPlan::new(file.images))
    }

    /// The JSON form of the newest version, indented.
    pub fn to_json(&self) -> String {
        crate::json::pretty(self)
    }
}

impl fmt::Display for Rectangle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "x={}, y={}, width={}, height={}", self.x, self.y, self.width, self.height)
    }
}

impl fmt::Display for MixPlan {
    /// One line per image: `12: CutMix(partner=3, x=1, y=0, width=7, height=9, lambda=0.9)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, MixedImage { index, partner, lambda, rectangle }) in self.images.iter().enumerate() {
            write!(f, "{}{index}: ", if i == 0 { "" } else { "\n" })?;
            match rectangle {
                None => write!(f, "MixUp(partner={partner}, lambda={lambda})")?,
                Some(rectangle) => write!(f, "CutMix(partner={partner}, {rectangle}, lambda={lambda})")?,
            }
        }
        Ok(())
    }
}

impl Serialize for MixPlan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Borrowed<'a> {
            version: u64,
            images: &'a [MixedImage],
        }
        Borrowed { version: NEWEST, images: &self.images }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for MixPlan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let file = Version1::deserialize(deserializer)?;
        crate::json::check_version("mixing plan", file.version, NEWEST).map_err(serde::de::Error::custom)?;
        Ok(MixPlan::new(file.images))
    }
}
