//! Branches of AugMix: several chains on copies of the image, and the mixture of their results.

use rayon::prelude::*;

use super::chain::{Chain, Finish, pixels, resize};
use super::kernels::mixture::Mixture;
use super::pass::BAND;
use crate::batch::{ImageView, Layout};
use crate::ops::AugMix;

impl Chain<'_> {
    /// Runs every branch on the current image, and continues with the mixture.
    pub(super) fn branches(&mut self, op: &AugMix) {
        self.settle();
        let mut memory = self.scratch.branches.take().unwrap_or_default();
        let image = pixels(self.place, &self.scratch.held);
        memory.results.resize(op.branches.len().max(memory.results.len()), Vec::new());
        for (branch, result) in op.branches.iter().zip(&mut memory.results) {
            resize(result, image.len());
            let image = ImageView::packed(image, self.size, self.batch.channels(), Layout::Nhwc);
            let mut chain = Chain::new(self.batch, image, &mut memory.chain, self.threads);
            branch.ops.iter().for_each(|op| chain.push(op));
            chain.finish(Finish::Pixels(result));
        }
        let mixture = Mixture::new(op);
        self.held(image.len(), |chain, out| {
            let image = pixels(chain.place, &chain.scratch.held);
            let band = |(k, out): (usize, &mut [u8])| mixture.mix(image, &memory.results, k * BAND, out);
            match chain.threads {
                true => out.par_chunks_mut(BAND).enumerate().with_min_len(8).for_each(band),
                false => band((0, out)),
            }
        });
        self.scratch.branches = Some(memory);
    }
}
