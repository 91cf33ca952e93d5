//! Mixer: draws one of several methods for each batch of a training run, and mixes images and labels by it.

use rand::RngExt;

use super::{MixPlan, Mixing};
use crate::batch::Size;
use crate::error::{Error, Result};
use crate::output::{Dtype, Output};
use crate::random::{Purpose, Streams};

/// The methods for mixing batches, and the number of classes of their labels. A loader takes it by
/// [`loader::LoaderBuilder::mixing`](crate::loader::LoaderBuilder::mixing).
///
/// For each batch, one method is drawn uniformly, as in torchvision's `RandomChoice` of MixUp and CutMix.
///
/// ```
/// use autoaugment::mixing::{CutMix, MixUp, Mixer, Mixing};
/// use autoaugment::Size;
/// let mixup = MixUp { alpha: 0.2, ..MixUp::default() };
/// let mixer = Mixer::new([Mixing::from(mixup), CutMix::default().into()], 10)?;
/// let plan = mixer.plan(42, 0, &[7, 8, 9], Size { width: 32, height: 32 })?;
/// assert_eq!(plan.labels(&[3, 1, 4], mixer.classes())?.len(), 3 * 10);
/// # Ok::<(), autoaugment::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Mixer {
    methods: Vec<Mixing>,
    classes: usize,
}

/// The plan by which a batch was mixed, and its new labels. `L` is `Vec<f32>` or a tensor of a training framework.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Mixed<L> {
    /// Each image's partner and weights.
    pub plan: MixPlan,
    /// Soft labels, N x classes in `f32`, from 0 to 1. There is one row per image, which adds up to 1. See
    /// [`MixPlan::labels`].
    pub labels: L,
}

impl Mixer {
    /// A mixer that draws one of these methods for each batch. Labels are in `0..classes`.
    ///
    /// # Errors
    /// Those of [`Mixing::check`], and [`Error::Parameter`] if there are no methods or no classes.
    pub fn new<M: Into<Mixing>>(methods: impl IntoIterator<Item = M>, classes: usize) -> Result<Self> {
        let methods: Vec<Mixing> = methods.into_iter().map(Into::into).collect();
        methods.iter().try_for_each(Mixing::check)?;
        for (parameter, number) in [("number of methods", methods.len()), ("number of classes", classes)] {
            if number == 0 {
                return Err(Error::Parameter { op: "mixing", parameter, value: 0.0, rule: "is not at least 1" });
            }
        }
        Ok(Mixer { methods, classes })
    }

    /// The methods. One is drawn for each batch.
    pub fn methods(&self) -> &[Mixing] {
        &self.methods
    }

    /// The number of classes: the length of a soft label.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Refuses an output that cannot be mixed.
    ///
    /// # Errors
    /// [`Error::Output`] if one of the methods is MixUp and the output is u8.
    pub fn check(&self, output: &Output) -> Result<()> {
        if output.dtype() == Dtype::U8 && self.methods.iter().any(|method| matches!(method, Mixing::MixUp(_))) {
            return Err(super::mixed::bytes_refused());
        }
        Ok(())
    }

    /// Draws the plan for a batch. The index of its first sample decides the method, and [`Mixing::plan`] draws the
    /// rest.
    ///
    /// # Errors
    /// Those of [`Mixing::plan`].
    pub fn plan(&self, seed: u64, epoch: u64, indices: &[u64], size: Size) -> Result<MixPlan> {
        let index = indices.first().copied().unwrap_or(0);
        let mut stream = Streams::new(seed, epoch, index).of(Purpose::Mixing, 0);
        let method = stream.random_range(0..self.methods.len() as u64);
        self.methods[method as usize].plan(seed, epoch, indices, size)
    }
}
