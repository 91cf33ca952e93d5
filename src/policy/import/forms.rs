//! Forms: the ways in which a policy is written, each as sub-policies of three parts a step.

use super::literal::{Argument, Literal, Value};

/// The forms that are read, for errors.
pub(super) const FORMS: &str = "the forms are [[(\"Posterize\", 0.4, 8), (\"Rotate\", 0.6, 9)], ...], \
     [(\"Posterize\", 0.4, 8, \"Rotate\", 0.6, 9), ...], \
     [SubPolicy(0.4, \"posterize\", 8, 0.6, \"rotate\", 9, fillcolor), ...] and \
     [[{\"type\": \"Posterize\", \"prob\": 0.4, \"magnitude\": 8}, ...], ...]";

/// A step's parts.
pub(super) struct Parts<'l, 't> {
    pub op: &'l Literal<'t>,
    pub probability: &'l Literal<'t>,
    pub magnitude: &'l Literal<'t>,
}

/// A place and what is wrong there.
pub(super) type Refusal<'l, 't> = (&'l Literal<'t>, String);

/// The names of the parts of a step in a dictionary, and in calls with names: `operation1`, `magnitude_idx1`, `p1`.
const OPERATIONS: [&str; 5] = ["type", "op", "name", "operation", "method"];
const PROBABILITIES: [&str; 3] = ["prob", "probability", "p"];
const MAGNITUDES: [&str; 4] = ["magnitude", "magnitude_idx", "level", "mag"];

/// The sub-policies of a policy.
pub(super) fn sub_policies<'l, 't>(root: &'l Literal<'t>) -> Result<Vec<&'l Literal<'t>>, Refusal<'l, 't>> {
    match &root.value {
        Value::List(parts) if parts.first().is_some_and(is_step) || is_row(parts) => Ok(vec![root]),
        Value::List(parts) => Ok(parts.iter().collect()),
        Value::Call(..) => Ok(vec![root]),
        _ => Err((root, format!("a policy is a list of sub-policies; {FORMS}"))),
    }
}

/// The steps of a sub-policy.
pub(super) fn steps<'l, 't>(sub_policy: &'l Literal<'t>) -> Result<Vec<Parts<'l, 't>>, Refusal<'l, 't>> {
    match &sub_policy.value {
        Value::List(parts) if is_row(parts) => row(&parts.iter().collect::<Vec<_>>()),
        Value::List(steps) => steps.iter().map(step).collect(),
        Value::Dict(fields) => Ok(vec![named(sub_policy, fields)?]),
        Value::Call("dict", _) => Ok(vec![step(sub_policy)?]),
        Value::Call(_, arguments) => call(sub_policy, arguments),
        _ => Err((sub_policy, format!("a sub-policy is a list of steps; {FORMS}"))),
    }
}

fn step<'l, 't>(step: &'l Literal<'t>) -> Result<Parts<'l, 't>, Refusal<'l, 't>> {
    match &step.value {
        Value::List(parts) => match &parts[..] {
            [op, probability, magnitude] => Ok(in_order([op, probability, magnitude])),
            parts => {
                let there = parts.len();
                Err((step, format!("a step is (operation, probability, magnitude), and this has {there}; {FORMS}")))
            }
        },
        Value::Dict(fields) => named(step, fields),
        Value::Call("dict", arguments) => {
            let field = |argument: &'l Argument<'t>| argument.name.map(|name| (name, &argument.value));
            let fields: Option<Vec<_>> = arguments.iter().map(field).collect();
            let fields = fields.ok_or_else(|| (step, "each argument of `dict` has a name".to_string()))?;
            fields_of(step, fields.into_iter())
        }
        _ => Err((step, format!("a step is (operation, probability, magnitude); {FORMS}"))),
    }
}

/// Three parts, of which a number in front is the probability.
fn in_order<'l, 't>([first, second, magnitude]: [&'l Literal<'t>; 3]) -> Parts<'l, 't> {
    match (&first.value, &second.value) {
        (Value::Number(_), Value::Name(_)) => Parts { op: second, probability: first, magnitude },
        _ => Parts { op: first, probability: second, magnitude },
    }
}

/// The steps of a sub-policy whose values stand in a row, three for each step.
fn row<'l, 't>(parts: &[&'l Literal<'t>]) -> Result<Vec<Parts<'l, 't>>, Refusal<'l, 't>> {
    let three = |parts: &[&'l Literal<'t>]| match parts {
        [first, second, third] => Some(in_order([first, second, third])),
        _ => None,
    };
    Ok(parts.chunks_exact(3).filter_map(three).collect())
}

/// Whether values stand in a row: six or more, three for each step, with a name among the first two.
fn is_row(parts: &[Literal<'_>]) -> bool {
    let is_name = |place: usize| parts.get(place).is_some_and(|part| matches!(part.value, Value::Name(_)));
    let is_number = parts.first().is_some_and(|part| matches!(part.value, Value::Number(_)));
    parts.len() >= 6 && parts.len().is_multiple_of(3) && (is_name(0) || is_number && is_name(1))
}

fn is_step(literal: &Literal<'_>) -> bool {
    match &literal.value {
        Value::List(parts) => {
            let first_two = parts.iter().take(2).any(|part| matches!(part.value, Value::Name(_)));
            !is_row(parts) && first_two
        }
        Value::Dict(_) | Value::Call("dict", _) => true,
        _ => false,
    }
}

/// `SubPolicy(0.4, "posterize", 8, 0.6, "rotate", 9, fillcolor)`. The fill has a convention of its own, so it is not
/// read.
fn call<'l, 't>(place: &'l Literal<'t>, arguments: &'l [Argument<'t>]) -> Result<Vec<Parts<'l, 't>>, Refusal<'l, 't>> {
    let is_fill = |name: &str| matches!(name, "fillcolor" | "fill");
    let (named, positional): (Vec<_>, Vec<_>) = arguments.iter().partition(|argument| argument.name.is_some());
    let named = named.into_iter().filter(|argument| !argument.name.is_some_and(is_fill)).collect::<Vec<_>>();
    if positional.is_empty() && !named.is_empty() {
        // p1, operation1, magnitude_idx1, p2, ...
        let number = |name: &'t str| name.find(|c: char| c.is_ascii_digit()).map(|at| name.split_at(at));
        let mut steps: Vec<(&str, Vec<(&str, &Literal<'t>)>)> = Vec::new();
        for argument in named {
            let name = argument.name.unwrap_or_default();
            let (field, number) = number(name).unwrap_or((name, ""));
            match steps.iter_mut().find(|(known, _)| *known == number) {
                Some((_, fields)) => fields.push((field, &argument.value)),
                None => steps.push((number, vec![(field, &argument.value)])),
            }
        }
        // The number says which step comes first, wherever the argument stands.
        steps.sort_by_key(|(number, _)| number.parse::<u32>().ok());
        return steps.into_iter().map(|(_, fields)| fields_of(place, fields.into_iter())).collect();
    }
    if let Some(argument) = named.first() {
        let name = argument.name.unwrap_or_default();
        return Err((&argument.value, format!("`{name}` is no argument that is read; {FORMS}")));
    }
    let values: Vec<_> = positional.iter().map(|argument| &argument.value).collect();
    let steps = values.len() - values.len() % 3;
    // A number may also begin a step that is not complete. A gray is no probability that makes sense.
    let is_gray = |number: f64| number == 0.0 || (number.fract() == 0.0 && (2.0..=255.0).contains(&number));
    let is_fill = |value: &&Literal<'_>| match value.value {
        Value::Name(_) | Value::List(_) | Value::None => true,
        Value::Number(number) => is_gray(number),
        _ => false,
    };
    match values[steps..] {
        [] => {}
        [fill] if steps > 0 && is_fill(&fill) => {}
        _ => {
            let there = values.len();
            return Err((
                place,
                format!("a call has three values for each step and a fill, and this has {there}; {FORMS}"),
            ));
        }
    }
    row(&values[..steps])
}

/// A step whose parts have names.
fn named<'l, 't>(
    step: &'l Literal<'t>,
    fields: &'l [(Literal<'t>, Literal<'t>)],
) -> Result<Parts<'l, 't>, Refusal<'l, 't>> {
    let mut named = Vec::with_capacity(fields.len());
    for (key, value) in fields {
        let Value::Name(name) = key.value else { return Err((key, format!("a key is a text; {FORMS}"))) };
        named.push((name, value));
    }
    fields_of(step, named.into_iter())
}

fn fields_of<'l, 't>(
    step: &'l Literal<'t>,
    fields: impl Iterator<Item = (&'t str, &'l Literal<'t>)>,
) -> Result<Parts<'l, 't>, Refusal<'l, 't>> {
    let (mut op, mut probability, mut magnitude) = (None, None, None);
    for (name, value) in fields {
        let place = match name {
            _ if OPERATIONS.contains(&name) => &mut op,
            _ if PROBABILITIES.contains(&name) => &mut probability,
            _ if MAGNITUDES.contains(&name) => &mut magnitude,
            _ => {
                let [ops, probabilities, magnitudes] =
                    [&OPERATIONS[..], &PROBABILITIES, &MAGNITUDES].map(|names| names.join(", "));
                let known =
                    format!("an operation ({ops}), a probability ({probabilities}), a magnitude ({magnitudes})");
                return Err((value, format!("a step has {known}, and no `{name}`")));
            }
        };
        if place.replace(value).is_some() {
            return Err((value, format!("a step has one `{name}`")));
        }
    }
    match (op, probability, magnitude) {
        (Some(op), Some(probability), Some(magnitude)) => Ok(Parts { op, probability, magnitude }),
        (op, probability, _) => {
            let missing = match (op, probability) {
                (None, _) => OPERATIONS[0],
                (_, None) => PROBABILITIES[0],
                _ => MAGNITUDES[0],
            };
            Err((step, format!("a step has an operation, a probability and a magnitude; `{missing}` is missing")))
        }
    }
}
