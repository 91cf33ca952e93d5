//! Planning: what drawing plans takes on the host, and making programs of them.

use std::hint::black_box;
use std::time::Instant;

use autoaugment::Shape;
use serde::Serialize;

use super::work::Form;

/// Seconds for an image on one thread, medians.
#[derive(Serialize)]
pub struct Planning {
    pub drawing_seconds: f64,
    /// Of the GPU's programs; on the CPU there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub programs_seconds: Option<f64>,
}

const REPETITIONS: u64 = 21;

impl Planning {
    pub fn of(form: &Form<'_>, images: usize, side: usize, has_gpu: bool) -> anyhow::Result<Self> {
        let shape = Shape { images, height: side, width: side, channels: 3 };
        let drawing_seconds = per_image(shape, |turn| {
            let began = Instant::now();
            black_box(form.plan(shape, turn)?);
            Ok(began.elapsed().as_secs_f64())
        })?;
        Ok(Planning { drawing_seconds, programs_seconds: if has_gpu { programs(form, shape)? } else { None } })
    }
}

#[cfg(feature = "gpu")]
fn programs(form: &Form<'_>, shape: Shape) -> anyhow::Result<Option<f64>> {
    let mut planner = autoaugment::gpu::Planner::default();
    let seconds = per_image(shape, |turn| {
        let plan = form.plan(shape, turn)?;
        let began = Instant::now();
        planner.programs(&plan, shape, &form.output)?;
        Ok(began.elapsed().as_secs_f64())
    });
    seconds.map(Some)
}

#[cfg(not(feature = "gpu"))]
fn programs(_: &Form<'_>, _: Shape) -> anyhow::Result<Option<f64>> {
    Ok(None)
}

/// The median of what some batches take, for one image.
fn per_image(shape: Shape, batch: impl FnMut(u64) -> anyhow::Result<f64>) -> anyhow::Result<f64> {
    let mut seconds = (0..REPETITIONS).map(batch).collect::<anyhow::Result<Vec<_>>>()?;
    seconds.sort_by(f64::total_cmp);
    Ok(seconds[seconds.len() / 2] / shape.images as f64)
}
