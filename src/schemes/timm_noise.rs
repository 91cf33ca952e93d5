//! timm's noise on magnitudes.

use crate::draw::{Context, StepStream};
use crate::error::{Error, Result};
use crate::random::Purpose;
use crate::random::gauss::gauss;

pub(super) fn check_mstd(op: &'static str, mstd: f64) -> Result<()> {
    let rule = "is not a number of at least 0";
    if mstd >= 0.0 { Ok(()) } else { Err(Error::Parameter { op, parameter: "mstd", value: mstd, rule }) }
}

/// timm's noise on a magnitude, drawn for each step.
pub(super) struct Noise<'a> {
    context: &'a Context<'a>,
    numbers: StepStream,
    deviation: f64,
    most: f64,
}

impl<'a> Noise<'a> {
    pub fn new(context: &'a Context<'a>, deviation: f64, most: f64) -> Self {
        Noise { context, numbers: StepStream::new(Purpose::Magnitude), deviation, most }
    }

    pub fn on(&mut self, k: usize, magnitude: f64) -> f64 {
        let noisy = match self.deviation {
            0.0 => magnitude,
            f64::INFINITY => magnitude * self.numbers.unit(self.context, k),
            deviation => self.numbers.for_step(self.context, k, |stream| gauss(stream, magnitude, deviation)),
        };
        noisy.clamp(0.0, self.most)
    }
}
