//! Entries: the outputs, the input of each, and its operations.

use std::borrow::Cow;
use std::collections::HashMap;

use anyhow::bail;
use autoaugment::{Op, Plan, PlannedImage, Sampler, Shape, Size};

use super::source::{Entry, Source};
use crate::terminal::quoted;

/// The work of a run. Its entries are made when they are asked for, unless a plan lists them.
#[derive(Debug)]
pub enum Work {
    /// Draw for each copy of each input.
    Draw { sampler: Box<Sampler>, epoch: u64, copies: usize },
    /// Apply one chain to each copy of each input. Without a random draw the copies are equal.
    Chain { ops: Vec<Op>, copies: usize },
    /// Apply a known plan: `planned[i]` to `entries[i]`, whose number is `i`. Partners are such numbers.
    Replay { planned: Vec<PlannedImage>, entries: Vec<Entry> },
}

/// The most partners of an entry. All of them are read at once.
const PARTNERS: usize = 64;

/// The size of an image of `size` after its operations. Pairings need another image and change no size.
pub fn size_after(ops: &[Op], size: Size) -> autoaugment::Result<Size> {
    let ops = ops.iter().filter(|op| !matches!(op, Op::SamplePairing(_))).cloned().collect();
    Plan::uniform(1, ops).check(&[size][..])
}

/// The most pixels that an image of `size` has on its way; as many as it can if an operation is impossible.
fn most_pixels(ops: &[Op], size: Size) -> usize {
    let sizes = ops.iter().scan(size, |size, op| {
        *size = size_after(std::slice::from_ref(op), *size).ok()?;
        Some(size.pixels())
    });
    sizes.fold(size.pixels(), usize::max)
}

impl Work {
    /// How many outputs there are of `inputs` inputs.
    pub fn outputs(&self, inputs: usize) -> usize {
        match self {
            Work::Draw { copies, .. } | Work::Chain { copies, .. } => inputs.saturating_mul(*copies),
            Work::Replay { entries, .. } => entries.len(),
        }
    }

    /// How many outputs each of `inputs` inputs has.
    pub fn copies(&self, inputs: usize) -> Vec<usize> {
        match self {
            Work::Draw { copies, .. } | Work::Chain { copies, .. } => vec![*copies; inputs],
            Work::Replay { entries, .. } => {
                let mut copies = vec![0; inputs];
                entries.iter().for_each(|entry| copies[entry.input] += 1);
                copies
            }
        }
    }

    /// The entry of a number.
    pub fn entry(&self, id: usize) -> Entry {
        match self {
            Work::Draw { copies, .. } | Work::Chain { copies, .. } => dealt(id, *copies),
            Work::Replay { entries, .. } => entries[id],
        }
    }

    /// The operations of a number. What is drawn is not known before.
    pub fn planned(&self, id: usize) -> Cow<'_, PlannedImage> {
        match self {
            Work::Draw { .. } => Cow::Owned(PlannedImage::default()),
            Work::Chain { ops, .. } => {
                Cow::Owned(PlannedImage { index: id as u64, ops: ops.clone(), ..Default::default() })
            }
            Work::Replay { planned, .. } => Cow::Borrowed(&planned[id]),
        }
    }

    /// The operations of a number's image of `shape`. They are drawn for it alone, so a partner may be another one.
    fn ops(&self, id: usize, shape: Shape) -> autoaugment::Result<Vec<Op>> {
        let Work::Draw { sampler, epoch, .. } = self else { return Ok(self.planned(id).into_owned().ops) };
        let images = sampler.plan(Shape { images: 1, ..shape }, *epoch, &[id as u64])?.into_images();
        Ok(images.into_iter().next().unwrap_or_default().ops)
    }

    /// The size of images of `shape` after the work: that of the first.
    pub fn size_after(&self, shape: Shape) -> anyhow::Result<Size> {
        if self.outputs(shape.images) == 0 {
            return Ok(shape.size());
        }
        Ok(size_after(&self.ops(0, shape)?, shape.size())?)
    }

    /// The most pixels that a number's image of `shape` has on its way.
    pub fn most_pixels(&self, id: usize, shape: Shape) -> usize {
        self.ops(id, shape).map_or(shape.size().pixels(), |ops| most_pixels(&ops, shape.size()))
    }
}

/// The entry of a number where the inputs have `copies` copies each, input by input.
fn dealt(id: usize, copies: usize) -> Entry {
    Entry { id, input: id / copies, copy: id % copies }
}

/// The same chain for each copy of each input.
pub fn of_chain(ops: &[Op], source: &dyn Source, copies: usize) -> anyhow::Result<Work> {
    let work = Work::Chain { ops: ops.to_vec(), copies };
    // All copies of an input have the same partners.
    work.check_partners(source, (0..source.len()).map(|input| input * copies))?;
    Ok(work)
}

/// Assigns the entries of a plan to the inputs: by the names of files, or in order if no entry has one.
pub fn of_plan<'s>(
    planned: Vec<PlannedImage>,
    source: &dyn Source,
    find: impl Fn(&str) -> &'s [usize],
) -> anyhow::Result<Work> {
    let named = planned.iter().filter(|image| image.file.is_some()).count();
    let entries = if source.is_array() || named == 0 {
        in_order(planned.len(), source.len())?
    } else if named == planned.len() {
        by_name(&planned, source, find)?
    } else {
        bail!("{named} of {} entries have a `file`; either all must have one or none", planned.len());
    };
    let numbers = 0..entries.len();
    let work = Work::Replay { planned, entries };
    work.check_partners(source, numbers)?;
    Ok(work)
}

fn in_order(entries: usize, inputs: usize) -> anyhow::Result<Vec<Entry>> {
    if entries == 0 && inputs == 0 {
        return Ok(Vec::new());
    }
    if entries == 0 || inputs == 0 || !entries.is_multiple_of(inputs) {
        bail!("the plan has {entries} entries for {inputs} inputs; it must have equally many for each");
    }
    Ok((0..entries).map(|id| dealt(id, entries / inputs)).collect())
}

fn by_name<'s>(
    planned: &[PlannedImage],
    source: &dyn Source,
    find: impl Fn(&str) -> &'s [usize],
) -> anyhow::Result<Vec<Entry>> {
    let mut copies = HashMap::new();
    let entry = |(id, image): (usize, &PlannedImage)| {
        let file = image.file.as_deref().unwrap_or_default();
        let input = match *find(file) {
            [input] => input,
            [] => bail!("entry {id} is for `{}`, and no input has this name", quoted(file)),
            [one, two, ..] => bail!(
                "entry {id} is for `{}`, and {} and {} have this name; give one of both",
                quoted(file),
                source.name(one),
                source.name(two)
            ),
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
    fn check_partners(&self, source: &dyn Source, mut numbers: impl Iterator<Item = usize>) -> anyhow::Result<()> {
        let outputs = self.outputs(source.len());
        numbers.try_for_each(|id| {
            let (entry, image) = (self.entry(id), self.planned(id));
            if partners(&image.ops).count() > PARTNERS {
                bail!("entry {id}: SamplePairing: an image has at most {PARTNERS} partners");
            }
            for partner in partners(&image.ops) {
                if partner >= outputs {
                    bail!("entry {id}: SamplePairing: partner {partner} is outside 0..{outputs}");
                }
                let other = self.entry(partner);
                let both = source.measure(entry.input).zip(source.measure(other.input));
                if let Some((own, others)) = both.filter(|(own, others)| own != others) {
                    bail!(
                        "entry {id}: SamplePairing: {} is {} and its partner {} is {}; they must be the same",
                        source.name(entry.input),
                        shape_words(own),
                        source.name(other.input),
                        shape_words(others)
                    );
                }
            }
            Ok(())
        })
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
