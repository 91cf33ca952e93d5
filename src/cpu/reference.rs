//! Reference: one operation after the other on whole images. It is slow. The executors are compared with it.

use half::f16;

use crate::batch::{Image, Images, Layout};
use crate::error::Result;
use crate::output::{Output, Tensor, TensorData};
use crate::plan::{CheckedPlan, Plan};

/// Applies a plan through the operations' references.
///
/// # Errors
/// Those of [`Executor::apply`](crate::Executor::apply) on the CPU.
pub fn apply<'a>(batch: impl Into<Images<'a>>, plan: &Plan, output: &Output) -> Result<Tensor> {
    let batch = batch.into();
    let plan = plan.checked_for(&batch)?;
    output.check()?;
    run(batch, plan, output)
}

fn run(batch: Images<'_>, plan: CheckedPlan<'_>, output: &Output) -> Result<Tensor> {
    let (shape, plan) = (batch.shape(plan.size()), plan.plan());
    let layout = output.layout(batch.layout());
    let mut data = TensorData::zeros(output.dtype(), shape.values())?;
    let augmented =
        |i: usize| plan.images()[i].ops.iter().fold(batch.image(i), |image, op| op.reference(image, &batch));
    let normalize = output.form().normalize();
    for i in 0..shape.images {
        let image = augmented(i);
        let range = i * shape.values_per_image()..(i + 1) * shape.values_per_image();
        match &mut data {
            TensorData::U8(values) => write(&image, layout, &mut values[range], |_, v| v),
            TensorData::F32(values) => write(&image, layout, &mut values[range], |c, v| normalize.value(c, v)),
            TensorData::F16(values) => {
                write(&image, layout, &mut values[range], |c, v| f16::from_f32(normalize.value(c, v)));
            }
        }
    }
    Ok(Tensor { shape, layout, data })
}

/// Writes an interleaved image in `layout`.
fn write<T>(image: &Image, layout: Layout, out: &mut [T], value: impl Fn(usize, u8) -> T) {
    let plane = image.pixels();
    for (p, pixel) in image.data.chunks_exact(image.channels).enumerate() {
        for (c, &v) in pixel.iter().enumerate() {
            let place = match layout {
                Layout::Nhwc => p * image.channels + c,
                Layout::Nchw => c * plane + p,
            };
            out[place] = value(c, v);
        }
    }
}
