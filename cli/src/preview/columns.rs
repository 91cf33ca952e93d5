//! Columns: what is applied in each column of a contact sheet.

use std::sync::Arc;

use anyhow::bail;
use autoaugment::{Convention, Interpolation, Op, OpKind, Plan, PlannedImage, Policy, Sampler, Scheme, Shape};
use serde_json::{Value, json};

use super::captions::rounded;

/// A column before it is run.
pub struct Column {
    pub heading: String,
    pub details: Vec<String>,
    what: What,
}

enum What {
    /// Draw `copy` of `copies` of each sample, as `apply --copies` makes them.
    Draw { sampler: Arc<Sampler>, epoch: u64, copy: u64, copies: u64 },
    /// Samples for which this sub-policy is drawn.
    SubPolicy { sampler: Arc<Sampler>, epoch: u64, number: usize, first: u64, step: u64 },
    /// An operation at a magnitude.
    Magnitude { op: OpKind, convention: Convention, magnitude: f64, with: Vec<(&'static str, Value)> },
    /// An operation with all its parameters.
    Fixed(Op),
}

/// Samples that are looked at for one with a sub-policy. Of the longest list each has one of 498.
const TRIES: u64 = 100_000;
/// Samples that are drawn at once to find one.
const AT_ONCE: u64 = 256;

/// One column for each of the numbers of sub-policies, which count from 1. Each cell shows a sample of its own.
pub fn of_sub_policies(policy: &Policy, numbers: &[usize], sampler: Sampler, epoch: u64) -> Vec<Column> {
    let sampler = Arc::new(sampler);
    let column = |(i, &number): (usize, &usize)| {
        let steps =
            policy.sub_policies[number - 1].steps.iter().map(|step| match policy.convention.has_magnitude(step.op) {
                true => format!("{} {}, p {}", step.op, rounded(step.magnitude), rounded(step.probability)),
                false => format!("{}, p {}", step.op, rounded(step.probability)),
            });
        let (first, step) = (i as u64, numbers.len() as u64);
        let what = What::SubPolicy { sampler: sampler.clone(), epoch, number, first, step };
        Column { heading: format!("sub-policy {number}"), details: steps.collect(), what }
    };
    numbers.iter().enumerate().map(column).collect()
}

/// Columns of draws.
pub fn of_draws(sampler: Sampler, epoch: u64, count: usize) -> Vec<Column> {
    let sampler = Arc::new(sampler);
    let column = |copy: usize| Column {
        heading: format!("draw {}", copy + 1),
        details: Vec::new(),
        what: What::Draw { sampler: sampler.clone(), epoch, copy: copy as u64, copies: count as u64 },
    };
    (0..count).map(column).collect()
}

/// One column a magnitude, or only one where there is none.
pub fn of_magnitudes(
    op: OpKind,
    convention: Convention,
    interpolation: Option<Interpolation>,
    fill: Option<[u8; 3]>,
) -> Vec<Column> {
    let count = if convention.has_magnitude(op) { usize::MAX } else { 1 };
    let mut with = Vec::new();
    with.extend(interpolation.map(|i| ("interpolation", json!(i))));
    with.extend(fill.map(|f| ("fill", json!(f))));
    let column = |magnitude| Column {
        heading: if convention.has_magnitude(op) { format!("magnitude {magnitude}") } else { op.to_string() },
        details: Vec::new(),
        what: What::Magnitude { op, convention, magnitude, with: with.clone() },
    };
    convention.magnitudes().take(count).map(column).collect()
}

/// A column of an operation with all its parameters.
pub fn of_operation(op: &Op) -> Column {
    Column { heading: op.caption(), details: Vec::new(), what: What::Fixed(op.clone()) }
}

/// The learned policy inside a scheme, if it has one.
pub fn learned(scheme: &Scheme) -> Option<&Policy> {
    match scheme {
        Scheme::Policy(policy) => Some(policy),
        Scheme::TimmAutoAugment(timm) => Some(timm.policy()),
        _ => None,
    }
}

impl Column {
    /// The operations of images of one shape. `places` are their positions in the data.
    pub fn plan(&self, shape: Shape, places: &[u64]) -> anyhow::Result<Plan> {
        match &self.what {
            What::Draw { sampler, epoch, copy, copies } => {
                let indices: Vec<_> = places.iter().map(|place| place * copies + copy).collect();
                Ok(sampler.plan(shape, *epoch, &indices)?)
            }
            What::SubPolicy { sampler, epoch, number, first, step } => {
                let found = |place: &u64| sample_with(sampler, *epoch, *number, shape, place * step + first);
                let indices = places.iter().map(found).collect::<anyhow::Result<Vec<_>>>()?;
                Ok(sampler.plan(shape, *epoch, &indices)?)
            }
            What::Magnitude { op, convention, magnitude, with } => {
                let op = Sampler::resolve(*convention, *op, *magnitude, false, shape.size())?;
                Ok(planned(&overridden(op, with)?, places))
            }
            What::Fixed(op) => Ok(planned(op, places)),
        }
    }
}

/// The first sample from `start` on, in large steps, for which the sub-policy is drawn.
fn sample_with(sampler: &Sampler, epoch: u64, number: usize, shape: Shape, start: u64) -> anyhow::Result<u64> {
    // Far from the samples of other cells.
    let candidate = |k: u64| start.wrapping_add(k << 32);
    for first in (0..TRIES).step_by(AT_ONCE as usize) {
        let indices: Vec<_> = (first..first + AT_ONCE).map(candidate).collect();
        let plan = sampler.plan(Shape { images: indices.len(), ..shape }, epoch, &indices)?;
        if let Some(image) = plan.images().iter().find(|image| image.sub_policy == Some(number)) {
            return Ok(image.index);
        }
    }
    bail!("sub-policy {number} was drawn for none of {TRIES} samples")
}

/// One operation for each image. A pairing takes the next image.
fn planned(op: &Op, places: &[u64]) -> Plan {
    let image = |(row, &index): (usize, &u64)| {
        let mut op = op.clone();
        if let Op::SamplePairing(pairing) = &mut op {
            pairing.partner = (row + 1) % places.len();
        }
        PlannedImage { index, ops: vec![op], ..Default::default() }
    };
    Plan::new(places.iter().enumerate().map(image).collect())
}

/// The operation with other values for those parameters that it has.
fn overridden(op: Op, with: &[(&str, Value)]) -> anyhow::Result<Op> {
    let mut value = serde_json::to_value(&op)?;
    for (name, new) in with {
        if let Some(old) = value.get_mut(name) {
            *old = new.clone();
        }
    }
    Ok(serde_json::from_value(value)?)
}
