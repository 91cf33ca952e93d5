//! Picture: an image from the CPU, the same from the GPU, and where they differ, side by side.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use anyhow::{Context, Result};
use autoaugment::{Layout, Tensor, TensorData};

use crate::conformance::bits;

/// Columns between two images.
const GAP: usize = 2;
/// Small images are enlarged to about this many pixels.
const SIDE: usize = 128;

pub fn write(path: &Path, expected: &Tensor, got: &Tensor, image: usize) -> Result<()> {
    let (height, width) = (expected.shape.height, expected.shape.width);
    let scale = (SIDE / height.max(width)).max(1);
    let columns = 3 * width + 2 * GAP;
    let mut rgb = vec![40; columns * scale * height * scale * 3];
    let mut paint = |x: usize, y: usize, color: [u8; 3]| {
        for row in y * scale..(y + 1) * scale {
            let start = (row * columns * scale + x * scale) * 3;
            for (at, value) in rgb[start..start + scale * 3].iter_mut().enumerate() {
                *value = color[at % 3];
            }
        }
    };
    for y in 0..height {
        for x in 0..width {
            let [cpu, gpu] = [expected, got].map(|tensor| color(tensor, image, x, y));
            let differs = places(expected, image, x, y).any(|at| bits(&expected.data, at) != bits(&got.data, at));
            paint(x, y, cpu);
            paint(width + GAP + x, y, gpu);
            paint(2 * (width + GAP) + x, y, if differs { [255, 0, 0] } else { [0; 3] });
        }
    }
    let file = File::create(path).with_context(|| format!("{}", path.display()))?;
    let mut encoder = png::Encoder::new(BufWriter::new(file), (columns * scale) as u32, (height * scale) as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header()?.write_image_data(&rgb)?;
    Ok(())
}

/// The positions of a pixel's values.
fn places(tensor: &Tensor, image: usize, x: usize, y: usize) -> impl Iterator<Item = usize> {
    let shape = tensor.shape;
    let first = image * shape.values_per_image();
    let layout = tensor.layout;
    (0..shape.channels).map(move |c| {
        first
            + match layout {
                Layout::Nhwc => (y * shape.width + x) * shape.channels + c,
                Layout::Nchw => (c * shape.height + y) * shape.width + x,
            }
    })
}

/// The pixel as it is seen; normalized values from -2.5 to 2.5.
fn color(tensor: &Tensor, image: usize, x: usize, y: usize) -> [u8; 3] {
    let seen = |value: f32| ((value + 2.5) * 51.0) as u8;
    let value = |at: usize| match &tensor.data {
        TensorData::U8(values) => values[at],
        TensorData::F32(values) => seen(values[at]),
        TensorData::F16(values) => seen(values[at].to_f32()),
    };
    let values: Vec<u8> = places(tensor, image, x, y).map(value).collect();
    match values[..] {
        [r, g, b] => [r, g, b],
        _ => [values[0]; 3],
    }
}
