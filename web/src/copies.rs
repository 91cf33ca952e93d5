//! Copies: what the page shows, as text, JSON, Rust, Python and a command, to take along.

use autoaugment::{AugmenterConfig, Op, Size};
use serde::Serialize;

use crate::columns;
use crate::failure::Failure;
use crate::request::{Request, View};

/// The forms. Each of them works as it stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Copies {
    pub text: String,
    pub json: String,
    pub rust: String,
    pub python: String,
    pub command: String,
}

impl Copies {
    /// Of the policy, or of the operation of a sweep, for an image of `size`.
    pub fn of(request: &Request, size: Size) -> Result<Self, Failure> {
        match &request.view {
            View::Sweep { op, magnitude, negative } => {
                let op = View::operation(op)?;
                let convention = request.convention()?.unwrap_or_default();
                let interpolation = request.interpolation()?;
                columns::resolve(convention, op, *magnitude, *negative, size, interpolation).map(of_operation)
            }
            _ => of_policy(request),
        }
    }
}

fn of_policy(request: &Request) -> Result<Copies, Failure> {
    let scheme = request.scheme()?;
    let (seed, interpolation, convention) = (request.seed()?, request.interpolation()?, request.convention()?);
    let text = scheme.to_string();
    let config = AugmenterConfig { seed, interpolation, ..AugmenterConfig::new(scheme) };
    // A name stays a name. Other text says its convention itself.
    let (policy, convention) = match is_name(&request.policy) {
        true => (request.policy.trim(), convention),
        false => (text.as_str(), None),
    };

    let mut rust = vec!["Augmenter::builder(scheme)".to_string(), format!(".seed({seed})")];
    let mut python = vec![python_text(policy), format!("seed={seed}")];
    let mut options = vec![format!("--policy {}", shell(policy)), format!("--seed {seed}")];
    let mut names = vec!["Augmenter"];
    if let Some(convention) = convention {
        names.push("Convention");
        rust.push(format!(".convention(Convention::{convention:?})"));
        python.push(format!("convention=\"{convention}\""));
        options.push(format!("--convention {convention}"));
    }
    if let Some(interpolation) = interpolation {
        names.push("Interpolation");
        rust.push(format!(".interpolation(Interpolation::{interpolation:?})"));
        python.push(format!("interpolation=\"{interpolation}\""));
        options.push(format!("--interpolation {interpolation}"));
    }
    names.extend(["Result", "Scheme"]);
    let command = match &request.view {
        View::SubPolicies { numbers } => {
            let numbers: Vec<_> = numbers.iter().map(usize::to_string).collect();
            format!("autoaugment preview photos --sub-policies {}", numbers.join(","))
        }
        View::Draws { columns } => format!("autoaugment apply photos --out augmented --copies {columns}"),
        View::Compare { .. } | View::Sweep { .. } => "autoaugment apply photos --out augmented".to_string(),
    };
    Ok(Copies {
        json: config.to_json(),
        rust: format!(
            "use autoaugment::{{{}}};\n\n\
             /// Its `augment(&batch, epoch, &indices)` draws for each image and applies the draws.\n\
             pub fn augmenter() -> Result<Augmenter> {{\n    \
             let scheme: Scheme = {}.parse()?;\n    \
             {}\n        .build()\n}}\n",
            names.join(", "),
            rust_text(policy),
            rust.join("\n        "),
        ),
        python: format!(
            "from autoaugment import AutoAugment\n\n\
             augment = AutoAugment({})\n\
             # `images` is a list, or an array of uint8, N x H x W x C.\n\
             augmented = augment(images, index=range(len(images)), epoch=0)\n",
            python.join(", "),
        ),
        command: format!("{command} {}", options.join(" ")),
        text,
    })
}

fn of_operation(op: Op) -> Copies {
    let text = op.to_string();
    Copies {
        json: columns::plan_of(op).to_json(),
        rust: format!(
            "use autoaugment::{{Op, Plan, Result}};\n\n\
             /// `Executor::apply` takes it.\n\
             pub fn plan(images: usize) -> Result<Plan> {{\n    \
             let op: Op = {}.parse()?;\n    \
             Ok(Plan::uniform(images, vec![op]))\n}}\n",
            rust_text(&text),
        ),
        python: format!(
            "from autoaugment import AutoAugment, Plan\n\n\
             # `images` is a list, or an array of uint8, N x H x W x C.\n\
             augmented = AutoAugment().apply(images, Plan(len(images), [{}]))\n",
            python_text(&text),
        ),
        command: format!("autoaugment apply photos --out augmented --op {}", shell(&text)),
        text,
    }
}

/// Whether a policy's text is a preset's name or a scheme, and not a list of steps.
fn is_name(text: &str) -> bool {
    text.trim().chars().all(|c| c.is_alphanumeric() || "-_.".contains(c))
}

/// A text in Rust. Policies have no quotes and no backslashes, so a raw text needs no marks of its own.
fn rust_text(text: &str) -> String {
    match text.contains(['"', '\\']) {
        true => format!("r#\"{text}\"#"),
        false => format!("\"{text}\""),
    }
}

/// A text in Python.
fn python_text(text: &str) -> String {
    match text.contains(['\n', '"', '\\']) {
        true => format!("r\"\"\"{text}\"\"\""),
        false => format!("\"{text}\""),
    }
}

/// A text as one word of a shell.
fn shell(text: &str) -> String {
    match is_name(text) {
        true => text.to_string(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}
