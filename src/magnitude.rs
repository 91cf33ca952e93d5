//! Magnitude: how a whole number of a policy becomes the value of an operation's parameter.

use crate::batch::Size;

/// How a magnitude becomes a number. All are exact: the frameworks' own floating-point steps, one by one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scale {
    /// The operation has no magnitude.
    Nothing,
    /// NumPy's `linspace(from, to, n)` in `f64`.
    NumPy { from: f64, to: f64 },
    /// PyTorch's `linspace(from, to, n)` in `f32` as its vectorized kernels have it, product and sum fused.
    Torch { from: f64, to: f64 },
    /// TensorFlow's `level / last * span + from` in `f64`.
    Level { from: f64, span: f64 },
    /// The same from one number to another, and no further for a level beyond the last.
    Between { from: f64, to: f64 },
    /// `from` and as many whole steps as `level / last * span` has, `most` at most; down if `span` is negative.
    Steps { from: f64, span: f64, most: f64 },
    /// One value a magnitude.
    Table(&'static [f64]),
}

/// The unit of the number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Unit {
    One,
    Width,
    Height,
    ShorterSide,
}

/// The effect of the sign, which is drawn for each application.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Sign {
    /// There is none.
    None,
    /// Plus or minus the number.
    Mirrored,
    /// 1 plus or minus the number, but no less than this.
    AroundOne { least: f64 },
}

/// What becomes of fractions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Whole {
    Keep,
    Truncate,
    /// The half is truncated, and doubled.
    TruncateHalf,
    /// Truncated, plus one if it is not 0: a rectangle with both ends painted.
    BothEnds,
    Round,
}

/// The range of one operation's magnitude.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Range {
    pub scale: Scale,
    pub unit: Unit,
    pub sign: Sign,
    pub whole: Whole,
    /// Where the number is only the most that may be drawn, the least.
    pub random_from: Option<f64>,
}

impl Range {
    pub(crate) const NONE: Range = Range::of(Scale::Nothing, Sign::None);

    pub(crate) const fn of(scale: Scale, sign: Sign) -> Self {
        Range { scale, unit: Unit::One, sign, whole: Whole::Keep, random_from: None }
    }

    pub(crate) const fn level(from: f64, span: f64, sign: Sign) -> Self {
        Range::of(Scale::Level { from, span }, sign)
    }

    pub(crate) const fn unsigned(from: f64, to: f64) -> Self {
        Range::of(Scale::NumPy { from, to }, Sign::None)
    }

    pub(crate) const fn signed(from: f64, to: f64) -> Self {
        Range::of(Scale::NumPy { from, to }, Sign::Mirrored)
    }

    pub(crate) const fn around_one(to: f64) -> Self {
        Range::of(Scale::NumPy { from: 0.0, to }, Sign::AroundOne { least: 0.0 })
    }

    pub(crate) const fn of_width(self) -> Self {
        Range { unit: Unit::Width, ..self }
    }

    pub(crate) const fn of_height(self) -> Self {
        Range { unit: Unit::Height, ..self }
    }

    pub(crate) const fn of_shorter_side(self) -> Self {
        Range { unit: Unit::ShorterSide, ..self }
    }

    pub(crate) const fn whole(self) -> Self {
        Range { whole: Whole::Truncate, ..self }
    }

    pub(crate) const fn even(self) -> Self {
        Range { whole: Whole::TruncateHalf, ..self }
    }

    pub(crate) const fn with_both_ends(self) -> Self {
        Range { whole: Whole::BothEnds, ..self }
    }

    pub(crate) const fn rounded(self) -> Self {
        Range { whole: Whole::Round, ..self }
    }

    pub(crate) const fn random_from(self, lower: f64) -> Self {
        Range { random_from: Some(lower), ..self }
    }

    /// The number for `magnitude` of `0..=last`, on images of `size`, before the sign.
    pub fn number(&self, magnitude: f64, last: u32, size: Size) -> f64 {
        let of = match self.unit {
            Unit::One => 1.0,
            Unit::Width => size.width as f64,
            Unit::Height => size.height as f64,
            Unit::ShorterSide => size.width.min(size.height) as f64,
        };
        let number = match self.scale {
            Scale::Nothing => 0.0,
            Scale::NumPy { to, .. } if magnitude == f64::from(last) => to * of,
            Scale::NumPy { from, to } => (magnitude * ((to - from) / f64::from(last)) + from) * of,
            Scale::Torch { from, to } => torch_linspace(from * of, to * of, magnitude as u32, last),
            Scale::Level { from, span } => (magnitude / f64::from(last) * span + from) * of,
            Scale::Between { from, to } => (magnitude / f64::from(last) * (to - from) + from).clamp(from, to) * of,
            Scale::Steps { from, span, most } => {
                let steps = (magnitude / f64::from(last) * span.abs()).trunc().min(most);
                (from + steps.copysign(span)) * of
            }
            Scale::Table(values) => values.get(magnitude as usize).copied().unwrap_or_default() * of,
        };
        match self.whole {
            Whole::Keep => number,
            Whole::Truncate => number.trunc(),
            Whole::TruncateHalf => 2.0 * (number / 2.0).trunc(),
            Whole::BothEnds if number > 0.0 => number.trunc() + 1.0,
            Whole::BothEnds => 0.0,
            Whole::Round => number.round_ties_even(),
        }
    }
}

/// Element `i` of `torch.linspace(from, to, last + 1)` in `f32`: from both ends toward the middle.
fn torch_linspace(from: f64, to: f64, i: u32, last: u32) -> f64 {
    let (from, to) = (from as f32, to as f32);
    let step = (to - from) / last as f32;
    let value =
        if i < last.div_ceil(2) { step.mul_add(i as f32, from) } else { (-step).mul_add((last - i) as f32, to) };
    f64::from(value)
}
