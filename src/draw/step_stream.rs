//! StepStream: a stream that steps draw from, the k-th number being the k-th step's, whether or not earlier ones needed theirs.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::Context;
use crate::random::Purpose;

/// A stream that is made when a step first needs a number of it.
pub(crate) struct StepStream {
    purpose: Purpose,
    stream: Option<ChaCha8Rng>,
    drawn: usize,
}

impl StepStream {
    pub fn new(purpose: Purpose) -> Self {
        StepStream { purpose, stream: None, drawn: 0 }
    }

    /// What `draw` makes of step `k`'s part of the stream; it takes as much of it for each step. Steps come in order.
    pub fn of<T>(&mut self, context: &Context<'_>, k: usize, mut draw: impl FnMut(&mut ChaCha8Rng) -> T) -> T {
        let stream = self.stream.get_or_insert_with(|| context.stream(self.purpose));
        while self.drawn < k {
            draw(stream);
            self.drawn += 1;
        }
        self.drawn += 1;
        draw(stream)
    }

    /// A number of 0..1 for step `k`.
    pub fn unit(&mut self, context: &Context<'_>, k: usize) -> f64 {
        self.of(context, k, |stream| stream.random())
    }
}
