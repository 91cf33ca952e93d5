//! Columns: what each column of a sheet does to an image.

use autoaugment::{Convention, Interpolation, Op, OpKind, Plan, Policy, Sampler, Scheme, Size};
use serde_json::json;

use crate::failure::Failure;
use crate::request::{Request, View, within};

/// The most columns of a sheet.
const MOST: usize = 64;

/// A column before it is run.
pub struct Column {
    pub heading: String,
    pub details: Vec<String>,
    source: Source,
}

enum Source {
    /// A draw for the samples `first`, `first + step`, ...: every cell of a sheet is a sample of its own.
    Draw {
        sampler: Box<Sampler>,
        first: usize,
        step: usize,
    },
    Magnitude {
        op: OpKind,
        convention: Convention,
        magnitude: f64,
        negative: bool,
        with: Option<Interpolation>,
    },
    /// How far the two columns before it are apart.
    Difference,
}

impl Column {
    /// All columns of a sheet.
    pub fn all(request: &Request) -> Result<Vec<Column>, Failure> {
        match &request.view {
            View::Draws { columns } => draws(request, *columns),
            View::SubPolicies { numbers } => sub_policies(request, numbers),
            View::Sweep { op, magnitude, negative } => sweep(request, op, *magnitude, *negative),
            View::Compare { number, other, always } => compare(request, *number, other, *always),
        }
    }

    pub fn is_difference(&self) -> bool {
        matches!(self.source, Source::Difference)
    }

    /// The operations for images of one size. `rows` are their places among all images of the sheet.
    ///
    /// A difference has none: it is not drawn but computed from the columns before it.
    pub fn plan(&self, rows: &[usize], size: Size) -> Result<Vec<Vec<Op>>, Failure> {
        match &self.source {
            Source::Draw { sampler, first, step } => {
                let indices: Vec<_> = rows.iter().map(|row| (first + row * step) as u64).collect();
                let sizes = vec![size; rows.len()];
                let plan = sampler.plan(&sizes[..], 0, &indices).map_err(Failure::at("policy"))?;
                Ok(plan.into_images().into_iter().map(|image| image.ops).collect())
            }
            Source::Magnitude { op, convention, magnitude, negative, with } => {
                let op = resolve(*convention, *op, *magnitude, *negative, size, *with)?;
                Ok((0..rows.len()).map(|row| vec![paired(&op, (row + 1) % rows.len())]).collect())
            }
            Source::Difference => Ok(vec![Vec::new(); rows.len()]),
        }
    }
}

/// The sampler of a request for a policy or scheme.
pub fn sampler(request: &Request, scheme: Scheme) -> Result<Sampler, Failure> {
    let sampler = Sampler::new(scheme, request.seed()?).map_err(Failure::at("policy"))?;
    Ok(match request.interpolation()? {
        Some(interpolation) => sampler.interpolation(interpolation),
        None => sampler,
    })
}

/// One operation at a magnitude, with this interpolation if it has any.
pub fn resolve(
    convention: Convention,
    op: OpKind,
    magnitude: f64,
    negative: bool,
    size: Size,
    interpolation: Option<Interpolation>,
) -> Result<Op, Failure> {
    let op = Sampler::resolve(convention, op, magnitude, negative, size).map_err(Failure::at("magnitude"))?;
    let Some(interpolation) = interpolation else { return Ok(op) };
    let read = |error: serde_json::Error| Failure::new("interpolation", error.to_string());
    let mut value = serde_json::to_value(&op).map_err(read)?;
    if let Some(old) = value.get_mut("interpolation") {
        *old = json!(interpolation);
    }
    serde_json::from_value(value).map_err(read)
}

/// The operation with this partner, if it pairs images.
fn paired(op: &Op, partner: usize) -> Op {
    let mut op = op.clone();
    if let Op::SamplePairing(pairing) = &mut op {
        pairing.partner = partner;
    }
    op
}

fn check_count(field: &'static str, columns: usize) -> Result<(), Failure> {
    match (1..=MOST).contains(&columns) {
        true => Ok(()),
        false => Err(Failure::new(field, format!("{columns} columns: a sheet has 1 to {MOST}"))),
    }
}

fn draws(request: &Request, columns: usize) -> Result<Vec<Column>, Failure> {
    check_count("columns", columns)?;
    let sampler = sampler(request, request.scheme()?)?;
    let column = |i: usize| Column {
        heading: format!("draw {}", i + 1),
        details: Vec::new(),
        source: Source::Draw { sampler: Box::new(sampler.clone()), first: i, step: columns },
    };
    Ok((0..columns).map(column).collect())
}

/// A policy of the sub-policy of this number, which counts from 1.
fn only(policy: &Policy, number: usize) -> Result<Policy, Failure> {
    let last = policy.sub_policies.len();
    let found = number.checked_sub(1).and_then(|i| policy.sub_policies.get(i));
    let found = found.ok_or_else(|| {
        Failure::new("number", format!("there is no sub-policy {number}; this policy has the numbers 1 to {last}"))
    })?;
    Policy::new(policy.convention, vec![found.clone()]).map_err(Failure::at("policy"))
}

/// The steps of a policy with one sub-policy, for people.
fn steps(policy: &Policy) -> Vec<String> {
    let step = |step: &autoaugment::Step| match policy.convention.has_magnitude(step.op) {
        true => format!("{} {}, p {}", step.op, step.magnitude, step.probability),
        false => format!("{}, p {}", step.op, step.probability),
    };
    policy.sub_policies.iter().flat_map(|sub_policy| &sub_policy.steps).map(step).collect()
}

fn sub_policies(request: &Request, numbers: &[usize]) -> Result<Vec<Column>, Failure> {
    check_count("columns", numbers.len())?;
    let policy = request.policy()?;
    let column = |(i, &number): (usize, &usize)| {
        let one = only(&policy, number)?;
        let details = steps(&one);
        let source = Source::Draw { sampler: Box::new(sampler(request, one.into())?), first: i, step: numbers.len() };
        Ok(Column { heading: format!("sub-policy {number}"), details, source })
    };
    numbers.iter().enumerate().map(column).collect()
}

fn sweep(request: &Request, op: &str, magnitude: f64, negative: bool) -> Result<Vec<Column>, Failure> {
    let op = View::operation(op)?;
    let convention = request.convention()?.unwrap_or_default();
    let with = request.interpolation()?;
    let column = |heading, magnitude| Column {
        heading,
        details: Vec::new(),
        source: Source::Magnitude { op, convention, magnitude, negative, with },
    };
    if !convention.has_magnitude(op) {
        return Ok(vec![column(op.to_string(), 0.0)]);
    }
    convention.check(op, magnitude).map_err(Failure::at("magnitude"))?;
    let chosen = column(format!("magnitude {magnitude}, chosen"), magnitude);
    let every = convention.magnitudes().map(|m| column(format!("magnitude {m}"), m));
    Ok(std::iter::once(chosen).chain(every).collect())
}

fn compare(request: &Request, number: usize, other: &str, always: bool) -> Result<Vec<Column>, Failure> {
    let mut policy = only(&request.policy()?, number)?;
    let other: Convention = other.parse().map_err(Failure::at("other"))?;
    if always {
        policy.sub_policies.iter_mut().flat_map(|sub_policy| &mut sub_policy.steps).for_each(|s| s.probability = 1.0);
    }
    let column = |policy: Policy| {
        let (heading, details) = (policy.convention.to_string(), steps(&policy));
        // Both columns draw for the same samples.
        let source = Source::Draw { sampler: Box::new(sampler(request, policy.into())?), first: 0, step: 1 };
        Ok(Column { heading, details, source })
    };
    let difference = Column { heading: "difference".to_string(), details: Vec::new(), source: Source::Difference };
    let changed = within(policy.clone(), other, "other")?;
    Ok(vec![column(policy)?, column(changed)?, difference])
}

/// The plan of one operation for one image.
pub fn plan_of(op: Op) -> Plan {
    Plan::uniform(1, vec![op])
}
