//! StepStream: a stream for steps. The k-th number belongs to the k-th step, even if earlier steps did not use theirs.

use rand::RngExt;

use super::Context;
use crate::random::{Purpose, Stream};

/// A stream that is made when a step first needs a number.
pub(crate) struct StepStream {
    purpose: Purpose,
    stream: Option<Stream>,
    drawn: usize,
}

impl StepStream {
    pub fn new(purpose: Purpose) -> Self {
        StepStream { purpose, stream: None, drawn: 0 }
    }

    /// The result of `draw` on the part of the stream for step `k`. `draw` takes equally much for each step, and steps
    /// come in order.
    pub fn for_step<T>(&mut self, context: &Context<'_>, k: usize, mut draw: impl FnMut(&mut Stream) -> T) -> T {
        let stream = self.stream.get_or_insert_with(|| context.stream(self.purpose));
        while self.drawn < k {
            draw(stream);
            self.drawn += 1;
        }
        self.drawn += 1;
        draw(stream)
    }

    /// A number in 0..1 for step `k`.
    pub fn unit(&mut self, context: &Context<'_>, k: usize) -> f64 {
        self.for_step(context, k, |stream| stream.random())
    }
}
