//! Grid: a row for each image, a column for each sub-policy, draw, magnitude or entry of a plan.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use autoaugment::{PlannedImage, Shape};

use super::cells::{self, Cells};
use super::columns::Column;
use super::pool::Chosen;
use super::sheet::{self, Band, Cell, Heading};
use super::{Preview, Run};
use crate::choices;
use crate::outcome::Outcome;
use crate::run::{Entry, Source, Work, entries};
use crate::terminal;

/// Operations of each image and column. Partners are images.
#[derive(Default)]
struct Planned(BTreeMap<cells::Place, PlannedImage>);

impl Planned {
    /// The work of these images, each with its original in column 0. Partners become the numbers of originals.
    fn work(mut self, images: usize) -> anyhow::Result<Work> {
        (0..images).for_each(|image| drop(self.0.insert((image, 0), PlannedImage::default())));
        let number = |image: usize| self.0.keys().position(|place| *place == (image, 0));
        let originals: Vec<usize> = (0..images).filter_map(number).collect();
        let (mut planned, mut of) = (Vec::new(), Vec::new());
        for (id, (&(input, copy), image)) in self.0.iter().enumerate() {
            let ops = entries::renumbered(&image.ops, |partner| originals.get(partner).copied());
            let ops = ops.context("a SamplePairing has a partner that is not there")?;
            planned.push(PlannedImage { ops, ..image.clone() });
            of.push(Entry { id, input, copy });
        }
        Ok(Work::Replay { planned, entries: of })
    }
}

impl Preview {
    /// A row for each chosen image.
    pub(super) fn grid(&self, run: Run<'_>, columns: &[Column]) -> anyhow::Result<(Vec<Band>, Outcome)> {
        let chosen = self.chosen(&run);
        sheet::check_cells(self.size, chosen.len(), columns.len() + 1)?;
        let mut planned = Planned::default();
        let mut are_all_planned = true;
        for (shape, inputs) in by_shape(&chosen) {
            let places: Vec<_> = inputs.iter().map(|&input| chosen.images[input] as u64).collect();
            let plans = columns.iter().map(|column| column.plan(shape, &places));
            let plans = match plans.collect::<anyhow::Result<Vec<_>>>() {
                Ok(plans) => plans,
                Err(error) => {
                    are_all_planned = false;
                    run.refuse(&chosen, &inputs, &error);
                    continue;
                }
            };
            for (k, plan) in plans.into_iter().enumerate() {
                for (&input, image) in inputs.iter().zip(plan.into_images()) {
                    // Partners are positions among images of one shape.
                    let ops = entries::renumbered(&image.ops, |partner| inputs.get(partner).copied());
                    let image = PlannedImage { ops: ops.unwrap_or_default(), ..image };
                    planned.0.insert((input, k + 1), image);
                }
            }
        }
        let headings = columns.iter().map(|c| Heading { text: c.heading.clone(), details: c.details.clone() });
        let headings = headings.collect();
        let rows = chosen.len();
        let (bands, outcome) = self.arranged(run, &chosen, planned, rows, headings)?;
        Ok((bands, if are_all_planned { outcome } else { Outcome::SomeFailed }))
    }

    /// A row for each of the first images that the plan has, with its entries.
    pub(super) fn planned(&self, run: Run<'_>, path: &std::path::Path) -> anyhow::Result<(Vec<Band>, Outcome)> {
        let plan = choices::read_plan(path)?;
        let name = terminal::name(path);
        let all = Chosen { pool: run.pool, images: (0..run.pool.len()).collect() };
        let find = |name: &str| run.pool.find(name);
        let work = entries::of_plan(plan.into_images(), &all, find).with_context(|| name.clone())?;
        let Work::Replay { planned: images, entries: of } = work else { bail!("{name}: it has no entries") };
        let mut shown: Vec<usize> = of.iter().map(|entry| entry.input).collect();
        shown.sort_unstable();
        shown.dedup();
        shown.truncate(self.images as usize);
        let rows = shown.len();
        let columns = of.iter().filter(|entry| shown.contains(&entry.input)).map(|entry| entry.copy + 1).max();
        let columns = columns.unwrap_or(0);
        sheet::check_cells(self.size, rows, columns + 1)?;
        let mut planned = Planned::default();
        for (entry, image) in of.iter().zip(&images) {
            let Some(row) = shown[..rows].iter().position(|input| *input == entry.input) else { continue };
            // Those that are partners only come behind the rows.
            let place = |partner: usize| {
                let input = of.get(partner)?.input;
                let known = shown.iter().position(|shown| *shown == input);
                Some(known.unwrap_or_else(|| {
                    shown.push(input);
                    shown.len() - 1
                }))
            };
            let ops = renumbered(image, place).unwrap_or_default();
            planned.0.insert((row, entry.copy + 1), PlannedImage { ops, ..image.clone() });
        }
        let heading = |k| Heading { text: format!("entry {k}"), ..Heading::default() };
        let chosen = Chosen { pool: run.pool, images: shown };
        self.arranged(run, &chosen, planned, rows, (1..=columns).map(heading).collect())
    }

    /// Runs what is planned, and puts the cells of the first `rows` images into bands.
    fn arranged(
        &self,
        run: Run<'_>,
        chosen: &Chosen<'_>,
        planned: Planned,
        rows: usize,
        headings: Vec<Heading>,
    ) -> anyhow::Result<(Vec<Band>, Outcome)> {
        let work = planned.work(chosen.len())?;
        let sink = Cells::new(&run, chosen, self.size, rows)?;
        let (mut cells, outcome) = run.cells(chosen, &work, sink)?;
        let mut lines: Vec<(Cell, Vec<Option<Cell>>)> = Vec::new();
        for row in 0..rows {
            let Some(mut original) = cells.remove(&(row, 0)) else { continue };
            original.caption = chosen.pool.names(chosen.images[row]);
            original.is_changed = true;
            lines.push((original, (1..=headings.len()).map(|column| cells.remove(&(row, column))).collect()));
        }
        Ok((bands(lines, headings, sheet::columns_of_a_line(self.size)), outcome))
    }
}

/// Columns that do not fit beside one another go on below, behind the originals again; one image's go on alone.
fn bands(lines: Vec<(Cell, Vec<Option<Cell>>)>, headings: Vec<Heading>, width: usize) -> Vec<Band> {
    let original = Heading { text: "original".to_string(), ..Heading::default() };
    if let [(cell, cells)] = &lines[..] {
        let cells: Vec<_> = std::iter::once(Some(cell.clone())).chain(cells.iter().cloned()).collect();
        let headings: Vec<_> = std::iter::once(original).chain(headings).collect();
        let band = |(cells, headings): (&[Option<Cell>], &[Heading])| Band {
            headings: headings.to_vec(),
            rows: vec![cells.to_vec()],
        };
        return cells.chunks(width).zip(headings.chunks(width)).map(band).collect();
    }
    let of_band = |k: usize| {
        let own = k * (width - 1)..headings.len().min((k + 1) * (width - 1));
        let row = |(cell, cells): &(Cell, Vec<Option<Cell>>)| {
            std::iter::once(Some(cell.clone())).chain(cells[own.clone()].iter().cloned()).collect()
        };
        Band {
            headings: std::iter::once(original.clone()).chain(headings[own.clone()].iter().cloned()).collect(),
            rows: lines.iter().map(row).collect(),
        }
    };
    (0..headings.len().div_ceil(width - 1).max(1)).map(of_band).collect()
}

/// The operations with other partners; None if one has none.
fn renumbered(image: &PlannedImage, mut number: impl FnMut(usize) -> Option<usize>) -> Option<Vec<autoaugment::Op>> {
    let numbers: Option<Vec<_>> =
        entries::partners(&image.ops).map(|partner| Some((partner, number(partner)?))).collect();
    let numbers: std::collections::HashMap<_, _> = numbers?.into_iter().collect();
    entries::renumbered(&image.ops, |partner| numbers.get(&partner).copied())
}

/// The images of each size and number of channels, by their headers. What has no readable header fails when it is read.
pub fn by_shape(chosen: &Chosen<'_>) -> Vec<(Shape, Vec<usize>)> {
    let mut groups: BTreeMap<[usize; 3], Vec<usize>> = BTreeMap::new();
    for input in 0..chosen.len() {
        if let Some(sides) = chosen.measure(input) {
            groups.entry(sides).or_default().push(input);
        }
    }
    let shape = |[height, width, channels]: [usize; 3], images| Shape { images, height, width, channels };
    groups.into_iter().map(|(sides, inputs)| (shape(sides, inputs.len()), inputs)).collect()
}
