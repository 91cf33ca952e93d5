//! Batch: one draw of each image with its label, as a loader gives it, mixed or not.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use autoaugment::mixing::{CutMix, MixPlan, MixUp, MixedImage, Mixer, Mixing};
use autoaugment::{PlannedImage, Size};

use super::cells::{self, Cells};
use super::pool::Chosen;
use super::sheet::{self, Band, Cell};
use super::{Preview, Run, captions, grid, picture};
use crate::choices;
use crate::outcome::Outcome;
use crate::run::{Entry, Source, Work, entries};

impl Preview {
    pub(super) fn one_batch(&self, run: Run<'_>) -> anyhow::Result<(Vec<Band>, Outcome)> {
        let mixer = self.mixer()?;
        let chosen = self.chosen(&run);
        sheet::check_cells(self.size, chosen.len(), 1)?;
        let scheme = run.scheme.context("a batch has a policy")?.clone();
        let sampler = self.drawing.sampler(choices::transform(scheme, self.recipe))?;
        let epoch = self.drawing.epoch;
        let mut drawn = vec![None; chosen.len()];
        let mut are_all_planned = true;
        for (shape, inputs) in grid::by_shape(&chosen) {
            let indices: Vec<_> = inputs.iter().map(|&input| chosen.images[input] as u64).collect();
            let plan = match sampler.plan(shape, epoch, &indices) {
                Ok(plan) => plan,
                Err(error) => {
                    are_all_planned = false;
                    run.refuse(&chosen, &inputs, &error.into());
                    continue;
                }
            };
            for (&input, image) in inputs.iter().zip(plan.into_images()) {
                let ops = entries::renumbered(&image.ops, |partner| inputs.get(partner).copied()).unwrap_or_default();
                drawn[input] = Some(PlannedImage { ops, ..image });
            }
        }
        // Partners are images, and the numbers of entries too: what could not be planned stays as it is.
        let shown: Vec<bool> = drawn.iter().map(Option::is_some).collect();
        let of = (0..chosen.len()).map(|id| Entry { id, input: id, copy: 0 }).collect();
        let work = Work::Replay { planned: drawn.into_iter().map(Option::unwrap_or_default).collect(), entries: of };
        let sink = Cells { keeps_whole: mixer.is_some(), ..Cells::new(&run, &chosen, self.size, chosen.len())? };
        let (mut cells, outcome) = run.cells(&chosen, &work, sink)?;
        cells.retain(|(input, _), _| shown[*input]);
        let images: Vec<usize> = cells.keys().map(|(input, _)| chosen.images[*input]).collect();
        let mut cells: Vec<Cell> = cells.into_values().collect();
        let labels = Labels::of(&images, &chosen);
        match mixer {
            None => {
                for (cell, label) in cells.iter_mut().zip(labels.of_images()) {
                    cell.caption.insert(0, label);
                }
            }
            Some(mixer) => self.mix(&mut cells, &images, &labels, &mixer)?,
        }
        let row = |cells: &[Cell]| cells.iter().cloned().map(Some).collect();
        let rows = cells.chunks(sheet::columns_of_a_line(self.size)).map(row).collect();
        let outcome = if are_all_planned { outcome } else { Outcome::SomeFailed };
        Ok((vec![Band { headings: Vec::new(), rows }], outcome))
    }

    fn mixer(&self) -> anyhow::Result<Option<Mixer>> {
        let mut methods: Vec<Mixing> = Vec::new();
        methods.extend(self.mixup.map(|alpha| Mixing::from(MixUp { alpha, ..MixUp::default() })));
        methods.extend(self.cutmix.map(|alpha| Mixing::from(CutMix { alpha, ..CutMix::default() })));
        // The sheet names classes itself, so that their number does not matter.
        match methods.is_empty() {
            true => Ok(None),
            false => Ok(Some(Mixer::new(methods, 1)?)),
        }
    }

    /// Mixes whole images, and scales them then.
    fn mix(&self, cells: &mut [Cell], images: &[usize], labels: &Labels, mixer: &Mixer) -> anyhow::Result<()> {
        let Some((first, others)) = cells.split_first() else { return Ok(()) };
        let (width, height) = first.picture.dimensions();
        if let Some(other) = others.iter().find(|other| other.picture.dimensions() != (width, height)) {
            let (w, h) = other.picture.dimensions();
            bail!("images of {width} x {height} and {w} x {h} cannot be mixed; add --recipe, which makes one size");
        }
        let size = Size { width: width as usize, height: height as usize };
        let indices: Vec<_> = images.iter().map(|&image| image as u64).collect();
        let plan: MixPlan = mixer.plan(self.drawing.seed, self.drawing.epoch, &indices, size)?;
        let pictures: Vec<_> = cells.iter().map(|cell| &cell.picture).collect();
        let mixed = cells::mixed(&pictures, &plan)?;
        for (i, (cell, image)) in cells.iter_mut().zip(mixed).enumerate() {
            cell.picture = picture::scaled(&image, self.size);
            let own = plan.images().get(i).context("the plan is too short")?;
            cell.caption.splice(0..0, labels.mixed(i, own));
            cell.is_changed = true;
        }
        Ok(())
    }
}

/// What the images of a batch are called.
struct Labels(Vec<String>);

impl Labels {
    /// Classes, or names where there are no classes.
    fn of(images: &[usize], chosen: &Chosen<'_>) -> Self {
        let label = |&image: &usize| chosen.pool.class(image).unwrap_or_else(|| chosen.pool.title(image));
        Labels(images.iter().map(label).collect())
    }

    fn of_images(&self) -> impl Iterator<Item = String> + '_ {
        self.0.iter().cloned()
    }

    /// The soft label of a mixed image, a line for each class.
    fn mixed(&self, image: usize, own: &MixedImage) -> Vec<String> {
        let mut weights: BTreeMap<&str, f64> = BTreeMap::new();
        for (image, weight) in [(image, own.lambda), (own.partner, 1.0 - own.lambda)] {
            *weights.entry(self.0[image].as_str()).or_default() += weight;
        }
        let mut weights: Vec<_> = weights.into_iter().collect();
        weights.sort_by(|a, b| b.1.total_cmp(&a.1));
        weights.into_iter().map(|(name, weight)| format!("{} {name}", captions::short(weight))).collect()
    }
}
