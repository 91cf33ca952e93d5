//! Check: nothing is timed that gives other bytes than the reference.

use autoaugment::{Executor, Tensor, TensorData, reference};

use crate::case::Case;

/// What every executor has to give.
pub fn expected(case: &Case) -> Tensor {
    reference::apply(&case.batch, &case.plan, &case.output).expect("the reference augments")
}

/// Panics with the first value that differs by a bit.
pub fn same_bytes(expected: &Tensor, got: &Tensor, who: &str, case: &Case) {
    assert_eq!((expected.shape, expected.layout), (got.shape, got.layout), "{who}");
    if let Some(at) = first_difference(&expected.data, &got.data) {
        let (image, value) = (at / expected.shape.values_per_image(), at % expected.shape.values_per_image());
        panic!("{who} differs from the reference in image {image}, value {value}: {:?}", case.plan.images()[image]);
    }
}

pub fn same_bytes_on_cpu(cpu: &Executor, case: &Case) {
    let (got, _) = cpu.apply(&case.batch, &case.plan, &case.output).expect("the CPU augments");
    same_bytes(&expected(case), &got, "the CPU", case);
}

fn first_difference(expected: &TensorData, got: &TensorData) -> Option<usize> {
    match (expected, got) {
        (TensorData::U8(e), TensorData::U8(g)) => e.iter().zip(g).position(|(e, g)| e != g),
        (TensorData::F32(e), TensorData::F32(g)) => e.iter().zip(g).position(|(e, g)| e.to_bits() != g.to_bits()),
        (TensorData::F16(e), TensorData::F16(g)) => e.iter().zip(g).position(|(e, g)| e.to_bits() != g.to_bits()),
        _ => Some(0),
    }
}
