//! Listing: the names that the page offers, with one line of help each.

use autoaugment::{Convention, Interpolation, OpKind, Policy, Scheme};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::request::Request;

/// All policies, conventions, interpolations and operations.
pub fn all() -> Value {
    let form = |(form, help): (&str, &str)| json!({ "name": form, "help": help });
    let operation = |op: &OpKind| json!({ "name": op.name(), "help": op.summary() });
    let convention = |c: Convention| {
        let (with, signed): (Vec<_>, Vec<_>) =
            (names(|op| c.has_magnitude(op)).collect(), names(|op| c.is_signed(op)).collect());
        // A half is refused where only whole magnitudes have a value.
        let is_fractional = c.check(OpKind::Rotate, 0.5).is_ok();
        json!({
            "name": c.name(), "help": c.summary(), "last": c.last_magnitude(), "fractional": is_fractional,
            "with_magnitude": with, "signed": signed,
        })
    };
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "policies": Scheme::forms().map(form).collect::<Vec<_>>(),
        "conventions": Convention::ALL.map(convention),
        "interpolations": Interpolation::ALL.map(Interpolation::name),
        "operations": OpKind::ALL.iter().map(operation).collect::<Vec<_>>(),
    })
}

fn names(takes: impl Fn(OpKind) -> bool) -> impl Iterator<Item = &'static str> {
    OpKind::ALL.iter().filter(move |op| takes(**op)).map(|op| op.name())
}

/// What the page shows of a policy: its convention, and the steps if it is a learned one.
pub fn policy(request: &Request) -> Result<Value, Failure> {
    let own = request.own_scheme()?;
    let steps = match &own {
        Scheme::Policy(policy) => sub_policies(policy),
        _ => Value::Null,
    };
    Ok(json!({ "convention": own.convention().name(), "sub_policies": steps, "text": own.to_string() }))
}

fn sub_policies(policy: &Policy) -> Value {
    let step =
        |s: &autoaugment::Step| json!({ "op": s.op.name(), "probability": s.probability, "magnitude": s.magnitude });
    let steps = |s: &autoaugment::SubPolicy| Value::Array(s.steps.iter().map(step).collect());
    Value::Array(policy.sub_policies.iter().map(steps).collect())
}
