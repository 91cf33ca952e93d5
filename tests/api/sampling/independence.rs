//! Independence: no draw says anything about another, in the same image or elsewhere.
//!
//! A generator that is seeded once for several draws makes some sub-policies run always and others never while every
//! draw alone looks fair. So the joint distribution of each two draws is tested against the product of theirs; the
//! last test shows that such a generator is found.

use autoaugment::{Op, Policy};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::uniformity::{plan, signed};
use crate::support::statistics::{check, report};

const DRAWS: usize = 20_000;
const SUB_POLICIES: usize = 5;
const GATES: [f64; 3] = [0.3, 0.6, 0.5];

/// Everything that is drawn for one image. What is drawn but not used is unknown.
#[derive(Clone, Debug)]
struct Draws {
    sub_policy: usize,
    gates: [bool; 3],
    signs: [Option<bool>; 3],
    /// Column and row of the centers of two Cutouts, on images of 4 x 3 pixels.
    points: [[usize; 2]; 2],
    /// Partners of two SamplePairings, as the quarter of the batch after the image in which they are.
    partners: [usize; 2],
}

/// Which category a draw fell into, if it was made.
type Category = Box<dyn Fn(&Draws) -> Option<usize>>;

/// One draw as a category, with the probabilities of the categories.
struct Variable {
    name: String,
    /// Of which step, for draws that are only seen where that step is applied.
    step: Option<usize>,
    probabilities: Vec<f64>,
    value: Category,
}

fn variables() -> Vec<Variable> {
    let uniform = |n: usize| vec![1.0 / n as f64; n];
    let mut all = Vec::new();
    let mut add = |name: String, step, probabilities, value: Category| {
        all.push(Variable { name, step, probabilities, value });
    };
    add("sub-policy".into(), None, uniform(SUB_POLICIES), Box::new(|d| Some(d.sub_policy)));
    for (k, p) in GATES.into_iter().enumerate() {
        add(format!("gate {k}"), Some(k), vec![1.0 - p, p], Box::new(move |d| Some(usize::from(d.gates[k]))));
        add(format!("sign {k}"), Some(k), uniform(2), Box::new(move |d| d.signs[k].map(usize::from)));
    }
    for k in 0..2 {
        add(format!("column {k}"), None, uniform(4), Box::new(move |d| Some(d.points[k][0])));
        add(format!("row {k}"), None, uniform(3), Box::new(move |d| Some(d.points[k][1])));
        add(format!("partner {k}"), None, uniform(4), Box::new(move |d| Some(d.partners[k])));
    }
    all
}

fn drawn(seed: u64, epoch: u64) -> Vec<Draws> {
    drawn_for(DRAWS, seed, epoch)
}

/// The draws of the first images in an epoch, read from a plan.
fn drawn_for(count: usize, seed: u64, epoch: u64) -> Vec<Draws> {
    let [a, b, c] = GATES;
    let line = format!(
        "Rotate {a} 9 + ShearX {b} 5 + Color {c} 7 + Cutout 1 9 + SamplePairing 1 5 + Cutout 1 0 + SamplePairing 1 5"
    );
    let policy: Policy = vec![line; SUB_POLICIES].join("\n").parse().unwrap();
    // One more image than draws, so that the others fall into equal quarters.
    let images = count + 1;
    let plan = plan(&policy, seed, epoch, images as u64);
    let read = |(i, image): (usize, &autoaugment::PlannedImage)| {
        let mut draws = Draws {
            sub_policy: image.sub_policy.unwrap() - 1,
            gates: [false; 3],
            signs: [None; 3],
            points: [[9; 2]; 2],
            partners: [9; 2],
        };
        let (mut cutouts, mut pairings) = (0, 0);
        for op in &image.ops {
            let step = match op {
                Op::Rotate(_) => 0,
                Op::ShearX(_) => 1,
                Op::Color(_) => 2,
                Op::Cutout(c) => {
                    let center = |corner: i64, side: u32| (corner + i64::from(side / 2)) as usize;
                    draws.points[cutouts] = [center(c.x, c.width), center(c.y, c.height)];
                    cutouts += 1;
                    continue;
                }
                Op::SamplePairing(p) => {
                    let ahead = (p.partner + images - i) % images;
                    draws.partners[pairings] = (ahead - 1) * 4 / (images - 1);
                    pairings += 1;
                    continue;
                }
                other => panic!("{other}"),
            };
            draws.gates[step] = true;
            draws.signs[step] = Some(signed(op).unwrap() < 0.0);
        }
        draws
    };
    plan.images().iter().enumerate().map(read).take(count).collect()
}

/// Tests the joint distribution of two variables over pairs of images.
fn joint<'a>(
    what: &str,
    pairs: impl Iterator<Item = (&'a Draws, &'a Draws)>,
    a: &Variable,
    b: &Variable,
) -> Result<(), String> {
    let mut counts = vec![0; a.probabilities.len() * b.probabilities.len()];
    for (one, other) in pairs {
        if let (Some(i), Some(j)) = ((a.value)(one), (b.value)(other)) {
            counts[i * b.probabilities.len() + j] += 1;
        }
    }
    let probabilities: Vec<_> =
        a.probabilities.iter().flat_map(|p| b.probabilities.iter().map(move |q| p * q)).collect();
    check(&format!("{what}: {} and {}", a.name, b.name), &counts, &probabilities)
}

/// Each two draws of the same image.
fn within(draws: &[Draws]) -> Vec<Result<(), String>> {
    let variables = variables();
    let mut results = Vec::new();
    for (i, a) in variables.iter().enumerate() {
        for b in &variables[i + 1..] {
            // A sign is only seen where its own gate is open.
            if a.step.is_none() || a.step != b.step {
                results.push(joint("same image", draws.iter().map(|d| (d, d)), a, b));
            }
        }
    }
    results
}

/// Each draw of `one` with each of `other`, image by image.
fn between(what: &str, one: &[Draws], other: &[Draws]) -> Vec<Result<(), String>> {
    let variables = variables();
    let all = variables.iter().flat_map(|a| variables.iter().map(move |b| (a, b)));
    all.map(|(a, b)| joint(what, one.iter().zip(other), a, b)).collect()
}

/// The images with even numbers, and their neighbors.
fn neighbors(draws: &[Draws]) -> (Vec<Draws>, Vec<Draws>) {
    draws.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).unzip()
}

#[test]
fn the_draws_of_an_image_are_independent() {
    report([drawn(42, 0), drawn(0, 0), drawn(0, 1)].iter().flat_map(|draws| within(draws)));
}

#[test]
fn images_epochs_and_seeds_are_independent() {
    let base = drawn(1, 2);
    let (even, odd) = neighbors(&base);
    let mut results = between("neighbors", &even, &odd);
    for (what, seed, epoch) in
        [("next epoch", 1, 3), ("next seed", 2, 2), ("seed and epoch swapped", 2, 1), ("far seed", 1 << 32 | 1, 2)]
    {
        results.extend(between(what, &base, &drawn(seed, epoch)));
    }
    // Image i of epoch j against image j of epoch i: a key in which they could be exchanged would repeat itself.
    let small: Vec<_> = (0..200).map(|epoch| drawn_for(200, 1, epoch)).collect();
    let pairs = (0..200).flat_map(|i| (0..i).map(move |j| (i, j)));
    let (one, other): (Vec<_>, Vec<_>) = pairs.map(|(i, j)| (small[i][j].clone(), small[j][i].clone())).unzip();
    results.extend(between("index and epoch swapped", &one, &other));
    report(results);
}

/// What a generator draws that is seeded alike for every purpose: one number decides everything.
fn drawn_from_one_number(seed: u64) -> Vec<Draws> {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    let mut draw = || {
        let u: f64 = generator.random();
        let of = |n: usize| (u * n as f64) as usize;
        let gates = GATES.map(|p| u < p);
        Draws {
            sub_policy: of(SUB_POLICIES),
            gates,
            signs: gates.map(|gate| gate.then_some(u < 0.5)),
            points: [[of(4), of(3)]; 2],
            partners: [of(4); 2],
        }
    };
    (0..DRAWS).map(|_| draw()).collect()
}

/// Fair draws that nothing is wrong with but that each gate is the sub-policy's parity with this probability.
fn drawn_with_a_leak(leak: f64) -> Vec<Draws> {
    let mut generator = ChaCha8Rng::seed_from_u64(3);
    let mut draws = drawn(8, 8);
    for d in &mut draws {
        if generator.random::<f64>() < leak {
            d.gates[2] = d.sub_policy.is_multiple_of(2);
        }
    }
    draws
}

#[test]
fn one_generator_for_everything_is_found() {
    let broken = drawn_from_one_number(1);
    let results = within(&broken);
    let found = results.iter().filter(|r| r.is_err()).count();
    assert_eq!(found, results.len(), "{:?}", results.iter().filter(|r| r.is_ok()).count());
    // Every draw alone looks fair.
    for variable in variables().iter().filter(|v| !v.name.starts_with("sign")) {
        let mut counts = vec![0; variable.probabilities.len()];
        broken.iter().for_each(|d| counts[(variable.value)(d).unwrap()] += 1);
        check(&variable.name, &counts, &variable.probabilities).unwrap();
    }
    // The same numbers again, for another epoch or the next image.
    let again = between("repeated", &broken, &broken);
    assert!(again.iter().all(Result::is_err));
    let fair = drawn(4, 4);
    for (variable, result) in
        variables().iter().zip(between("repeated", &fair, &fair).iter().step_by(variables().len() + 1))
    {
        assert!(result.is_err(), "{}", variable.name);
    }
    // A tenth of the gates is enough.
    assert!(within(&drawn_with_a_leak(0.1)).iter().any(Result::is_err));
    assert!(within(&drawn_with_a_leak(0.0)).iter().all(Result::is_ok));
}
