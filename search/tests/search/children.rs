//! Micro children: they learn, the same way each time, and refuse what cannot be learned.

use autoaugment::{Policy, Transform};
use autoaugment_search::{Child, FineTuning, Images, Micro, MicroChild, Score};

use crate::bars::bars;

fn child(settings: Micro, channels: usize) -> MicroChild {
    let (training, validation) = bars(300, channels, 1).divided(128, 150, 2).unwrap();
    MicroChild::new(settings, training, validation, 3).unwrap()
}

const SHORT: Micro = Micro { epochs: 12, ..Micro::FRESH };

#[test]
fn a_child_learns_and_a_harmful_policy_shows() {
    for channels in [1, 3] {
        let child = child(Micro { epochs: 30, ..SHORT }, channels);
        let none = child.train(&Transform::new(), 1).unwrap();
        assert!(none.accuracy > 0.85, "{none:?}");
        // Images of one color say nothing.
        let blank: Policy =
            "Posterize 1 9 + Brightness 1 9 + Solarize 1 9 + Cutout 1 9 + TranslateX 1 9".parse().unwrap();
        let harmed = child.train(&blank.into(), 1).unwrap();
        assert!(harmed.accuracy < none.accuracy, "{harmed:?} and {none:?}");
    }
}

#[test]
fn a_child_is_a_function_of_policy_and_seed() {
    let child = child(SHORT, 3);
    let transform = Transform::from(Policy::cifar10());
    let alone: Vec<Score> = (0..8).map(|seed| child.train(&transform, seed).unwrap()).collect();
    let together: Vec<Score> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|seed| {
                scope.spawn({
                    let (child, transform) = (&child, &transform);
                    move || child.train(transform, seed).unwrap()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(alone, together);
    assert_ne!(alone[0], alone[1]);
}

#[test]
fn a_warm_start_is_shared() {
    let cold = child(Micro { epochs: 1, ..SHORT }, 1).train(&Transform::new(), 5).unwrap();
    let warm = child(Micro { epochs: 1, warm_epochs: 12, ..SHORT }, 1).train(&Transform::new(), 5).unwrap();
    assert!(warm.loss < cold.loss, "{warm:?} and {cold:?}");
}

#[test]
fn a_warm_start_is_kept() {
    let settings = Micro { epochs: 1, warm_epochs: 12, ..SHORT };
    let (training, validation) = bars(300, 1, 1).divided(128, 150, 2).unwrap();
    let kept = child(settings, 1).start().unwrap().to_vec();
    let with_start = |settings, start| MicroChild::with_start(settings, training.clone(), validation.clone(), start);
    let train = |child: MicroChild| child.train(&Transform::from(Policy::cifar10()), 5).unwrap();
    assert_eq!(train(with_start(settings, kept.clone()).unwrap()), train(child(settings, 1)));
    for (settings, start) in [(settings, kept[1..].to_vec()), (SHORT, kept)] {
        let refused = with_start(settings, start).err().unwrap().to_string();
        assert!(refused.ends_with("is of another network: it has 6020"), "{refused}");
    }
}

#[test]
fn what_cannot_be_learned_is_refused() {
    let message = |result: autoaugment_search::Result<(Images, Images)>| result.unwrap_err().to_string();
    let images = bars(100, 1, 1);
    let refused = message(images.divided(90, 20, 1));
    assert_eq!(refused, "data: 90 images for training and 20 for validation cannot be taken from 100");
    let mut lacking = images.clone();
    lacking.classes = 5;
    assert_eq!(message(lacking.divided(50, 20, 1)), "data: class 4 has no images; leave it out or add some");
    let one = Images { labels: vec![0; 100], classes: 1, ..images.clone() };
    assert!(message(one.divided(50, 20, 1)).contains("there is one class"));
    let (training, validation) = images.divided(40, 20, 1).unwrap();
    let odd = Micro { batch: 20, ..Micro::FRESH };
    let refused = MicroChild::new(odd, training.clone(), validation.clone(), 1).err().unwrap().to_string();
    assert_eq!(refused, "child: a batch of 20 and 60 epochs: expected a multiple of 16, and 1 or more");
    let large = Micro { batch: 64, ..Micro::FRESH };
    let refused = MicroChild::new(large, training, validation, 1).err().unwrap().to_string();
    assert_eq!(refused, "data: 40 images for training are fewer than a step of 64");
    let refused = Images::new(vec![0; 10], vec![0], 8, 1, 2).unwrap_err().to_string();
    assert_eq!(refused, "data: the side of an image is 8 and must be 16 to 64");
}

#[test]
fn sets_are_divided_by_class() {
    let (training, validation) = bars(103, 1, 1).divided(40, 60, 7).unwrap();
    let counts = |images: &Images| {
        (0..4).map(|class| images.labels.iter().filter(|label| **label == class).count()).collect::<Vec<_>>()
    };
    assert_eq!((counts(&training), counts(&validation)), (vec![10; 4], vec![15; 4]));
    let (again, _) = bars(103, 1, 1).divided(40, 60, 7).unwrap();
    let (other, _) = bars(103, 1, 1).divided(40, 60, 8).unwrap();
    assert!(again == training && other != training);
}

#[test]
fn a_network_is_fine_tuned_until_it_gains_no_more() {
    let knows = child(Micro { warm_epochs: 20, ..SHORT }, 1);
    let child = child(SHORT, 1);
    let schedule = FineTuning { most: 40, ..FineTuning::of(3e-3) };
    let tuned = |start, most| child.fine_tuned(&Transform::new(), start, FineTuning { most, ..schedule }, 5).unwrap();
    let (from_start, anew) = (tuned(knows.start(), 40), tuned(None, 40));
    assert_eq!(from_start, tuned(knows.start(), 40));
    assert!(
        from_start.validation.accuracy > anew.validation.accuracy,
        "{:?}",
        [from_start.validation, anew.validation]
    );
    assert!(tuned(None, 1).validation.accuracy < anew.validation.accuracy);
    // The parameters are those of the best epoch.
    let (accuracy, loss) = child.judge(&anew.parameters, child.validation()).unwrap();
    assert_eq!((accuracy, loss), (anew.validation.accuracy, anew.validation.loss));
    let refused = |start: Option<&[f32]>, most| {
        let schedule = FineTuning { most, ..schedule };
        child.fine_tuned(&Transform::new(), start, schedule, 5).unwrap_err().to_string()
    };
    assert!(refused(Some(&[0.0; 7]), 9).contains("a start of 7 parameters is of another network"));
    assert!(refused(None, 0).contains("no epochs"));
    assert!(child.judge(&anew.parameters, &bars(10, 3, 1)).unwrap_err().to_string().contains("other channels"));
}
