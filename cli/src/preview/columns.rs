//! Columns: what is applied in each column of a contact sheet.

use autoaugment::{Convention, Interpolation, Op, OpKind, Plan, PlannedImage, Policy, Sampler, Scheme, Shape};
use serde_json::{Value, json};

use crate::choices::Drawing;

/// A column before it is run.
pub struct Drawn {
    pub heading: String,
    pub details: Vec<String>,
    source: From,
}

enum From {
    /// A policy of one sub-policy, or another scheme, drawn for the samples `first`, `first + step`, ...
    Draws {
        sampler: Box<Sampler>,
        epoch: u64,
        first: u64,
        step: u64,
    },
    Magnitude {
        op: OpKind,
        convention: Convention,
        magnitude: f64,
        with: Vec<(&'static str, Value)>,
    },
}

/// One column for each of `numbers`, which count from 1.
///
/// Every cell of the sheet is a sample of its own, as equal samples have equal draws in all columns.
pub fn of_sub_policies(policy: &Policy, numbers: &[usize], drawing: &Drawing) -> anyhow::Result<Vec<Drawn>> {
    let column = |(i, &number): (usize, &usize)| {
        let sub_policy = policy.sub_policies[number - 1].clone();
        let details = sub_policy.steps.iter().map(|step| match policy.convention.has_magnitude(step.op) {
            true => format!("{} {}, p {}", step.op, step.magnitude, step.probability),
            false => format!("{}, p {}", step.op, step.probability),
        });
        let details = details.collect();
        let sampler = Box::new(drawing.sampler(Policy::new(policy.convention, vec![sub_policy])?)?);
        let source = From::Draws { sampler, epoch: drawing.epoch, first: i as u64, step: numbers.len() as u64 };
        Ok(Drawn { heading: format!("sub-policy {number}"), details, source })
    };
    numbers.iter().enumerate().map(column).collect()
}

/// Columns of draws of a scheme; every cell of the sheet is a sample of its own.
pub fn of_draws(scheme: &Scheme, count: usize, drawing: &Drawing) -> anyhow::Result<Vec<Drawn>> {
    let column = |i: usize| {
        let sampler = Box::new(drawing.sampler(scheme.clone())?);
        let source = From::Draws { sampler, epoch: drawing.epoch, first: i as u64, step: count as u64 };
        Ok(Drawn { heading: format!("draw {}", i + 1), details: vec![scheme.to_string()], source })
    };
    (0..count).map(column).collect()
}

/// One column a magnitude, or only one where there is none.
pub fn of_magnitudes(
    op: OpKind,
    convention: Convention,
    interpolation: Option<Interpolation>,
    fill: Option<[u8; 3]>,
) -> Vec<Drawn> {
    let count = if convention.has_magnitude(op) { usize::MAX } else { 1 };
    let mut with = Vec::new();
    with.extend(interpolation.map(|i| ("interpolation", json!(i))));
    with.extend(fill.map(|f| ("fill", json!(f))));
    let column = |magnitude| Drawn {
        heading: if convention.has_magnitude(op) { format!("magnitude {magnitude}") } else { op.to_string() },
        details: Vec::new(),
        source: From::Magnitude { op, convention, magnitude, with: with.clone() },
    };
    convention.magnitudes().take(count).map(column).collect()
}

impl Drawn {
    pub fn plan(&self, shape: Shape) -> anyhow::Result<Plan> {
        let rows = shape.images;
        match &self.source {
            From::Draws { sampler, epoch, first, step } => {
                let indices: Vec<_> = (0..rows as u64).map(|row| first + row * step).collect();
                Ok(sampler.plan(shape, *epoch, &indices)?)
            }
            From::Magnitude { op, convention, magnitude, with } => {
                let op = Sampler::resolve(*convention, *op, *magnitude, false, shape.size())?;
                let op = overridden(op, with)?;
                let image = |row: usize| {
                    let mut op = op.clone();
                    if let Op::SamplePairing(pairing) = &mut op {
                        pairing.partner = (row + 1) % rows;
                    }
                    PlannedImage { index: row as u64, ops: vec![op], ..Default::default() }
                };
                Ok(Plan::new((0..rows).map(image).collect()))
            }
        }
    }
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
