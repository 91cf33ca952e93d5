//! `policy compare`: two conventions, or two policies, value by value.

use anyhow::bail;
use autoaugment::ops::Category;
use autoaugment::{Convention, Interpolation, Op, OpKind, Policy, Sampler, Scheme, Size};
use clap::Args;
use serde::Serialize;

use crate::{choices, terminal, values};

#[derive(Args)]
pub struct Compare {
    /// Convention, or a policy: preset, file or text
    #[arg(value_name = "A", value_parser = values::policies_and_conventions(), hide_possible_values = true)]
    a: String,
    /// The same. If A is a policy and B a convention, B reads A, and the reverse
    #[arg(value_name = "B", value_parser = values::policies_and_conventions(), hide_possible_values = true)]
    b: String,
    /// The policy that two conventions read [default: imagenet]
    #[arg(long, value_name = "NAME|FILE|TEXT", value_parser = values::policies(), hide_possible_values = true)]
    policy: Option<String>,
    /// Size of the image; translations and cutouts are relative to it
    #[arg(long, value_name = "WIDTHxHEIGHT", default_value = "224x224")]
    size: Size,
    /// Print JSON, with the operations in full
    #[arg(long)]
    json: bool,
}

/// The comparison as JSON.
#[derive(Serialize)]
struct Comparison {
    a: Side,
    b: Side,
    width: usize,
    height: usize,
    values: Vec<Row>,
}

#[derive(Serialize)]
struct Side {
    /// None for a policy without a name.
    policy: Option<String>,
    convention: Convention,
}

/// One operation at one magnitude.
#[derive(Serialize)]
struct Row {
    op: OpKind,
    /// None where neither side has magnitudes for it.
    magnitude: Option<f64>,
    /// The operations; none if the policy has no such step or the convention no such magnitude.
    a: Vec<Op>,
    b: Vec<Op>,
    same: bool,
}

impl Compare {
    pub fn run(self) -> anyhow::Result<()> {
        let conventions = [&self.a, &self.b].map(|side| side.parse::<Convention>().ok());
        let read = |side: &str| match choices::find_scheme(side)? {
            Scheme::Policy(policy) => Ok(policy),
            other => bail!("{other} is not a learned policy"),
        };
        if self.policy.is_some() && conventions.contains(&None) {
            bail!("--policy needs two conventions to read it; `{}` and `{}` are not two conventions", self.a, self.b);
        }
        let in_convention = |policy: &Policy, convention| Policy { convention, ..policy.clone() };
        let (a, b, names) = match conventions {
            [Some(a), Some(b)] => {
                let name = self.policy.as_deref().unwrap_or(choices::DEFAULT_POLICY);
                let policy = read(name)?;
                (in_convention(&policy, a), in_convention(&policy, b), [name, name])
            }
            [Some(a), None] => {
                let policy = read(&self.b)?;
                (in_convention(&policy, a), policy, [&self.b[..], &self.b])
            }
            [None, Some(b)] => {
                let policy = read(&self.a)?;
                (policy.clone(), in_convention(&policy, b), [&self.a[..], &self.a])
            }
            [None, None] => (read(&self.a)?, read(&self.b)?, [&self.a[..], &self.b]),
        };
        let is_name = |text: &&str| !text.trim().contains(char::is_whitespace);
        let [policy_a, policy_b] = names.map(|name| Some(name).filter(is_name).map(str::to_string));
        let comparison = Comparison {
            width: self.size.width,
            height: self.size.height,
            values: rows(&a, &b, self.size)?,
            a: Side { policy: policy_a, convention: a.convention },
            b: Side { policy: policy_b, convention: b.convention },
        };
        if self.json {
            terminal::json(&comparison)?;
        } else {
            terminal::data(&comparison.text())?;
        }
        Ok(())
    }
}

/// Each operation at each magnitude that either policy has, in the order of operations and magnitudes.
fn rows(a: &Policy, b: &Policy, size: Size) -> anyhow::Result<Vec<Row>> {
    let key = |op: OpKind, magnitude: f64| {
        let matters = a.convention.has_magnitude(op) || b.convention.has_magnitude(op);
        (op, matters.then_some(magnitude))
    };
    let keys = |policy: &Policy| -> Vec<_> {
        policy.sub_policies.iter().flat_map(|s| s.steps.iter().map(|s| key(s.op, s.magnitude))).collect()
    };
    let [in_a, in_b] = [keys(a), keys(b)];
    let mut all: Vec<_> = in_a.iter().chain(&in_b).copied().collect();
    all.sort_by(|(op, m), (other, n)| op.cmp(other).then(m.unwrap_or(0.0).total_cmp(&n.unwrap_or(0.0))));
    all.dedup();
    let row = |key: (OpKind, Option<f64>)| -> anyhow::Result<Row> {
        let (op, magnitude) = key;
        let of = |policy: &Policy, keys: &[(OpKind, Option<f64>)]| match keys.contains(&key) {
            true => applied(policy.convention, op, magnitude.unwrap_or(0.0), size),
            false => Ok(Vec::new()),
        };
        let (a, b) = (of(a, &in_a)?, of(b, &in_b)?);
        let are_in = |ops: &[Op], others: &[Op]| ops.iter().all(|op| others.iter().any(|o| op.does_the_same(o, size)));
        let same = !a.is_empty() && are_in(&a, &b) && are_in(&b, &a);
        Ok(Row { op, magnitude, a, b, same })
    };
    all.into_iter().map(row).collect()
}

/// Every operation that a convention may apply for a magnitude: with both signs, and with each interpolation. Of values
/// drawn from a span, it is the ends.
fn applied(convention: Convention, op: OpKind, magnitude: f64, size: Size) -> anyhow::Result<Vec<Op>> {
    if convention.check(op, magnitude).is_err() {
        return Ok(Vec::new());
    }
    let mut applied = Vec::new();
    let signs = if convention.is_signed(op) { &[false, true][..] } else { &[false] };
    for &negative in signs {
        let resolved = Sampler::resolve(convention, op, magnitude, negative, size)?;
        let interpolations = match convention.random_interpolation() && op.category() == Category::Warp {
            true => vec![Interpolation::Bilinear, Interpolation::Bicubic],
            false => vec![convention.interpolation(op)],
        };
        for interpolation in interpolations {
            let made = with(&resolved, "interpolation", interpolation)?;
            if !applied.contains(&made) {
                applied.push(made);
            }
        }
        if let Some(least) = convention.random_lower_bound(op) {
            applied.push(with(&resolved, "radius", least)?);
        }
    }
    Ok(applied)
}

/// The operation with another value of a parameter, if it has that.
fn with(op: &Op, parameter: &str, value: impl Serialize) -> anyhow::Result<Op> {
    let mut fields = serde_json::to_value(op)?;
    if let Some(field) = fields.get_mut(parameter) {
        *field = serde_json::to_value(value)?;
    }
    Ok(serde_json::from_value(fields)?)
}

impl Comparison {
    fn text(&self) -> String {
        let side = |side: &Side| {
            let policy = side.policy.as_deref().unwrap_or("the policy");
            format!("{policy} in convention {}", side.convention)
        };
        let mut lines = vec![["OPERATION", "MAGNITUDE", "A", "B", "SAME"].map(String::from).to_vec()];
        lines.extend(self.values.iter().map(|row| {
            let magnitude = row.magnitude.map_or("-".to_string(), |m| m.to_string());
            let same = if row.same { "yes" } else { "no" };
            vec![row.op.to_string(), magnitude, cell(&row.a), cell(&row.b), same.to_string()]
        }));
        let same = self.values.iter().filter(|row| row.same).count();
        format!(
            "A: {}\nB: {}\n{same} of {} values are the same for images of {} x {}\n\n{}",
            side(&self.a),
            side(&self.b),
            self.values.len(),
            self.width,
            self.height,
            terminal::aligned(&lines, |_| false)
        )
    }
}

/// The operations in a few words: `±30 nearest, fill 128`.
fn cell(ops: &[Op]) -> String {
    let Some(first) = ops.first() else { return "none".to_string() };
    let fields: Vec<_> = ops.iter().filter_map(|op| serde_json::to_value(op).ok()).collect();
    let texts = |name: &str| {
        let mut texts = Vec::new();
        for text in fields.iter().filter_map(|f| Some(f.get(name)?.as_str()?.to_string())) {
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        texts.join(" or ")
    };
    // The parameter that the magnitude sets is the operation's first, but for Cutout, whose first are drawn.
    let parameter = |f: &serde_json::Value| match first.kind() {
        OpKind::Cutout => f.get("width")?.as_f64(),
        _ => f.as_object()?.values().nth(1)?.as_f64(),
    };
    // Enough to tell binary32 from binary64; JSON has them in full. Adding 0 makes of -0 what people write.
    let short = |v: f64| (v * 1e8).round() / 1e8 + 0.0;
    let mut numbers: Vec<f64> = fields.iter().filter_map(parameter).map(short).collect();
    numbers.sort_by(f64::total_cmp);
    numbers.dedup();
    let mut words = vec![match numbers[..] {
        [] => "applied".to_string(),
        [low, high] if low == -high => format!("±{high}"),
        // Blurs have no sign: these are the ends of what is drawn.
        [low, high] if first.kind() == OpKind::GaussianBlur => format!("{low} to {high}"),
        _ => numbers.iter().map(|n| n.to_string()).collect::<Vec<_>>().join(" or "),
    }];
    words.push(texts("interpolation"));
    if let Some(fill) = fields.first().and_then(|f| f.get("fill")).and_then(|f| f.as_array()) {
        let all: Vec<_> = fill.iter().map(ToString::to_string).collect();
        let is_gray = all.iter().all(|v| Some(v) == all.first());
        words.push(format!("fill {}", if is_gray { all[0].clone() } else { all.join(",") }));
    }
    words.retain(|word| !word.is_empty());
    words.join(" ")
}
