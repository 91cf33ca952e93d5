//! Steps: what a step of a policy or of another scheme draws besides its operation.

use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;

use super::{Context, between};
use crate::convention::Convention;
use crate::ops::{Interpolation, Kind, Op, OpKind};
use crate::sample::{Draw, Numbers, Purpose};

/// Makes operations of an image's steps.
pub(super) struct Steps<'a> {
    context: &'a Context<'a>,
    convention: Convention,
    signs: Numbers,
    interpolations: Numbers,
    radii: Numbers,
}

impl<'a> Steps<'a> {
    pub fn new(context: &'a Context<'a>, convention: Convention) -> Self {
        let [signs, interpolations, radii] = [Purpose::Sign, Purpose::Interpolation, Purpose::Blur].map(Numbers::new);
        Steps { context, convention, signs, interpolations, radii }
    }

    /// The operation of step `k`, at a magnitude that has been checked or that noise may have carried beyond the last.
    pub fn op(&mut self, k: usize, op: OpKind, magnitude: f64) -> Op {
        let Steps { context, convention, .. } = *self;
        let coin = |stream: &mut ChaCha8Rng| stream.random::<u32>() >> 31 == 1;
        let negative = convention.is_signed(op) && self.signs.of(context, k, coin);
        let interpolation = match context.interpolation {
            Some(interpolation) => interpolation,
            None if convention.draws_interpolation() && op.class() == Kind::Warp => {
                let bicubic = self.interpolations.of(context, k, coin);
                if bicubic { Interpolation::Bicubic } else { Interpolation::Bilinear }
            }
            None => convention.interpolation(op),
        };
        let value = convention.unchecked_value(op, magnitude, negative, context.size);
        let value = match convention.drawn_from(op) {
            Some(least) => between([least, value], self.radii.unit(context, k)),
            None => value,
        };
        op.drawn(&mut Draw {
            value,
            interpolation,
            fill: context.fill.unwrap_or_else(|| convention.fill_of(op)),
            context: *context,
            step: k,
        })
    }
}

/// A number of the normal distribution, by Box and Muller. It takes two numbers of the stream, and its logarithm and cosine
/// are the same on every machine.
pub(super) fn gauss(stream: &mut impl Rng, mean: f64, deviation: f64) -> f64 {
    let (u, v): (f64, f64) = (stream.random(), stream.random());
    let radius = (-2.0 * libm::log(1.0 - u)).sqrt();
    mean + deviation * radius * libm::cos(2.0 * std::f64::consts::PI * v)
}
