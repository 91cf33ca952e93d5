//! `policy`: list, show, check, convert, import, compare and count policies.

mod compare;
mod stats;
mod stats_plot;

use std::collections::HashSet;
use std::path::PathBuf;

use anyhow::Context;
use autoaugment::policy::Framework;
use autoaugment::schemes::{TimmAugMix, TorchvisionAugMix};
use autoaugment::{Policy, Scheme};
use clap::{Subcommand, ValueEnum};
use serde::Serialize;

use crate::outcome::Outcome;
use crate::preview::columns;
use crate::terminal::{Terminal, counted};
use crate::{choices, terminal, values};

#[derive(Subcommand)]
pub enum PolicyCommand {
    /// List the named policies and schemes
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print a policy, or the operations of a scheme: imagenet, randaugment, rand-m9-mstd0.5, a file or text
    Show {
        /// Preset or scheme, file or text
        #[arg(value_name = "NAME|FILE|TEXT", value_parser = values::policies(), hide_possible_values = true)]
        policy: String,
        /// Print JSON, not text
        #[arg(long)]
        json: bool,
    },
    /// Check a policy file and print a summary
    Check {
        /// JSON or text file; - is standard input
        file: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print a policy file as JSON or as text
    Convert {
        /// JSON or text file; - is standard input
        file: PathBuf,
        /// The form to print
        #[arg(long, value_enum)]
        to: Form,
    },
    /// Print a policy from Python code: lists of steps, rows of values, calls of a class or dictionaries
    ///
    /// These are read: [[("Posterize", 0.4, 8), ("Rotate", 0.6, 9)]], [("Posterize", 0.4, 8, "Rotate", 0.6, 9)],
    /// [SubPolicy(0.4, "posterize", 8, 0.6, "rotate", 9, fillcolor)], and
    /// [[{"type": "Posterize", "prob": 0.4, "magnitude": 8}]].
    ///
    /// torchvision, timm, fast-autoaugment and deepvoltaire have conventions of their own here, which keep the meaning.
    /// The operations of kornia and dali are not Pillow's: the policy is read in the closest convention, and a notice
    /// names the differences.
    Import {
        /// The framework of the names and magnitudes
        #[arg(long, value_name = "FRAMEWORK", value_parser = values::frameworks())]
        from: Framework,
        /// File with the policy, alone or after `name =` or `return`; - is standard input
        file: PathBuf,
        /// Print JSON, not text
        #[arg(long)]
        json: bool,
    },
    /// Compare two conventions, or two policies, value by value
    ///
    /// Same means: every image of that size gets the same bytes, with each sign and interpolation. `none` means that
    /// the policy has no such step, or the convention no such magnitude. Probabilities are not compared.
    Compare(compare::Compare),
    /// Count how often a policy applies each operation, and how strongly, over many draws
    ///
    /// IMAGES is the part of images that it is applied to. The strength is the mean of its leading parameter without
    /// the sign. For Brightness, Color, Contrast and Sharpness it is the factor's distance from 1.
    Stats(Box<stats::Stats>),
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Form {
    Json,
    Text,
}

/// A line of `list`.
#[derive(Serialize)]
struct Named {
    name: &'static str,
    summary: &'static str,
}

/// The JSON of `show` for what is not a learned policy alone.
#[derive(Serialize)]
struct Shown<'a> {
    scheme: &'a Scheme,
    convention: &'static str,
    operations: Vec<&'static str>,
    /// As text, of a learned policy that a scheme draws from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sub_policies: Vec<String>,
}

/// The summary that `check` prints.
#[derive(Serialize)]
struct Contents {
    convention: &'static str,
    sub_policies: usize,
    most_steps: usize,
    operations: usize,
}

impl PolicyCommand {
    pub fn run(self, terminal: Terminal) -> anyhow::Result<Outcome> {
        match self {
            PolicyCommand::List { json } => list(json)?,
            PolicyCommand::Show { policy, json } => {
                let form = if json { Form::Json } else { Form::Text };
                match choices::find_scheme(&policy)? {
                    Scheme::Policy(policy) => print(&policy, form)?,
                    other => show(&other, form)?,
                }
            }
            PolicyCommand::Check { file, json } => {
                let policy = choices::read_policy(&file)?;
                let contents = Contents::of(&policy);
                if json {
                    terminal::json(&contents)?;
                } else {
                    let Contents { convention, sub_policies, most_steps, operations } = contents;
                    terminal::data(&format!(
                        "{}, {} at most, {}, convention {convention}",
                        counted(sub_policies, "sub-policy", "sub-policies"),
                        counted(most_steps, "step", "steps"),
                        counted(operations, "operation", "operations"),
                    ))?;
                }
            }
            PolicyCommand::Convert { file, to } => print(&choices::read_policy(&file)?, to)?,
            PolicyCommand::Import { from, file, json } => {
                let policy = Policy::import(&choices::read(&file)?, from);
                let policy = policy.with_context(|| terminal::name(&file))?;
                if let Some(caveat) = from.caveat() {
                    terminal.note(&format!("not what {from} does: {caveat}"));
                }
                print(&policy, if json { Form::Json } else { Form::Text })?;
            }
            PolicyCommand::Compare(compare) => compare.run()?,
            PolicyCommand::Stats(stats) => stats.run(terminal)?,
        }
        Ok(Outcome::Done)
    }
}

impl Contents {
    fn of(policy: &Policy) -> Self {
        let operations: HashSet<_> = policy.sub_policies.iter().flat_map(|s| s.steps.iter().map(|s| s.op)).collect();
        Contents {
            convention: policy.convention.name(),
            sub_policies: policy.sub_policies.len(),
            most_steps: policy.depth(),
            operations: operations.len(),
        }
    }
}

fn list(json: bool) -> anyhow::Result<()> {
    let named: Vec<_> = Scheme::forms().map(|(name, summary)| Named { name, summary }).collect();
    if json {
        return terminal::json(&named);
    }
    let lines: Vec<_> = named.iter().map(|n| vec![n.name.to_string(), n.summary.to_string()]).collect();
    terminal::data(&terminal::aligned(&lines, |_| false))
}

fn show(scheme: &Scheme, form: Form) -> anyhow::Result<()> {
    let operations: Vec<_> = scheme.operations().into_iter().map(|op| op.name()).collect();
    let convention = scheme.convention().name();
    let learned = columns::learned(scheme).into_iter().flat_map(|policy| &policy.sub_policies);
    let sub_policies: Vec<_> = learned.map(ToString::to_string).collect();
    match form {
        Form::Json => terminal::json(&Shown { scheme, convention, operations, sub_policies }),
        Form::Text => {
            let mut comments = vec![format!("# convention {convention}"), format!("# {}", operations.join(", "))];
            if let Scheme::TorchvisionAugMix(TorchvisionAugMix { depth: 0, .. })
            | Scheme::TimmAugMix(TimmAugMix { depth: 0, .. }) = scheme
            {
                comments.push("# depth 0: each branch has 1 to 3 operations, drawn anew".to_string());
            }
            comments.extend(sub_policies.iter().enumerate().map(|(i, sub)| format!("# sub-policy {}: {sub}", i + 1)));
            terminal::data(&format!("{scheme}\n{}", comments.join("\n")))
        }
    }
}

fn print(policy: &Policy, form: Form) -> anyhow::Result<()> {
    match form {
        Form::Json => terminal::data(&policy.to_json()),
        Form::Text => terminal::data(&policy.to_string()),
    }
}
