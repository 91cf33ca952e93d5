//! Instantiate: the operation of a drawn step, with its sign and its other random parameters.

use rand::RngExt;

use crate::convention::Convention;
use crate::draw::{Context, Draw, StepStream, between};
use crate::interpolation::Interpolation;
use crate::ops::{Category, Op, OpKind};
use crate::random::{Purpose, Stream};

/// Makes the operations of an image's steps.
pub(super) struct Instantiator<'a> {
    context: &'a Context<'a>,
    convention: Convention,
    signs: StepStream,
    interpolations: StepStream,
    radii: StepStream,
}

impl<'a> Instantiator<'a> {
    pub fn new(context: &'a Context<'a>, convention: Convention) -> Self {
        let [signs, interpolations, radii] =
            [Purpose::Sign, Purpose::Interpolation, Purpose::Blur].map(StepStream::new);
        Instantiator { context, convention, signs, interpolations, radii }
    }

    /// The operation of step `k`, at a magnitude that is checked or that noise carried beyond the last one.
    pub fn op(&mut self, k: usize, op: OpKind, magnitude: f64) -> Op {
        let Instantiator { context, convention, .. } = *self;
        let coin = |stream: &mut Stream| stream.random::<u32>() >> 31 == 1;
        let negative = convention.is_signed(op) && self.signs.for_step(context, k, coin);
        let interpolation = match context.interpolation {
            Some(interpolation) => interpolation,
            None if convention.random_interpolation() && op.category() == Category::Warp => {
                let bicubic = self.interpolations.for_step(context, k, coin);
                if bicubic { Interpolation::Bicubic } else { Interpolation::Bilinear }
            }
            None => convention.interpolation(op),
        };
        let value = convention.unchecked_value(op, magnitude, negative, context.size);
        let value = match convention.random_lower_bound(op) {
            Some(least) => between([least, value], self.radii.unit(context, k)),
            None => value,
        };
        op.drawn(&mut Draw {
            value,
            interpolation,
            fill: context.fill.unwrap_or_else(|| convention.fill_of(op)),
            context,
            step: k,
        })
    }
}
