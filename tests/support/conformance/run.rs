//! Running cases: those of one shape together, as batches.

use std::collections::BTreeMap;
use std::sync::Arc;

use autoaugment::{Batch, Executor, Layout, Op, Output, Plan, PlannedImage, Shape};

use super::{Case, Picture};

/// Images of a batch at most; odd, so that work groups and chunks do not come out even.
const IMAGES: usize = 33;

/// Runs every case and calls `each` with it and the resulting bytes, interleaved.
///
/// Cases of one shape run together, so that the images of a batch have different operations, as they do in training.
pub fn run<'a>(executor: &Executor, cases: impl IntoIterator<Item = &'a Case>, mut each: impl FnMut(usize, &[u8])) {
    let mut shapes: BTreeMap<_, Vec<(usize, &Case)>> = BTreeMap::new();
    for (number, case) in cases.into_iter().enumerate() {
        let Picture { width, height, channels, .. } = *case.picture;
        shapes.entry((width, height, channels)).or_default().push((number, case));
    }
    for cases in shapes.values() {
        let mut pending = Pending::default();
        for &(number, case) in cases {
            pending.push(number, case);
            if pending.pictures.len() >= IMAGES - 1 {
                std::mem::take(&mut pending).run(executor, &mut each);
            }
        }
        pending.run(executor, &mut each);
    }
}

/// A batch in the making.
#[derive(Default)]
struct Pending {
    pictures: Vec<Arc<Picture>>,
    plan: Vec<PlannedImage>,
    /// The case at a place of the batch; partners have none.
    numbers: Vec<Option<usize>>,
}

impl Pending {
    fn push(&mut self, number: usize, case: &Case) {
        let here = self.pictures.len();
        let mut ops = case.ops.clone();
        let mut paired = false;
        for op in &mut ops {
            if let Op::SamplePairing(pairing) = op {
                paired |= pairing.partner == 1;
                // Image 0 of a case is the picture itself and image 1 its partner, which follows it here.
                pairing.partner += here;
            }
        }
        self.image(Some(number), &case.picture, ops);
        if paired {
            let partner = case.partner.as_ref().unwrap_or_else(|| panic!("{case}: there is no partner"));
            self.image(None, partner, Vec::new());
        }
    }

    fn image(&mut self, number: Option<usize>, picture: &Arc<Picture>, ops: Vec<Op>) {
        self.plan.push(PlannedImage { index: self.plan.len() as u64, ops, ..Default::default() });
        self.pictures.push(picture.clone());
        self.numbers.push(number);
    }

    fn run(self, executor: &Executor, each: &mut impl FnMut(usize, &[u8])) {
        let Some(first) = self.pictures.first() else {
            return;
        };
        let Picture { width, height, channels, .. } = **first;
        let shape = Shape { images: self.pictures.len(), height, width, channels };
        let bytes: Vec<u8> = self.pictures.iter().flat_map(|p| p.bytes.iter().copied()).collect();
        let batch = Batch::new(bytes, shape, Layout::Nhwc).unwrap();
        let (tensor, _) = executor.apply(&batch, &Plan::new(self.plan), &Output::u8()).unwrap();
        let results = tensor.data.as_u8().unwrap().chunks_exact(shape.values_per_image());
        assert_eq!(results.len(), self.numbers.len());
        for (number, result) in self.numbers.iter().zip(results) {
            if let Some(number) = number {
                each(*number, result);
            }
        }
    }
}
