//! Entries: the outputs, the input of each, and its operations.

use std::collections::HashMap;

use anyhow::bail;
use autoaugment::{Op, Plan, PlannedImage, Sampler, Shape, Size};

use super::source::{Entry, Source};

/// The work of a run.
pub enum Work {
    /// Draw for each copy of each input.
    Draw { sampler: Box<Sampler>, epoch: u64, copies: usize },
    /// Apply a known plan: `planned[i]` to `entries[i]`, whose number is `i`. Partners are such numbers.
    Replay { planned: Vec<PlannedImage>, entries: Vec<Entry> },
}

/// The size of an image of `size` after its operations. Pairings need another image and change no size.
pub fn size_after(image: &PlannedImage, size: Size) -> autoaugment::Result<Size> {
    let ops = image.ops.iter().filter(|op| !matches!(op, Op::SamplePairing(_))).cloned().collect();
    Plan::uniform(1, ops).check(&[size][..])
}

impl Work {
    /// The size of images of `shape` after the work: that of the first.
    pub fn size_after(&self, shape: Shape) -> anyhow::Result<Size> {
        let first = match self {
            Work::Draw { sampler, epoch, .. } => {
                sampler.plan(Shape { images: 1, ..shape }, *epoch, &[0])?.into_images().into_iter().next()
            }
            Work::Replay { planned, .. } => planned.first().cloned(),
        };
        Ok(size_after(&first.unwrap_or_default(), shape.size())?)
    }
}

/// The copies of all inputs, input by input.
pub fn all(inputs: usize, copies: usize) -> Vec<Entry> {
    (0..inputs * copies).map(|id| Entry { id, input: id / copies, copy: id % copies }).collect()
}

/// The same chain for each copy of each input. Without a random draw the copies are equal.
pub fn of_chain(ops: &[Op], source: &dyn Source, copies: usize) -> anyhow::Result<Work> {
    let entries = all(source.len(), copies);
    let planned =
        entries.iter().map(|e| PlannedImage { index: e.id as u64, ops: ops.to_vec(), ..Default::default() }).collect();
    let work = Work::Replay { planned, entries };
    work.check_partners(source)?;
    Ok(work)
}

/// Assigns the entries of a plan to the inputs: by the names of files, or in order if no entry has one.
pub fn of_plan(
    planned: Vec<PlannedImage>,
    source: &dyn Source,
    find: impl Fn(&str) -> Option<usize>,
) -> anyhow::Result<Work> {
    let named = planned.iter().filter(|image| image.file.is_some()).count();
    let entries = if source.is_array() || named == 0 {
        in_order(planned.len(), source.len())?
    } else if named == planned.len() {
        by_name(&planned, find)?
    } else {
        bail!("{named} of {} entries have a `file`; either all must have one or none", planned.len());
    };
    let work = Work::Replay { planned, entries };
    work.check_partners(source)?;
    Ok(work)
}

fn in_order(entries: usize, inputs: usize) -> anyhow::Result<Vec<Entry>> {
    if entries == 0 && inputs == 0 {
        return Ok(Vec::new());
    }
    if entries == 0 || inputs == 0 || !entries.is_multiple_of(inputs) {
        bail!("the plan has {entries} entries for {inputs} inputs; it must have equally many for each");
    }
    Ok(all(inputs, entries / inputs))
}

fn by_name(planned: &[PlannedImage], find: impl Fn(&str) -> Option<usize>) -> anyhow::Result<Vec<Entry>> {
    let mut copies = HashMap::new();
    let entry = |(id, image): (usize, &PlannedImage)| {
        let file = image.file.as_deref().unwrap_or_default();
        let Some(input) = find(file) else {
            bail!("entry {id} is for `{file}`, and no input has this name");
        };
        let next: &mut usize = copies.entry(input).or_default();
        let copy = *next;
        *next += 1;
        Ok(Entry { id, input, copy })
    };
    planned.iter().enumerate().map(entry).collect()
}

impl Work {
    /// Refuses partners that are not there, or whose header says that they have another size. A file without a
    /// readable header will fail by itself.
    fn check_partners(&self, source: &dyn Source) -> anyhow::Result<()> {
        let Work::Replay { planned, entries } = self else { return Ok(()) };
        for (entry, image) in entries.iter().zip(planned) {
            for partner in partners(&image.ops) {
                let Some(other) = entries.get(partner) else {
                    bail!("entry {}: SamplePairing: partner {partner} is outside 0..{}", entry.id, entries.len());
                };
                let both = source.measure(entry.input).zip(source.measure(other.input));
                if let Some((own, others)) = both.filter(|(own, others)| own != others) {
                    bail!(
                        "entry {}: SamplePairing: {} is {} and its partner {} is {}; they must be the same",
                        entry.id,
                        source.name(entry.input),
                        shape_words(own),
                        source.name(other.input),
                        shape_words(others)
                    );
                }
            }
        }
        Ok(())
    }
}

/// The partners that operations name.
pub fn partners(ops: &[Op]) -> impl Iterator<Item = usize> {
    ops.iter().filter_map(|op| match op {
        Op::SamplePairing(pairing) => Some(pairing.partner),
        _ => None,
    })
}

/// The same operations with their partners renumbered; none if one has no number.
pub fn renumbered(ops: &[Op], number: impl Fn(usize) -> Option<usize>) -> Option<Vec<Op>> {
    let renumber = |op: &Op| {
        let mut op = op.clone();
        if let Op::SamplePairing(pairing) = &mut op {
            pairing.partner = number(pairing.partner)?;
        }
        Some(op)
    };
    ops.iter().map(renumber).collect()
}

fn shape_words([height, width, channels]: [usize; 3]) -> String {
    format!("{width} x {height} with {channels} channel{}", if channels == 1 { "" } else { "s" })
}
