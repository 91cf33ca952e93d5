//! Draws: lambda has the distribution that its name says, rectangles follow from it, and nothing else has a say.

use std::f64::consts::PI;

use autoaugment::mixing::{CutMix, Granularity, MixPlan, MixUp, Mixer, Mixing, Rectangle};
use autoaugment::{Error, Size};

use crate::support::statistics;

const SIZE: Size = Size { width: 40, height: 30 };
const DRAWS: u64 = 40_000;

fn each(mixing: &str) -> MixPlan {
    let mixing: Mixing = mixing.parse().unwrap();
    mixing.plan(3, 1, &(0..DRAWS).collect::<Vec<_>>(), SIZE).unwrap()
}

#[test]
fn lambda_is_from_beta() {
    // Those whose distribution function has a closed form.
    type Cdf = fn(f64) -> f64;
    let known: [(&str, Cdf); 4] = [
        ("0.5", |x| 2.0 / PI * x.sqrt().asin()),
        ("1", |x| x),
        ("2", |x| x * x * (3.0 - 2.0 * x)),
        ("3", |x| x.powi(3) * (10.0 - 15.0 * x + 6.0 * x * x)),
    ];
    statistics::report(known.map(|(alpha, cdf)| {
        let mut counts = [0; 32];
        for image in each(&format!("mixup(alpha={alpha}, per=image)")).images() {
            counts[((image.lambda * 32.0) as usize).min(31)] += 1;
        }
        let probabilities: Vec<f64> = (0..32).map(|i| cdf((i + 1) as f64 / 32.0) - cdf(i as f64 / 32.0)).collect();
        statistics::check(&format!("alpha {alpha}"), &counts, &probabilities)
    }));
}

/// Also for the small alphas that are used.
#[test]
fn moments_are_those_of_beta() {
    for alpha in [0.1, 0.2, 0.4, 0.7, 1.0, 1.5, 8.0] {
        let lambdas = each(&format!("mixup(alpha={alpha}, per=image)"));
        let moment = |power: i32| {
            let powers = lambdas.images().iter().map(|image| (image.lambda - 0.5).powi(power));
            powers.sum::<f64>() / DRAWS as f64
        };
        let variance = 1.0 / (4.0 * (2.0 * alpha + 1.0));
        let fourth = 3.0 * variance / (4.0 * (2.0 * alpha + 3.0));
        let eighth = 0.5f64.powi(8);
        // Five standard errors, from bounds on the moments of twice the power.
        let error = |bound: f64| 5.0 * (bound / DRAWS as f64).sqrt();
        assert!(moment(1).abs() < error(variance), "mean for {alpha}: {}", moment(1));
        assert!((moment(2) - variance).abs() < error(fourth), "variance for {alpha}: {} {variance}", moment(2));
        assert!((moment(4) - fourth).abs() < error(eighth), "fourth for {alpha}: {} {fourth}", moment(4));
    }
}

#[test]
fn rectangles_are_anywhere_and_as_large_as_lambda_says() {
    let plan = each("cutmix(alpha=1, per=image)");
    let (mut covered, mut area) = (vec![0u64; SIZE.pixels()], 0.0);
    for image in plan.images() {
        let Rectangle { x, y, width, height } = image.rectangle.unwrap();
        assert_eq!(image.lambda, 1.0 - (width * height) as f64 / SIZE.pixels() as f64);
        area += (1.0 - image.lambda) / DRAWS as f64;
        for row in y..y + height {
            covered[row * SIZE.width + x..][..width].iter_mut().for_each(|count| *count += 1);
        }
    }
    // By the definition: all centers alike, and lambda uniform.
    let (mut expected, mut expected_area) = (vec![0.0; SIZE.pixels()], 0.0);
    const STEPS: usize = 200;
    for center in 0..SIZE.pixels() {
        for step in 0..STEPS {
            let lambda = (step as f64 + 0.5) / STEPS as f64;
            let r = 0.5 * (1.0 - lambda).sqrt();
            let span = |c: usize, side: usize| {
                let reach = (r * side as f64).floor() as i64;
                ((c as i64 - reach).max(0) as usize, (c as i64 + reach).min(side as i64) as usize)
            };
            let (left, right) = span(center % SIZE.width, SIZE.width);
            let (top, bottom) = span(center / SIZE.width, SIZE.height);
            let weight = 1.0 / (STEPS * SIZE.pixels()) as f64;
            expected_area += weight * ((right - left) * (bottom - top)) as f64 / SIZE.pixels() as f64;
            for row in top..bottom {
                expected[row * SIZE.width + left..row * SIZE.width + right].iter_mut().for_each(|p| *p += weight);
            }
        }
    }
    assert!((area - expected_area).abs() < 0.006, "{area} {expected_area}");
    for (pixel, (&count, p)) in covered.iter().zip(expected).enumerate() {
        let (part, error) = (count as f64 / DRAWS as f64, (p * (1.0 - p) / DRAWS as f64).sqrt());
        assert!((part - p).abs() < 6.0 * error + 0.002, "pixel {pixel}: {part} and not {p}");
    }
}

#[test]
fn a_batch_has_one_draw_which_its_first_image_decides() {
    for mixing in [Mixing::from(MixUp::default()), CutMix::default().into()] {
        let plan = mixing.plan(1, 2, &[9, 4, 6], SIZE).unwrap();
        let drawn: Vec<_> = plan.images().iter().map(|image| (image.lambda, image.rectangle)).collect();
        assert!(drawn.iter().all(|d| *d == drawn[0]), "{plan}");
        assert_eq!(plan.images().iter().map(|image| image.partner).collect::<Vec<_>>(), [2, 0, 1]);
        assert_eq!(plan.images().iter().map(|image| image.index).collect::<Vec<_>>(), [9, 4, 6]);
        let longer = mixing.plan(1, 2, &[9, 5, 3, 8], SIZE).unwrap();
        assert_eq!((longer.images()[3].lambda, longer.images()[3].rectangle), drawn[0]);
        for other in [mixing.plan(2, 2, &[9], SIZE), mixing.plan(1, 3, &[9], SIZE), mixing.plan(1, 2, &[4], SIZE)] {
            assert_ne!(other.unwrap().images()[0].lambda, drawn[0].0);
        }
    }
}

#[test]
fn an_image_has_its_own_draw_wherever_it_is() {
    for mixing in [
        Mixing::from(MixUp { alpha: 0.4, per: Granularity::Image }),
        CutMix { alpha: 1.0, per: Granularity::Image }.into(),
    ] {
        let plan = mixing.plan(1, 2, &[9, 4, 6], SIZE).unwrap();
        let again = mixing.plan(1, 2, &[6, 1, 2, 9], SIZE).unwrap();
        let drawn = |plan: &MixPlan, i: usize| (plan.images()[i].lambda, plan.images()[i].rectangle);
        assert_eq!((drawn(&plan, 0), drawn(&plan, 2)), (drawn(&again, 3), drawn(&again, 0)));
        assert_ne!(drawn(&plan, 0), drawn(&plan, 1));
        // A batch's draw is that of its first image.
        let batch: Mixing = format!("{}(alpha={})", mixing.name(), mixing.alpha()).parse().unwrap();
        assert_eq!(drawn(&batch.plan(1, 2, &[9, 4, 6], SIZE).unwrap(), 1), drawn(&plan, 0));
    }
}

/// Each batch has one of the methods, by the number of its first image, and then that way's own draws.
#[test]
fn one_of_several_methods_is_drawn_for_a_batch() {
    let methods = [
        Mixing::from(MixUp { alpha: 0.4, per: Granularity::Image }),
        CutMix::default().into(),
        MixUp::default().into(),
    ];
    let mixer = Mixer::new(methods, 10).unwrap();
    let mut counts = [0u32; 3];
    for first in 0..3000 {
        let indices = [first, 4, 6];
        let plan = mixer.plan(1, 2, &indices, SIZE).unwrap();
        let is_of = |way: &Mixing| way.plan(1, 2, &indices, SIZE).unwrap() == plan;
        counts[methods.iter().position(is_of).unwrap()] += 1;
        assert_eq!(
            Mixer::new([methods[1]], 10).unwrap().plan(1, 2, &indices, SIZE),
            methods[1].plan(1, 2, &indices, SIZE)
        );
    }
    // 3000 draws of 1/3 have a deviation of 26.
    assert!(counts.iter().all(|count| count.abs_diff(1000) < 6 * 26), "{counts:?}");
    // Pinned: a failure here is never fixed by changing what is expected.
    let is_cut = |first| mixer.plan(42, 7, &[first], SIZE).unwrap().images()[0].rectangle.is_some();
    let pinned = [0, 0, 0, 1, 1, 0, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0];
    assert_eq!((0..16).map(|first| u8::from(is_cut(first))).collect::<Vec<_>>(), pinned);
    assert_eq!(mixer.plan(1, 2, &[], SIZE).unwrap().images(), []);
}

/// A failure here is never fixed by changing the expected text.
#[test]
fn pinned_draws_never_change() {
    let pins = [
        (
            "mixup(alpha=0.2)",
            42,
            0,
            &[0, 1][..],
            "0: MixUp(partner=1, lambda=0.009337414056062698)\n\
             1: MixUp(partner=0, lambda=0.009337414056062698)",
        ),
        (
            "mixup(alpha=1, per=image)",
            42,
            7,
            &[1281166, 5],
            "1281166: MixUp(partner=1, lambda=0.286207914352417)\n\
             5: MixUp(partner=0, lambda=0.7890440225601196)",
        ),
        (
            "cutmix(alpha=1)",
            0,
            0,
            &[0, 1],
            "0: CutMix(partner=1, x=0, y=0, width=238, height=170, lambda=0.45430513595166166)\n\
             1: CutMix(partner=0, x=0, y=0, width=238, height=170, lambda=0.45430513595166166)",
        ),
        (
            "cutmix(alpha=1, per=image)",
            u64::MAX,
            u64::MAX,
            &[u64::MAX, 0],
            "18446744073709551615: CutMix(partner=1, x=0, y=0, width=295, height=150, lambda=0.4031883901596892)\n\
             0: CutMix(partner=0, x=136, y=0, width=195, height=169, lambda=0.5555270824341821)",
        ),
    ];
    let mut wrong = Vec::new();
    for (mixing, seed, epoch, indices, expected) in pins {
        let size = Size { width: 331, height: 224 };
        let got = mixing.parse::<Mixing>().unwrap().plan(seed, epoch, indices, size).unwrap().to_string();
        if got != expected {
            wrong.push(format!("{mixing}, seed {seed}, epoch {epoch}:\n{got}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn text_and_json_say_the_same() -> Result<(), Error> {
    for (text, json) in [
        ("mixup(alpha=0.2)", r#"{"mixing":"mixup","alpha":0.2}"#),
        ("cutmix(alpha=1, per=image)", r#"{"mixing":"cutmix","alpha":1.0,"per":"image"}"#),
    ] {
        let mixing: Mixing = text.parse()?;
        assert_eq!((mixing.to_string(), serde_json::to_string(&mixing).unwrap()), (text.to_string(), json.to_string()));
        assert_eq!(serde_json::from_str::<Mixing>(json).unwrap(), mixing);
        let plan = mixing.plan(5, 0, &[3, 1, 2], SIZE)?;
        assert_eq!(MixPlan::from_json(&plan.to_json())?, plan);
    }
    assert!(serde_json::from_str::<Mixing>(r#"{"mixing":"mixup","alpha":0.2,"beta":1}"#).is_err());
    Ok(())
}
