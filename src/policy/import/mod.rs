//! Import: policies from Python code, with each framework's own names.

mod code;
mod forms;
mod literal;
mod names;

use std::fmt;
use std::str::FromStr;

use super::{Policy, Step, SubPolicy};
use crate::convention::Convention;
use crate::error::{Error, Result};
use forms::{FORMS, Parts};
use literal::{Literal, Value};
use names::Name;

/// The framework whose Python code a policy comes from. It fixes the names of operations and the meaning of magnitudes.
///
/// torchvision, timm, Fast AutoAugment and DeepVoltaire/AutoAugment have conventions of their own here, so the import
/// keeps their meaning. kornia and DALI have none, because their operations are not Pillow's. Their digits are read in
/// the closest convention, and [`Framework::caveat`] names the differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Framework {
    /// Pairs of `("Posterize", 0.4, 8)`, with `None` for no magnitude. The convention is `torchvision`.
    Torchvision,
    /// Lists of `('PosterizeOriginal', 0.4, 8)`. timm's names choose among the `timm` conventions. Names that occur in
    /// no single one of them together are refused. So are `TranslateX` and `TranslateY`, whose pixels timm's caller
    /// sets.
    Timm,
    /// Lists of `('Contrast', 0.832, 0.499)` with levels from 0 to 1. The convention is `fast-autoaugment`.
    FastAutoAugment,
    /// Calls of `SubPolicy(0.4, "posterize", 8, 0.6, "rotate", 9, fillcolor)`, as in DeepVoltaire/AutoAugment and its
    /// many copies. The convention is `deepvoltaire`, which has the fill.
    DeepVoltaire,
    /// Lists of `("posterize", 0.4, 8)`, read in convention `torchvision`.
    Kornia,
    /// Lists of `(posterize, 0.4, 6)` with 11 magnitudes, whose names are functions. Read in convention `tensorflow`.
    Dali,
}

impl Framework {
    /// All of them.
    pub const ALL: [Framework; 6] = [
        Framework::Torchvision,
        Framework::Timm,
        Framework::FastAutoAugment,
        Framework::Kornia,
        Framework::Dali,
        Framework::DeepVoltaire,
    ];

    /// The name on the command line: `fast-autoaugment`.
    pub fn name(self) -> &'static str {
        match self {
            Framework::Torchvision => "torchvision",
            Framework::Timm => "timm",
            Framework::FastAutoAugment => "fast-autoaugment",
            Framework::DeepVoltaire => "deepvoltaire",
            Framework::Kornia => "kornia",
            Framework::Dali => "dali",
        }
    }

    /// The difference between an imported policy and its framework's. `None` if the framework has a convention of its
    /// own.
    pub fn caveat(self) -> Option<&'static str> {
        match self {
            Framework::Torchvision | Framework::Timm | Framework::FastAutoAugment | Framework::DeepVoltaire => None,
            Framework::Kornia => Some(
                "kornia draws from the interval that a digit names, from minus to plus, takes 180 times the shear as \
                 degrees and computes in floats; here digits stand for the paper's values, as torchvision has them",
            ),
            Framework::Dali => Some(
                "DALI rounds Posterize and keeps one bit at least, may shift by parts of the side, and has kernels of \
                 its own; here magnitudes stand for TensorFlow's values, which its lists come from",
            ),
        }
    }
}

impl fmt::Display for Framework {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Framework {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Framework::ALL.into_iter().find(|s| s.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| Error::unknown("framework", name, Framework::ALL.map(Framework::name)))
    }
}

impl Policy {
    /// Reads a policy from Python code, in the forms in which it stands there:
    ///
    /// * sub-policies of `(operation, probability, magnitude)`: `[[("Posterize", 0.4, 8), ("Rotate", 0.6, 9)]]`
    /// * rows with three values for each step: `[("Posterize", 0.4, 8, "Rotate", 0.6, 9)]`
    /// * calls of a class: `[SubPolicy(0.4, "posterize", 8, 0.6, "rotate", 9, fillcolor)]`, or with names, `p1=0.4`
    /// * dictionaries: `[[{"type": "Posterize", "prob": 0.4, "magnitude": 8}]]`, or `dict(type=...)`
    ///
    /// If a number comes first, it is the probability, and the name comes second. Lists and tuples are the same, and
    /// operations are strings or bare names. A fill at the end of a call is not read. Lines of sub-policies need no
    /// list around them.
    ///
    /// The class or function around the list may stay, with its comments, docstring and further functions. Several
    /// lists need a `return` that joins them. Code is not run, and all other Python is refused.
    ///
    /// ```
    /// use autoaugment::{Convention, Policy, policy::Framework};
    /// let policy = Policy::import(
    ///     r#"
    ///     my_policy = [
    ///         (("Posterize", 0.4, 8), ("Rotate", 0.6, 9)),
    ///         (("Invert", 0.1, None), ("Contrast", 0.2, 6)),  # None: no magnitude
    ///     ]"#,
    ///     Framework::Torchvision,
    /// )?;
    /// assert_eq!(policy.convention, Convention::Torchvision);
    /// assert_eq!(policy.to_string().lines().nth(2), Some("Invert 0.1 0 + Contrast 0.2 6"));
    /// let error = Policy::import("[[('Rotat', 0.4, 8)]]", Framework::Timm).unwrap_err();
    /// assert_eq!(error.to_string(), "line 1, column 4: unknown operation `Rotat`; did you mean `Rotate`?");
    /// # Ok::<(), autoaugment::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::At`] with line and column, counted from 1, and the reason.
    pub fn import(text: &str, framework: Framework) -> Result<Self> {
        let root = code::read(text)?;
        let at = |literal: &Literal<'_>, e: Error| e.at(literal::place(text, literal.at));
        let shape = |literal: &Literal<'_>, message: &str| at(literal, syntax(message));

        let sub_policies = forms::sub_policies(&root).map_err(|(place, message)| shape(place, &message))?;
        if sub_policies.is_empty() {
            return Err(at(&root, Error::EmptyPolicy));
        }
        let mut read = Vec::with_capacity(sub_policies.len());
        let mut possible = framework.conventions().to_vec();
        for sub_policy in sub_policies {
            let steps = forms::steps(sub_policy).map_err(|(place, message)| shape(place, &message))?;
            if steps.is_empty() {
                return Err(at(sub_policy, Error::EmptySubPolicy));
            }
            let mut written = Vec::with_capacity(steps.len());
            for Parts { op, probability, magnitude } in steps {
                let Value::Name(text) = op.value else {
                    return Err(shape(op, &format!("an operation is a name; {FORMS}")));
                };
                let name = framework.operation(text).map_err(|e| at(op, e))?;
                possible.retain(|convention| name.conventions.contains(convention));
                if possible.is_empty() {
                    return Err(shape(op, &format!("no {framework} convention has `{text}` and the names before it")));
                }
                written.push(Written { name, probability, magnitude });
            }
            read.push(written);
        }

        // Not empty, see above.
        let convention = possible.first().copied().unwrap_or_default();
        let sub_policy = |steps: Vec<Written<'_, '_>>| {
            let steps = steps.into_iter().map(|step| step.checked(convention).map_err(|(place, e)| at(place, e)));
            Ok(SubPolicy { steps: steps.collect::<Result<_>>()? })
        };
        Ok(Policy { convention, sub_policies: read.into_iter().map(sub_policy).collect::<Result<_>>()? })
    }
}

/// A step whose operation is known.
struct Written<'l, 't> {
    name: Name,
    probability: &'l Literal<'t>,
    magnitude: &'l Literal<'t>,
}

impl<'l, 't> Written<'l, 't> {
    /// The step in a convention, or its error with the place.
    fn checked(&self, convention: Convention) -> Result<Step, (&'l Literal<'t>, Error)> {
        let op = self.name.op;
        let Value::Number(probability) = self.probability.value else {
            return Err((self.probability, syntax(&format!("{op}: the probability is a number"))));
        };
        let magnitude = match self.magnitude.value {
            Value::Number(magnitude) => magnitude,
            Value::None if !convention.has_magnitude(op) => 0.0,
            Value::None => {
                return Err((self.magnitude, syntax(&format!("{op}: the magnitude is None, and it needs one"))));
            }
            _ => return Err((self.magnitude, syntax(&format!("{op}: the magnitude is a number, or None")))),
        };
        let step = Step { op, probability, magnitude };
        step.check(convention).map_err(|e| match e {
            Error::Probability { .. } => (self.probability, e),
            e => (self.magnitude, e),
        })?;
        Ok(step)
    }
}

fn syntax(message: &str) -> Error {
    Error::Syntax { what: "policy", message: message.to_string() }
}
