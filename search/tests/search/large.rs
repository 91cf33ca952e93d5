//! Large children on burn's CPU backend: they learn, the same way each time, and refuse what cannot be learned.

use autoaugment::{Policy, Transform};
use autoaugment_search::{Architecture, Child, Descent, Error, Images, Large, LargeChild};
use burn::tensor::Device;

use crate::bars::bars;

fn child(settings: Large, channels: usize) -> LargeChild {
    let (training, validation) = bars(300, channels, 1).divided(128, 150, 2).unwrap();
    LargeChild::new(settings, training, validation, Device::flex()).unwrap()
}

#[test]
fn both_architectures_learn() {
    let wide = Large {
        architecture: Architecture::WideResNet { depth: 10, width: 1 },
        epochs: 6,
        batch: 32,
        rate: 0.05,
        after: Transform::new(),
        ..Large::reduced_cifar10(16)
    };
    for (settings, channels) in [(Large { epochs: 25, ..Large::small(8) }, 1), (wide, 3)] {
        let score = child(settings.clone(), channels).train(&Transform::new(), 1).unwrap();
        assert!(score.accuracy > 0.8 && score.loss < 0.7 && score.training_loss < 0.5, "{score:?} {settings:?}");
    }
}

#[test]
fn a_child_is_a_function_of_policy_and_seed() {
    let child = child(Large { epochs: 3, ..Large::small(8) }, 3);
    let transform = Transform::from(Policy::cifar10());
    let train = |transform: &Transform, seed| child.train(transform, seed).unwrap();
    let first = train(&transform, 5);
    assert_eq!(train(&transform, 5), first);
    assert_ne!(train(&transform, 6), first);
    assert_ne!(train(&Transform::new(), 5), first);
}

/// They are applied with every policy, and may not change the size.
#[test]
fn stages_follow_the_policy() {
    let train = |after| {
        let child = child(Large { epochs: 2, after, ..Large::small(4) }, 3);
        child.train(&Policy::cifar10().into(), 1)
    };
    let plain = train(Transform::new()).unwrap();
    for settings in [Large::reduced_cifar10(16), Large::reduced_svhn(16)] {
        assert_ne!(train(settings.after).unwrap(), plain);
    }
    let error = train(Transform::new().center_crop(8, 9)).unwrap_err().to_string();
    assert_eq!(error, "child: the transform makes images of 8 x 9 pixels of those of 16 x 16");
}

#[test]
fn what_cannot_be_trained_is_refused() {
    let refused = |settings: Large, training: Images| {
        let (_, validation) = bars(300, 1, 1).divided(128, 150, 2).unwrap();
        let error: Error = LargeChild::new(settings, training, validation, Device::flex()).err().unwrap();
        error.to_string()
    };
    let wide = |depth, width| Large { architecture: Architecture::WideResNet { depth, width }, ..Large::small(8) };
    let images = || bars(64, 1, 1);
    for (settings, words) in [
        (wide(40, 0), "WRN-40-0: the depth must be 10, 16, 22, ... (6 n + 4) and the width 1 to 64"),
        (wide(41, 2), "WRN-41-2"),
        (wide(4, 2), "WRN-4-2"),
        (Large::small(0), "the width 0 must be 1 to 1024"),
        (Large { epochs: 0, ..Large::small(8) }, "0 epochs in steps of 32 images"),
        (Large { rate: f64::NAN, ..Large::small(8) }, "the rate NaN must be above 0"),
        (Large { decay: -1.0, ..Large::small(8) }, "the decay -1 in 0..=1"),
        (Large { batch: 65, ..Large::small(8) }, "64 images for training are fewer than a step of 65"),
    ] {
        let said = refused(settings, images());
        assert!(said.contains(words), "{said}");
    }
    assert!(refused(Large::small(8), bars(64, 3, 1)).contains("other channels"));
    let wild = Large { rate: 10.0, descent: Descent::Nesterov, ..Large::small(8) };
    let error = child(wild, 1).train(&Transform::new(), 1).unwrap_err().to_string();
    assert!(error.contains("lower the rate"), "{error}");
}
