//! Gradients: tensors on a device with autodiff.

use burn::tensor::{Device, Tensor};

use crate::shared::*;

/// The derivative of the sum of `images * weights` by the weights is the images.
fn derivative(images: Tensor<4>, device: &Device) -> Vec<u32> {
    let weights = Tensor::<4>::ones(images.dims(), device).require_grad();
    let gradients = (images * weights.clone()).sum().backward();
    bits(weights.grad(&gradients).unwrap())
}

#[test]
fn gradients_come_from_what_was_written() {
    let Some(both) = both() else { return };
    for shared in both {
        let shape = shape(3, 9, 7);
        let batch = batch(shape, 13);
        let plain = shared.device.clone().autodiff();
        for device in [plain.clone(), plain.gradient_checkpointing()] {
            let augmented = shared.augmenter(F32).augment_tensor(&batch, 0, &indices(shape), &device).unwrap();
            assert!(augmented.tensor.is_autodiff());
            assert_same(&derivative(augmented.tensor.clone(), &device), &expected(&batch, 0, F32), shared.way);
            assert_same(&bits(augmented.tensor), &expected(&batch, 0, F32), shared.way);
        }
    }
}

#[test]
fn on_flex_too() {
    let device = Device::flex().autodiff();
    let batch = batch(shape(2, 6, 5), 14);
    let augmented = on_cpu(F32).augment_tensor(&batch, 0, &[0, 1], &device).unwrap();
    assert_same(&derivative(augmented.tensor, &device), &expected(&batch, 0, F32), "flex");
}
