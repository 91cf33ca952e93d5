//! Transform: the stages of an image of a training set before normalization, in order.
//!
//! A transform draws crops, flips, a policy or another scheme, and erased rectangles for each image. They become
//! operations of the [`Plan`](crate::Plan), like all others. Unless a stage says otherwise, the arithmetic of the draws
//! is torchvision's (0.29, transforms v2). The random numbers are not.

mod crops;
mod erasing;
mod flips;
mod random_resized_crop;
mod recipes;
mod resize;
mod text;

pub use crops::{CenterCrop, RandomCrop};
pub use erasing::{RandomCutout, RandomErasing};
pub use flips::{RandomHorizontalFlip, RandomVerticalFlip};
pub use random_resized_crop::RandomResizedCrop;
pub use recipes::{Recipe, Training};
pub use resize::{ResizeStage, ResizeTo};

use serde::{Deserialize, Serialize};

use crate::batch::Size;
use crate::draw::Context;
use crate::error::{Error, Result};
use crate::ops::size::size_after;
use crate::ops::{Op, OpKind};
use crate::schemes::{Draws, Scheme};

/// The stages of an image, in order.
///
/// A [`Policy`](crate::Policy) or another [`Scheme`] alone is a transform too, so every function that takes a transform
/// takes a policy.
///
/// ```
/// use autoaugment::transform::{RandomErasing, RandomResizedCrop};
/// use autoaugment::{Policy, Sampler, Size, Transform};
/// let transform = Transform::new()
///     .random_resized_crop(RandomResizedCrop::to(224, 224))
///     .random_horizontal_flip(0.5)
///     .policy(Policy::imagenet())
///     .random_erasing(RandomErasing { probability: 0.25, ..RandomErasing::default() });
/// let sizes = [Size { width: 500, height: 375 }, Size { width: 96, height: 400 }];
/// let plan = Sampler::new(transform, 42)?.plan(&sizes[..], 0, &[0, 1])?;
/// println!("{plan}"); // 0: Crop(...) + Resize(width=224, height=224, ...) + ...
/// # Ok::<(), autoaugment::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Transform {
    /// In the order of application. Without stages, images stay unchanged.
    pub stages: Vec<Stage>,
}

/// The draws for one image.
pub(crate) struct Drawn {
    pub ops: Vec<Op>,
    /// The position of the last drawn sub-policy.
    pub sub_policy: Option<usize>,
    /// The size of the image after its operations, all of which are possible.
    pub size: Size,
}

/// One stage of a transform.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Stage {
    /// A random part of the image at a fixed size.
    RandomResizedCrop(RandomResizedCrop),
    /// Another size.
    Resize(ResizeStage),
    /// The center of the image.
    CenterCrop(CenterCrop),
    /// A random part of the padded image.
    RandomCrop(RandomCrop),
    /// A horizontal flip with this probability.
    RandomHorizontalFlip(RandomHorizontalFlip),
    /// A vertical flip with this probability.
    RandomVerticalFlip(RandomVerticalFlip),
    /// A sub-policy of a learned policy, or the operations of another scheme.
    Policy(Scheme),
    /// A square filled with one color.
    Cutout(RandomCutout),
    /// A rectangle filled with one color, with some probability.
    RandomErasing(RandomErasing),
}

impl Stage {
    fn draws(&self) -> &dyn Draws {
        match self {
            Stage::RandomResizedCrop(stage) => stage,
            Stage::Resize(stage) => stage,
            Stage::CenterCrop(stage) => stage,
            Stage::RandomCrop(stage) => stage,
            Stage::RandomHorizontalFlip(stage) => stage,
            Stage::RandomVerticalFlip(stage) => stage,
            Stage::Policy(scheme) => scheme,
            Stage::Cutout(stage) => stage,
            Stage::RandomErasing(stage) => stage,
        }
    }
}

impl Transform {
    /// A transform without stages.
    pub fn new() -> Self {
        Transform::default()
    }

    /// Appends a stage.
    #[must_use]
    pub fn then(mut self, stage: Stage) -> Self {
        self.stages.push(stage);
        self
    }

    /// Appends a random part of the image at a fixed size.
    #[must_use]
    pub fn random_resized_crop(self, crop: RandomResizedCrop) -> Self {
        self.then(Stage::RandomResizedCrop(crop))
    }

    /// Appends a resize.
    #[must_use]
    pub fn resize(self, resize: ResizeStage) -> Self {
        self.then(Stage::Resize(resize))
    }

    /// Appends a crop of the center `width` x `height` pixels, with black where the image is smaller.
    #[must_use]
    pub fn center_crop(self, width: usize, height: usize) -> Self {
        self.then(Stage::CenterCrop(CenterCrop { width, height, fill: [0; 3] }))
    }

    /// Appends a random part of the padded image.
    #[must_use]
    pub fn random_crop(self, crop: RandomCrop) -> Self {
        self.then(Stage::RandomCrop(crop))
    }

    /// Appends a horizontal flip with this probability.
    #[must_use]
    pub fn random_horizontal_flip(self, probability: f64) -> Self {
        self.then(Stage::RandomHorizontalFlip(RandomHorizontalFlip { probability }))
    }

    /// Appends a vertical flip with this probability.
    #[must_use]
    pub fn random_vertical_flip(self, probability: f64) -> Self {
        self.then(Stage::RandomVerticalFlip(RandomVerticalFlip { probability }))
    }

    /// Appends a sub-policy, or another scheme's draws.
    #[must_use]
    pub fn policy(self, policy: impl Into<Scheme>) -> Self {
        self.then(Stage::Policy(policy.into()))
    }

    /// Appends a black square of `side` pixels around a random pixel.
    #[must_use]
    pub fn cutout(self, side: u32) -> Self {
        self.then(Stage::Cutout(RandomCutout { side, fill: [0; 3] }))
    }

    /// Appends a random filled rectangle.
    #[must_use]
    pub fn random_erasing(self, erasing: RandomErasing) -> Self {
        self.then(Stage::RandomErasing(erasing))
    }

    /// Refuses parameters outside their range, and names the stage.
    ///
    /// # Errors
    /// [`Error::At`] with the stage, counted from 1, and the reason.
    pub fn check(&self) -> Result<()> {
        // A policy alone is spoken of as such.
        if let [Stage::Policy(scheme)] = &self.stages[..] {
            return scheme.check();
        }
        let mut stages = self.stages.iter().enumerate();
        stages.try_for_each(|(i, stage)| stage.draws().check().map_err(|e| e.at(format!("stage {}", i + 1))))
    }

    /// Each operation that can be applied, once.
    pub(crate) fn operations(&self) -> Vec<OpKind> {
        let mut operations: Vec<_> = self.stages.iter().flat_map(|stage| stage.draws().operations()).collect();
        operations.sort();
        operations.dedup();
        operations
    }

    /// Draws the operations of one image.
    pub(crate) fn draw(&self, first: Context<'_>) -> Result<Drawn> {
        let mut ops = Vec::with_capacity(self.stages.len() + 1);
        let mut sub_policy = None;
        let mut context = first;
        for (i, stage) in self.stages.iter().enumerate() {
            let kind = std::mem::discriminant(stage);
            let same = |other: &&Stage| std::mem::discriminant(*other) == kind;
            context.occurrence = self.stages[..i].iter().filter(same).count() as u64;
            let before = ops.len();
            let drawn = stage.draws().draw(&context, &mut ops);
            sub_policy = drawn.map_err(|e| self.at_stage(i, e))?.or(sub_policy);
            for op in &ops[before..] {
                context.size = size_after(op, context.size, context.sizes).map_err(|e| self.at_stage(i, e))?;
            }
        }
        Ok(Drawn { ops, sub_policy, size: context.size })
    }

    fn at_stage(&self, i: usize, error: Error) -> Error {
        if self.stages.len() == 1 { error } else { error.at(format!("stage {}", i + 1)) }
    }
}

impl<S: Into<Scheme>> From<S> for Transform {
    fn from(scheme: S) -> Self {
        Transform::new().policy(scheme)
    }
}

fn check_probability(op: &'static str, probability: f64) -> Result<()> {
    if (0.0..=1.0).contains(&probability) { Ok(()) } else { Err(Error::Probability { op, probability }) }
}

/// Refuses a range that is not `0 < from <= to <= most`.
fn check_span(op: &'static str, parameter: &'static str, [from, to]: [f64; 2], most: f64) -> Result<()> {
    let refuse = |value, rule| Err(Error::Parameter { op, parameter, value, rule });
    match () {
        () if from.is_nan() || from <= 0.0 => refuse(from, "is not above 0"),
        () if to.is_nan() || to > most => refuse(to, if most == 1.0 { "is above 1" } else { "is above 1000000" }),
        () if from > to => refuse(from, "is more than the upper end"),
        () => Ok(()),
    }
}
