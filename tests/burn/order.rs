//! Order: what burn has queued and what we submit, on one thread and on several.

use std::sync::mpsc::sync_channel;

use autoaugment::burn::TensorMemory;
use burn::tensor::Tensor;

use crate::shared::*;

/// A place that was found earlier does not wait for what burn queued since; `Device::flush` does, as documented.
#[test]
fn a_flush_puts_a_place_found_earlier_in_order() {
    let Some(both) = both() else { return };
    for shared in both {
        let shape = shape(2, 16, 16);
        let batch = batch(shape, 9);
        let augmenter = shared.augmenter(F32);
        let resident = augmenter.executor().gpu().unwrap().upload(&batch).unwrap();
        let tensor = augmenter.augment_resident_tensor(&resident, 0, &indices(shape), &shared.device).unwrap().tensor;
        let memory = TensorMemory::of(&tensor).unwrap();
        let before = tensor.clone() * 1.0; // still queued
        shared.device.flush().unwrap();
        augmenter.augment_into(&resident, 1, &indices(shape), memory.buffer(), memory.offset()).unwrap();
        assert_same(&bits(before), &expected(&batch, 0, F32), shared.way);
        assert_same(&bits(tensor), &expected(&batch, 1, F32), shared.way);
    }
}

/// Finding a tensor's place has burn do first what it had queued for it.
#[test]
fn finding_memory_submits_what_was_queued() {
    let Some(both) = both() else { return };
    for shared in both {
        let shape = shape(2, 16, 16);
        let batch = batch(shape, 10);
        let augmenter = shared.augmenter(F32);
        let resident = augmenter.executor().gpu().unwrap().upload(&batch).unwrap();
        let tensor = Tensor::<4>::ones([2, 3, 16, 16], &shared.device) * 7.0;
        let before = tensor.clone() + 1.0;
        let memory = TensorMemory::of(&tensor).unwrap();
        augmenter.augment_into(&resident, 2, &indices(shape), memory.buffer(), memory.offset()).unwrap();
        let after = tensor.clone() * 2.0;
        assert_same(&bits(before), &vec![8f32.to_bits(); shape.values()], shared.way);
        assert_same(&bits(tensor), &expected(&batch, 2, F32), shared.way);
        assert_same(&bits(after * 0.5), &expected(&batch, 2, F32), shared.way);
    }
}

/// Fusion holds operations back and merges them; they read what the kernel wrote.
#[test]
fn fused_operations_read_the_tensor() {
    let Some(both) = both() else { return };
    for shared in both {
        let shape = shape(5, 12, 10);
        let batch = batch(shape, 11);
        let augmenter = shared.augmenter(F32);
        let tensor = augmenter.augment_tensor(&batch, 0, &indices(shape), &shared.device).unwrap().tensor;
        // Powers of two, so that every step is exact, however it is compiled.
        let chain = ((tensor.clone() * 4.0).abs() * 0.5 - tensor.clone().abs() * 2.0) + tensor.clone() * 0.25;
        let quarter: Vec<u32> =
            expected(&batch, 0, F32).iter().map(|&v| (f32::from_bits(v) * 0.25).to_bits()).collect();
        // 0 - 0 + -0 is 0, so that zeros lose their sign.
        let unsigned = |v: &u32| if *v == (-0f32).to_bits() { 0 } else { *v };
        let got: Vec<u32> = bits(chain).iter().map(unsigned).collect();
        assert_same(&got, &quarter.iter().map(unsigned).collect::<Vec<_>>(), shared.way);
    }
}

/// A thread augments ahead while this one trains: every tensor is used and freed on another thread than it was made on,
/// with operations queued on both.
#[test]
fn a_loader_thread_makes_what_another_consumes() {
    let Some(both) = both() else { return };
    for shared in both {
        let shape = shape(3, 16, 16);
        let batch = batch(shape, 12);
        let rounds = 60;
        let (sender, receiver) = sync_channel(3);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let sender = sender;
                let augmenter = shared.augmenter(F32);
                for epoch in 0..rounds {
                    junk(&shared.device, shape.values());
                    let augmented = augmenter.augment_tensor(&batch, epoch % 5, &indices(shape), &shared.device);
                    sender.send((epoch, augmented.unwrap().tensor)).unwrap();
                }
            });
            let mut queued = Vec::new();
            for (epoch, tensor) in receiver {
                queued.push((epoch, tensor * 2.0));
                junk(&shared.device, shape.values());
                if queued.len() == 4 {
                    for (epoch, doubled) in queued.drain(..) {
                        let what = format!("{}, batch {epoch}", shared.way);
                        assert_same(&bits(doubled * 0.5), &expected(&batch, epoch % 5, F32), &what);
                    }
                }
            }
        });
    }
}

/// Several loader threads at once, as burn's own loader has them.
#[test]
fn threads_augment_at_the_same_time() {
    let Some(both) = both() else { return };
    let shared = &both[0];
    let augmenter = shared.augmenter(F32);
    let shape = shape(2, 16, 16);
    std::thread::scope(|scope| {
        for thread in 0..3 {
            let augmenter = &augmenter;
            scope.spawn(move || {
                let batch = batch(shape, 20 + thread);
                for epoch in 0..10 {
                    let augmented = augmenter.augment_tensor(&batch, epoch, &indices(shape), &shared.device).unwrap();
                    junk(&shared.device, shape.values());
                    let what = format!("thread {thread}, epoch {epoch}");
                    assert_same(&bits(augmented.tensor), &expected(&batch, epoch, F32), &what);
                }
            });
        }
    });
}
