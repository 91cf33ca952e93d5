//! Memory: burn's tensors share buffers and use memory again, and only the tensor's own bytes are written.

use autoaugment::Dtype;
use autoaugment::burn::TensorMemory;
use burn::tensor::{DType, Tensor};

use crate::shared::*;

/// Tensors made before and after lie in the same buffer, next to what is written. Odd sizes, so that rows, images and
/// tensors begin within words and alignments; three binary16 images of 5 x 7 end within a word, which the kernel writes
/// whole.
#[test]
fn neighbors_in_the_same_buffer_are_untouched() {
    let Some(both) = both() else { return };
    for shared in both {
        for output in [F32, F16] {
            if output.dtype() == Dtype::F16 && !shared.device.supports_dtype(DType::F16) {
                continue;
            }
            let shape = shape(3, 5, 7);
            let batch = batch(shape, 7);
            let augmenter = shared.augmenter(output);
            let neighbor = |value: f32| Tensor::<1>::full([79], value, &shared.device);
            let mut kept = Vec::new();
            for i in 0..6 {
                let before = neighbor(100.0 + i as f32);
                let tensor = augmenter.augment_tensor(&batch, i, &indices(shape), &shared.device).unwrap().tensor;
                kept.push((i, before, tensor, neighbor(-100.0 - i as f32)));
            }
            let alignment = u64::from(shared.wgpu().limits().min_storage_buffer_offset_alignment);
            let mut together = 0;
            for (_, before, tensor, after) in &kept {
                let memory = TensorMemory::of(tensor).unwrap();
                assert!(memory.offset().is_multiple_of(alignment), "{memory:?}");
                let near = [before, after].map(|other| TensorMemory::of(other).unwrap());
                together += near.iter().filter(|other| other.buffer() == memory.buffer()).count();
            }
            assert!(together >= 6, "only {together} neighbors lie in the buffers that were written");
            for (i, before, tensor, after) in kept {
                let what = format!("{}, {output:?}, epoch {i}", shared.way);
                assert_same(&bits(before), &[(100.0 + i as f32).to_bits(); 79], &what);
                assert_same(&bits(after), &[(-100.0 - i as f32).to_bits(); 79], &what);
                assert_same(&bits(tensor), &expected(&batch, i, output), &what);
            }
        }
    }
}

/// burn frees memory while operations on it are still queued, and gives it to the next tensor.
#[test]
fn memory_that_is_used_again() {
    let Some(both) = both() else { return };
    for shared in both {
        let shape = shape(4, 16, 16);
        let batch = batch(shape, 8);
        let augmenter = shared.augmenter(F32);
        let resident = augmenter.executor().gpu().unwrap().upload(&batch).unwrap();
        let wanted: Vec<Vec<u32>> = (0..4).map(|epoch| expected(&batch, epoch, F32)).collect();
        let mut places = Vec::new();
        let mut results = Vec::new();
        let rounds = 100;
        for i in 0..rounds {
            junk(&shared.device, shape.values());
            let tensor =
                augmenter.augment_resident_tensor(&resident, i % 4, &indices(shape), &shared.device).unwrap().tensor;
            let memory = TensorMemory::of(&tensor).unwrap();
            let place = (memory.buffer().clone(), memory.offset());
            if !places.contains(&place) {
                places.push(place);
            }
            drop(memory);
            // Half of the results are kept, which leaves gaps, and the other half is freed while its use is still
            // queued.
            let doubled = tensor.clone() * 2.0;
            if i % 2 == 0 {
                results.push((i, tensor));
            } else {
                drop(tensor);
                junk(&shared.device, shape.values());
            }
            results.push((i, doubled * 0.5));
            if results.len() > 12 {
                for (i, tensor) in results.drain(..) {
                    assert_same(&bits(tensor), &wanted[(i % 4) as usize], &format!("{}, round {i}", shared.way));
                }
            }
        }
        assert!(places.len() < rounds as usize, "no memory was used again");
    }
}

#[test]
fn held_memory_is_not_given_away() {
    let Some(both) = both() else { return };
    for shared in both {
        let tensor = Tensor::<1>::ones([1000], &shared.device);
        let memory = TensorMemory::of(&tensor).unwrap();
        drop(tensor);
        shared.device.sync().unwrap();
        let others: Vec<Tensor<1>> = (0..8).map(|_| Tensor::ones([1000], &shared.device)).collect();
        for other in &others {
            let other = TensorMemory::of(other).unwrap();
            assert_ne!((other.buffer(), other.offset()), (memory.buffer(), memory.offset()));
        }
    }
}

/// Other tensors than our own may have strides.
#[test]
fn a_tensor_that_is_not_contiguous_is_refused() {
    let Some(both) = both() else { return };
    let tensor = Tensor::<4>::ones([2, 3, 4, 5], &both[0].device).swap_dims(1, 3);
    assert!(TensorMemory::of(&tensor).is_err());
}
