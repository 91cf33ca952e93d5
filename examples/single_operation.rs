//! One image, one operation, no policy.
//!
//! `cargo run --release --example single_operation`

use autoaugment::{Batch, Device, Executor, Interpolation, Layout, Op, Output, Plan, Shape, ops};

fn main() -> autoaugment::Result<()> {
    // A gray image with one bright pixel.
    let shape = Shape { images: 1, height: 5, width: 5, channels: 1 };
    let mut pixels = vec![20; 25];
    pixels[6] = 250;
    let image = Batch::new(pixels, shape, Layout::Nhwc)?;

    let executor = Executor::new(Device::Auto)?;
    println!("on {}", executor.description());
    // As a value, or parsed from what it prints as.
    let turn: Op = ops::Rotate { degrees: 90.0, interpolation: Interpolation::Nearest, fill: [0; 3] }.into();
    let solarize: Op = "Solarize(threshold=128)".parse()?;
    for op in [turn, solarize] {
        let (tensor, _) = executor.apply(&image, &Plan::uniform(1, vec![op.clone()]), &Output::u8())?;
        println!("{op}");
        for row in tensor.data.as_u8().unwrap_or_default().chunks(5) {
            println!("  {row:3?}");
        }
    }
    Ok(())
}
