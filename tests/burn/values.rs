//! The values: bit by bit what the CPU executor makes, in every form that can be handed over.

use autoaugment::burn::TensorMemory;
use autoaugment::{Dtype, Error, GpuBatch, Layout, Normalize, Output, Shape};
use burn::tensor::DType;

use crate::shared::*;
use crate::support::batches::batch_of;

#[test]
fn every_form_and_shape() {
    let Some(both) = both() else { return };
    let forms = [F32, F16, Output::f32(Layout::Nhwc, Normalize::UNIT), Output::f16(Layout::Nhwc, Normalize::UNIT)];
    let one_channel = Shape { images: 5, height: 28, width: 28, channels: 1 };
    let mut compared = 0;
    for shared in both {
        for output in forms {
            if output.dtype() == Dtype::F16 && !shared.device.supports_dtype(DType::F16) {
                continue;
            }
            let augmenter = shared.augmenter(output);
            // Compiling takes long, and one form is as good as another on the second device.
            if shared.way == both[1].way && output != F32 {
                continue;
            }
            for shape in [shape(1, 1, 1), shape(3, 5, 7), shape(17, 32, 32), shape(2, 90, 97), one_channel] {
                let batch = batch(shape, 1);
                let augmented = augmenter.augment_tensor(&batch, 3, &indices(shape), &shared.device).unwrap();
                let Shape { images, height, width, channels } = shape;
                let dims = match output.layout(Layout::Nhwc) {
                    Layout::Nchw => [images, channels, height, width],
                    Layout::Nhwc => [images, height, width, channels],
                };
                assert_eq!(augmented.tensor.dims(), dims);
                assert_eq!(augmented.report.bytes_downloaded, 0);
                assert!(augmented.report.bytes_uploaded >= shape.values() as u64);
                let what = format!("{}, {shape:?}, {output:?}", shared.way);
                assert_same(&bits(augmented.tensor), &expected(&batch, 3, output), &what);
                compared += 1;
            }
        }
    }
    assert!(compared >= 20, "{compared} comparisons");
}

#[test]
fn the_input_may_be_nchw() {
    let Some(both) = both() else { return };
    let batch = batch_of(shape(4, 9, 6), Layout::Nchw, 2);
    let augmented = both[0].augmenter(F32).augment_tensor(&batch, 0, &[0, 1, 2, 3], &both[0].device).unwrap();
    assert_same(&bits(augmented.tensor), &expected(&batch, 0, F32), "NCHW");
}

/// The tensor that burn goes on with and the memory that the kernel wrote are one: read there without burn, and
/// rewritten there behind its back, which burn then sees.
#[test]
fn the_kernel_writes_the_tensors_own_memory() {
    let Some(both) = both() else { return };
    for shared in both {
        let shape = shape(3, 8, 8);
        let batch = batch(shape, 3);
        let augmenter = shared.augmenter(F32);
        let gpu = augmenter.executor().gpu().unwrap();
        let resident = gpu.upload(&batch).unwrap();
        let augmented = augmenter.augment_resident_tensor(&resident, 5, &indices(shape), &shared.device).unwrap();
        assert_eq!(augmented.report.bytes_downloaded, 0);

        let memory = TensorMemory::of(&augmented.tensor).unwrap();
        assert_eq!(memory.bytes(), 4 * shape.values() as u64);
        let there = GpuBatch::new(memory.buffer().clone(), memory.offset(), shape, Layout::Nchw, Dtype::F32).unwrap();
        assert_same(&bits_of(&gpu.download(&there).unwrap()), &expected(&batch, 5, F32), shared.way);

        augmenter.augment_into(&resident, 6, &indices(shape), memory.buffer(), memory.offset()).unwrap();
        assert_same(&bits(augmented.tensor), &expected(&batch, 6, F32), shared.way);
    }
}

#[test]
fn bytes_are_refused() {
    let Some(both) = both() else { return };
    let batch = batch(shape(2, 4, 4), 4);
    for output in [Output::u8(), Output::u8_as(Layout::Nchw)] {
        let result = both[0].augmenter(output).augment_tensor(&batch, 0, &[0, 1], &both[0].device);
        assert!(matches!(result, Err(Error::Output(_))), "{result:?}");
        let result = on_cpu(output).augment_tensor(&batch, 0, &[0, 1], &burn::tensor::Device::flex());
        assert!(matches!(result, Err(Error::Output(_))), "{result:?}");
    }
}

#[test]
fn no_images() {
    let Some(both) = both() else { return };
    let empty = batch(shape(0, 4, 4), 5);
    let augmented = both[0].augmenter(F32).augment_tensor(&empty, 0, &[], &both[0].device).unwrap();
    assert_eq!(augmented.tensor.dims(), [0, 3, 4, 4]);
}

#[test]
fn a_plan_for_another_batch_is_refused() {
    let Some(both) = both() else { return };
    let result = both[0].augmenter(F32).augment_tensor(&batch(shape(3, 4, 4), 6), 0, &[1, 2], &both[0].device);
    assert!(result.is_err());
}
