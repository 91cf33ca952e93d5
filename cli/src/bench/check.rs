//! Check: all bytes are the reference's, or nothing is measured.

use std::ops::Range;

use autoaugment::{Executor, Plan, Tensor, TensorData, reference};
#[cfg(feature = "gpu")]
use autoaugment::{Gpu, Report};
use rayon::prelude::*;

use super::work::{COMPARED, Work};
use crate::outcome::RunFailed;

/// What some plans have to give.
pub struct Expected(Vec<Tensor>);

impl Expected {
    pub fn of(work: &Work) -> anyhow::Result<Self> {
        let turns = (0..COMPARED).into_par_iter();
        let tensors = turns.map(|turn| reference::apply(&work.batch, work.plan(turn), &work.output));
        Ok(Expected(tensors.collect::<autoaugment::Result<_>>()?))
    }

    pub fn check_cpu(&self, cpu: &Executor, work: &Work) -> anyhow::Result<()> {
        for (turn, expected) in self.0.iter().enumerate() {
            let (got, _) = cpu.apply(&work.batch, work.plan(turn), &work.output)?;
            compare(expected, &got, work, turn, "CPU")?;
        }
        Ok(())
    }

    /// Through host memory, and from a resident batch.
    #[cfg(feature = "gpu")]
    pub fn check_gpu(&self, gpu: &Gpu, work: &Work) -> anyhow::Result<()> {
        let resident = gpu.upload(&work.batch)?;
        for (turn, expected) in self.0.iter().enumerate() {
            let plan = work.plan(turn);
            let (fetched, Report { device, .. }) = gpu.apply(&work.batch, plan, &work.output)?;
            compare(expected, &fetched, work, turn, &device)?;
            let (left, _) = gpu.apply_resident(&resident, plan, &work.output)?;
            compare(expected, &gpu.download(&left)?, work, turn, &device)?;
        }
        Ok(())
    }
}

/// An error with the first image that differs.
fn compare(expected: &Tensor, got: &Tensor, work: &Work, turn: usize, device: &str) -> anyhow::Result<()> {
    let Some(image) = first_difference(expected, got) else { return Ok(()) };
    let planned = Plan::new(work.plan(turn).images().get(image).cloned().into_iter().collect());
    let message = format!("{device} gives other bytes than the reference, and nothing is measured: image {planned}");
    Err(RunFailed(message).into())
}

/// The first image with another bit.
fn first_difference(expected: &Tensor, got: &Tensor) -> Option<usize> {
    if (expected.shape, expected.layout, expected.data.len()) != (got.shape, got.layout, got.data.len()) {
        return Some(0);
    }
    let image = |i| i * expected.shape.values_per_image()..(i + 1) * expected.shape.values_per_image();
    (0..expected.shape.images).find(|&i| !same_bits(&expected.data, &got.data, image(i)))
}

fn same_bits(expected: &TensorData, got: &TensorData, image: Range<usize>) -> bool {
    match (expected, got) {
        (TensorData::U8(e), TensorData::U8(g)) => e[image.clone()] == g[image],
        (TensorData::F32(e), TensorData::F32(g)) => {
            e[image.clone()].iter().zip(&g[image]).all(|(e, g)| e.to_bits() == g.to_bits())
        }
        (TensorData::F16(e), TensorData::F16(g)) => {
            e[image.clone()].iter().zip(&g[image]).all(|(e, g)| e.to_bits() == g.to_bits())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use autoaugment::{Layout, Shape};

    use super::*;

    fn tensor(data: TensorData) -> Tensor {
        Tensor { shape: Shape { images: 2, height: 1, width: 2, channels: 1 }, layout: Layout::Nhwc, data }
    }

    #[test]
    fn a_difference_is_found_in_its_image() {
        let zeros = tensor(TensorData::F32(vec![0.0; 4]));
        assert_eq!(first_difference(&zeros, &zeros), None);
        // Equal numbers, another bit.
        let signed = tensor(TensorData::F32(vec![0.0, 0.0, 0.0, -0.0]));
        assert_eq!(first_difference(&zeros, &signed), Some(1));
        let [some, other] = [3, 4].map(|v| tensor(TensorData::U8(vec![v, 3, 3, 3])));
        assert_eq!(first_difference(&some, &other), Some(0));
        assert_eq!(first_difference(&some, &zeros), Some(0));
    }
}
