//! flex: the CPU executor's values become the tensor's.

use autoaugment::{Layout, Normalize, Output, Shape};
use burn::tensor::{Device, Tensor, TensorData};

use crate::shared::*;

#[test]
fn the_same_bits() {
    let device = Device::flex();
    for output in [F32, F16, Output::f32(Layout::Nhwc, Normalize::UNIT)] {
        for shape in [shape(3, 5, 7), Shape { images: 4, height: 28, width: 28, channels: 1 }, shape(0, 2, 2)] {
            let batch = batch(shape, 18);
            let augmented = on_cpu(output).augment_tensor(&batch, 1, &indices(shape), &device).unwrap();
            assert_eq!(augmented.report.device, "CPU");
            assert_same(&bits(augmented.tensor), &expected(&batch, 1, output), &format!("{shape:?} {output:?}"));
        }
    }
}

/// What `apply_tensor` relies on when it promises not to copy.
#[test]
fn burn_takes_a_vector_without_copying_it() {
    let values = vec![1.5f32; 4096];
    let address = values.as_ptr().cast::<u8>();
    let tensor = Tensor::<1>::from_data(TensorData::new(values, [4096]), &Device::flex());
    assert_eq!(tensor.into_data().as_bytes().as_ptr(), address);
}

/// The CPU executor and a tensor on a GPU: burn sends the values.
#[test]
fn the_cpu_executor_serves_a_gpu() {
    let Some(both) = both() else { return };
    let batch = batch(shape(3, 6, 6), 19);
    let augmented = on_cpu(F32).augment_tensor(&batch, 0, &[0, 1, 2], &both[0].device).unwrap();
    assert_eq!(augmented.report.device, "CPU");
    assert_same(&bits(augmented.tensor), &expected(&batch, 0, F32), "sent");
}
