//! `ops`: the operations, the values of their magnitudes, and their parameters.

use autoaugment::ops::Parameter;
use autoaugment::{Convention, OpKind, Sampler, Size};
use clap::Args;
use serde::Serialize;

use crate::outcome::Outcome;
use crate::{terminal, values};

#[derive(Args)]
pub struct Ops {
    /// Convention of the values
    #[arg(long, value_name = "NAME", default_value = "torchvision", value_parser = values::conventions())]
    convention: Convention,
    /// Size of the image; translations and cutouts are relative to it
    #[arg(long, value_name = "WIDTHxHEIGHT", default_value = "224x224")]
    size: Size,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The JSON of the command.
#[derive(Serialize)]
struct Table {
    convention: Convention,
    width: usize,
    height: usize,
    magnitudes: Vec<f64>,
    operations: Vec<Row>,
    forms: Vec<Form>,
}

/// The form of an operation in `--op` and in plans.
#[derive(Serialize)]
struct Form {
    op: OpKind,
    summary: &'static str,
    parameters: Vec<Parameter>,
}

#[derive(Serialize)]
struct Row {
    op: OpKind,
    summary: &'static str,
    /// The parameter that the magnitude sets; none for operations without a magnitude.
    parameter: Option<String>,
    signed: bool,
    /// The lower bound of a random value, whose upper bound is in `values`.
    #[serde(skip_serializing_if = "Option::is_none")]
    drawn_from: Option<f64>,
    /// One value per magnitude, with a positive sign.
    values: Vec<f64>,
    /// The same with a negative sign; none for operations without a sign.
    #[serde(skip_serializing_if = "Option::is_none")]
    negative_values: Option<Vec<f64>>,
}

impl Ops {
    pub fn run(self) -> anyhow::Result<Outcome> {
        let rows: Result<Vec<_>, _> = OpKind::ALL.iter().map(|&op| self.row(op)).collect();
        let operations = rows?;
        let form = |op: OpKind| Form { op, summary: op.summary(), parameters: op.parameters() };
        let forms: Vec<_> = values::all_operations().map(form).collect();
        if self.json {
            let Size { width, height } = self.size;
            let magnitudes = self.convention.magnitudes().collect();
            terminal::json(&Table { convention: self.convention, width, height, magnitudes, operations, forms })?;
        } else {
            terminal::data(&format!("{}\n\n{}", self.text(&operations), parameters(&forms)))?;
        }
        Ok(Outcome::Done)
    }

    fn row(&self, op: OpKind) -> anyhow::Result<Row> {
        let signed = self.convention.is_signed(op);
        let values = |negative| -> autoaugment::Result<Vec<f64>> {
            if !self.convention.has_magnitude(op) {
                return Ok(Vec::new());
            }
            let magnitudes = self.convention.magnitudes();
            magnitudes.map(|m| self.convention.value(op, m, negative, self.size)).collect()
        };
        Ok(Row {
            op,
            summary: op.summary(),
            parameter: self.parameter(op)?,
            signed,
            drawn_from: self.convention.random_lower_bound(op),
            values: values(false)?,
            negative_values: if signed { Some(values(true)?) } else { None },
        })
    }

    /// The parameter that the magnitude sets: the operation's first. Cutout is the exception, as its position is
    /// random.
    fn parameter(&self, op: OpKind) -> anyhow::Result<Option<String>> {
        if !self.convention.has_magnitude(op) {
            return Ok(None);
        }
        if op == OpKind::Cutout {
            return Ok(Some("width, height".to_string()));
        }
        let example = serde_json::to_value(Sampler::resolve(self.convention, op, 0.0, false, self.size)?)?;
        Ok(example.as_object().and_then(|o| o.keys().nth(1).cloned()))
    }

    fn text(&self, operations: &[Row]) -> String {
        let last = self.convention.last_magnitude();
        let magnitudes: Vec<_> = self.convention.magnitudes().collect();
        let mut lines = Vec::new();
        let mut heading = vec!["OPERATION".to_string(), "PARAMETER".to_string(), "SIGN".to_string()];
        heading.extend(magnitudes.iter().map(f64::to_string));
        heading.push("WHAT IT DOES".to_string());
        lines.push(heading);
        for row in operations {
            let (sign, shown) = row.unsigned();
            let sign = row.drawn_from.map_or_else(|| sign.to_string(), |least| format!("{least} to"));
            let mut cells = vec![row.op.to_string(), row.parameter.clone().unwrap_or_default(), sign];
            cells.extend((0..magnitudes.len()).map(|m| shown.get(m).map(|v| short(*v)).unwrap_or_default()));
            cells.push(row.summary.to_string());
            lines.push(cells);
        }
        let Size { width, height } = self.size;
        let name = self.convention;
        let is_number = |column: usize| (3..magnitudes.len() + 3).contains(&column);
        format!(
            "Values of magnitudes 0 to {last}, {name}, for images of {width} x {height}:\n\n{}",
            terminal::aligned(&lines, is_number)
        )
    }
}

/// Every parameter of every operation.
fn parameters(forms: &[Form]) -> String {
    let mut lines = vec![["OPERATION", "PARAMETER", "DEFAULT", "VALUES"].map(String::from).to_vec()];
    for form in forms {
        let name = |i: usize| if i == 0 { form.op.to_string() } else { String::new() };
        let line = |(i, p): (usize, &Parameter)| {
            vec![name(i), p.name.to_string(), p.default.clone().unwrap_or_default(), p.values.clone()]
        };
        match form.parameters.is_empty() {
            true => lines.push(vec![name(0), "none".to_string()]),
            false => lines.extend(form.parameters.iter().enumerate().map(line)),
        }
    }
    let heading = "Parameters of the operations, for --op \"Rotate(degrees=30)\" and for plans. A parameter without a \
                   default is required.";
    format!("{heading}\n\n{}", terminal::aligned(&lines, |_| false))
}

impl Row {
    /// The sign as a prefix, and the values without it: `1±` and 0.3 for the factors 1.3 and 0.7.
    fn unsigned(&self) -> (&'static str, Vec<f64>) {
        match &self.negative_values {
            None => ("", self.values.clone()),
            Some(negative) => {
                let around_one = self.values.iter().zip(negative).any(|(p, n)| *p != -n);
                if around_one {
                    ("1±", self.values.iter().map(|v| v - 1.0).collect())
                } else {
                    ("±", self.values.iter().map(|v| v.abs()).collect())
                }
            }
        }
    }
}

/// A number with at most two decimals, three where it is below 1.
fn short(value: f64) -> String {
    let scale = if value.abs() < 1.0 { 1000.0 } else { 100.0 };
    // Adding 0 makes of -0 what people write.
    format!("{}", (value * scale).round() / scale + 0.0)
}
