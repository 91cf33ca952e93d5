//! A policy of one's own: written as text, checked, drawn and applied, saved as JSON.
//!
//! `cargo run --release --example custom_policy`

use autoaugment::{Augmenter, Batch, Convention, Layout, OpKind, Policy, Shape, Step, SubPolicy};

fn main() -> autoaugment::Result<()> {
    // As text: one sub-policy a line, each step an operation, its probability and its magnitude.
    let mut policy: Policy = "convention torchvision
        Rotate 0.7 4 + Color 0.5 6
        Equalize 0.4 0 + Solarize 0.6 5
        Identity 1 0"
        .parse()?;
    // Or as data.
    let step = |op, probability, magnitude| Step { op, probability, magnitude };
    policy.sub_policies.push(SubPolicy {
        steps: vec![step(OpKind::Cutout, 1.0, 9.0), step(OpKind::ShearX, 0.5, 3.0), step(OpKind::Sharpness, 0.5, 7.0)],
    });
    policy.check()?;

    // What is wrong is said exactly.
    let mistake = Policy::new(Convention::Torchvision, vec!["Rotate 0.5 11".parse()?]);
    println!("a mistake: {}", mistake.unwrap_err());

    let augmenter = Augmenter::builder(policy.clone()).seed(7).build()?;
    let shape = Shape { images: 6, height: 32, width: 32, channels: 3 };
    let pixels: Vec<u8> = (0..shape.values()).map(|i| (i * 7 % 251) as u8).collect();
    let augmented = augmenter.augment(&Batch::new(pixels, shape, Layout::Nhwc)?, 0, &[0, 1, 2, 3, 4, 5])?;
    println!("on {}:\n{}", augmented.report.device, augmented.plan);
    println!("the policy as a file:\n{}", policy.to_json());
    Ok(())
}
