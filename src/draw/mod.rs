//! Draw: the input of a random operation, its value and streams for its other random parameters.

mod step_stream;

pub(crate) use step_stream::StepStream;

use rand::RngExt;

use crate::batch::{Size, Sizes};
use crate::interpolation::Interpolation;
use crate::random::{Purpose, Stream, Streams};

/// The surroundings of one stage's draws.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub streams: &'a Streams<'a>,
    /// The number of earlier stages of the same kind. Each has its own random numbers.
    pub occurrence: u64,
    /// The image's size before the stage.
    pub size: Size,
    /// The sizes of all images of the batch before any stage.
    pub sizes: Sizes<'a>,
    pub position_in_batch: usize,
    pub interpolation: Option<Interpolation>,
    pub fill: Option<[u8; 3]>,
}

impl Context<'_> {
    /// The stage's random numbers for a purpose.
    pub fn stream(&self, purpose: Purpose) -> Stream {
        self.streams.of(purpose, self.occurrence)
    }
}

/// The input of a random operation: its parameter's value, and streams for its other random parameters.
pub(crate) struct Draw<'a> {
    pub value: f64,
    pub interpolation: Interpolation,
    pub fill: [u8; 3],
    pub context: &'a Context<'a>,
    pub step: usize,
}

impl Draw<'_> {
    /// A pixel of the image, uniformly: column and row.
    pub fn point(&mut self) -> (usize, usize) {
        let Size { width, height } = self.context.size;
        let two_numbers = |stream: &mut Stream| (stream.random::<f64>(), stream.random::<f64>());
        let (x, y) = StepStream::new(Purpose::Position).for_step(self.context, self.step, two_numbers);
        ((x * width as f64) as usize, (y * height as f64) as usize)
    }

    /// Another image of the batch, uniformly among those of this one's current size. Without any, this one.
    ///
    /// The drawn number does not depend on the batch, but its image does.
    pub fn partner(&mut self) -> usize {
        let Context { sizes, size, position_in_batch, .. } = *self.context;
        let fits = |&ahead: &usize| sizes.get((position_in_batch + ahead) % sizes.len()) == size;
        // If all sizes are the same, no image has to be checked.
        let all_fit = sizes.are_same() && sizes.get(0) == size;
        let others = if all_fit { sizes.len() - 1 } else { (1..sizes.len()).filter(fits).count() };
        if others == 0 {
            return position_in_batch;
        }
        let number = StepStream::new(Purpose::Partner).unit(self.context, self.step);
        let chosen = (number * others as f64) as usize;
        let ahead = if all_fit { 1 + chosen } else { (1..sizes.len()).filter(fits).nth(chosen).unwrap_or(0) };
        (position_in_batch + ahead) % sizes.len()
    }
}

/// The number at the fraction `at`, 0..1, of the way from one to the other.
pub(crate) fn between([from, to]: [f64; 2], at: f64) -> f64 {
    from + (to - from) * at
}
