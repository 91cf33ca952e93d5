//! Apply: plans run on batches in host memory and on the device.

use super::Gpu;
use super::batch::{GpuBatch, GpuImages, check_apart, check_bytes, check_room};
use super::device::buffers::PooledBuffer;
use super::device::readback::Pending;
#[cfg(not(target_arch = "wasm32"))]
use super::device::waiting::block_on;
use super::transfer::{BATCH, Destination, storage};
use crate::batch::{Images, Shape};
use crate::error::Result;
use crate::output::{Output, Tensor, TensorData, TensorMut};
use crate::plan::{CheckedPlan, Plan};
use crate::report::Report;

impl Gpu {
    /// Applies `plan` to a batch in host memory and returns the result there.
    ///
    /// A batch that exceeds the device's limits runs in chunks.
    ///
    /// # Errors
    /// Those of [`Executor::apply`](crate::Executor::apply).
    #[cfg(not(target_arch = "wasm32"))]
    pub fn apply<'a>(&self, batch: impl Into<Images<'a>>, plan: &Plan, output: &Output) -> Result<(Tensor, Report)> {
        block_on(self.apply_async(batch, plan, output))
    }

    /// Applies a plan, as [`Gpu::apply`], without blocking. Any executor runs it; several may be under way at a time.
    ///
    /// # Errors
    /// Those of [`Gpu::apply`].
    pub async fn apply_async<'a>(
        &self,
        batch: impl Into<Images<'a>>,
        plan: &Plan,
        output: &Output,
    ) -> Result<(Tensor, Report)> {
        self.begin_async(batch, plan, output).await?.fetch().await
    }

    /// Starts [`Gpu::apply`] and returns after the submission. The images are uploaded by then. You can prepare or
    /// begin the next batch while the device works.
    ///
    /// Each started batch has its own memory for results until you wait for it. If a batch exceeds the device's limits,
    /// two of its chunks are under way at a time. This call then waits for all chunks except the last two.
    ///
    /// ```
    /// # fn main() -> autoaugment::Result<()> {
    /// use autoaugment::{Batch, Gpu, Layout, Output, Plan, Shape};
    /// # let Ok(gpu) = Gpu::new() else { return Ok(()) };
    /// let shape = Shape { images: 2, height: 1, width: 1, channels: 1 };
    /// let invert = Plan::uniform(2, vec!["Invert".parse()?]);
    /// let (mut pending, mut results) = (None, Vec::new());
    /// for value in [0, 50, 100] {
    ///     let batch = Batch::new(vec![value; 2], shape, Layout::Nhwc)?;
    ///     let begun = gpu.begin(&batch, &invert, &Output::u8())?;
    ///     // The device is at this batch; meanwhile the one before is fetched.
    ///     results.extend(pending.replace(begun).map(|before| before.wait()));
    /// }
    /// results.extend(pending.map(|last| last.wait()));
    /// for (result, expected) in results.into_iter().zip([255, 205, 155]) {
    ///     assert_eq!(result?.0.data.as_u8(), Some(&[expected; 2][..]));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`Gpu::apply`]. Some of them appear when you wait for the batch.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn begin<'a>(&self, batch: impl Into<Images<'a>>, plan: &Plan, output: &Output) -> Result<Pending> {
        block_on(self.begin_async(batch, plan, output))
    }

    /// Begins a batch, as [`Gpu::begin`], without blocking.
    ///
    /// # Errors
    /// Those of [`Gpu::begin`].
    pub async fn begin_async<'a>(&self, batch: impl Into<Images<'a>>, plan: &Plan, output: &Output) -> Result<Pending> {
        let batch = batch.into();
        let plan = plan.checked_for(&batch)?;
        output.check()?;
        let shape = batch.shape(plan.size());
        let data = TensorData::zeros(output.dtype(), shape.values())?;
        let mut tensor = Tensor { shape, layout: output.layout(batch.layout()), data };
        let result = TensorMut::from(&mut tensor.data).into_bytes();
        let in_flight = self.forget_if_refused(self.through_host(batch, plan, output, result).await)?;
        Ok(Pending { in_flight, tensor })
    }

    /// Applies a plan that was checked to a batch in host memory and writes the result to memory of the right type and
    /// length.
    pub(crate) async fn apply_to_host(
        &self,
        batch: Images<'_>,
        plan: CheckedPlan<'_>,
        output: &Output,
        memory: TensorMut<'_>,
    ) -> Result<Report> {
        let result = memory.into_bytes();
        let mut in_flight = self.forget_if_refused(self.through_host(batch, plan, output, result).await)?;
        in_flight.fetch_all_but(0, result).await?;
        Ok(in_flight.report)
    }

    /// Applies `plan` to a batch on the device and leaves the result there, in a new buffer or in one from
    /// [`Gpu::recycle`].
    ///
    /// Returns after the submission. Later submissions to the queue see the result.
    ///
    /// # Errors
    /// Those of [`Executor::apply`](crate::Executor::apply), and [`Error::Buffer`](crate::Error::Buffer) if the batch
    /// is not u8.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn apply_resident<'a>(
        &self,
        batch: impl Into<GpuImages<'a>>,
        plan: &Plan,
        output: &Output,
    ) -> Result<(GpuBatch, Report)> {
        block_on(self.apply_resident_async(batch, plan, output))
    }

    /// Applies a plan on the device, as [`Gpu::apply_resident`], without blocking.
    ///
    /// # Errors
    /// Those of [`Gpu::apply_resident`].
    pub async fn apply_resident_async<'a>(
        &self,
        batch: impl Into<GpuImages<'a>>,
        plan: &Plan,
        output: &Output,
    ) -> Result<(GpuBatch, Report)> {
        let batch = batch.into();
        let plan = plan.checked(batch.sizes())?;
        output.check()?;
        self.apply_resident_checked(batch, plan, output).await
    }

    /// The same for a plan that was checked against the batch, and an output that was checked.
    pub(crate) async fn apply_resident_checked(
        &self,
        batch: GpuImages<'_>,
        plan: CheckedPlan<'_>,
        output: &Output,
    ) -> Result<(GpuBatch, Report)> {
        let shape = batch.shape_after(plan);
        let (buffer, transient) = self.result_buffer(shape, output).await?;
        let into = Destination { buffer: &buffer, offset: 0, shape, output, transient };
        let report = self.apply_to(batch, plan, into).await?;
        let layout = output.layout(batch.layout());
        let augmented = GpuBatch::new(buffer.release(), 0, shape, layout, output.dtype())?;
        Ok((augmented.with_origin_pool(self.pool()), report))
    }

    /// Applies `plan` to a batch on the device and writes the result into your `buffer`, contiguous from byte `offset`
    /// on. Other bytes stay unchanged.
    ///
    /// # Errors
    /// Those of [`Gpu::apply_resident`]. [`Error::Buffer`](crate::Error::Buffer) if `offset` is not a multiple of 4, or
    /// if the buffer is too small, is the input, or lacks the usage `STORAGE`.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn apply_into<'a>(
        &self,
        batch: impl Into<GpuImages<'a>>,
        plan: &Plan,
        output: &Output,
        buffer: &wgpu::Buffer,
        offset: u64,
    ) -> Result<Report> {
        block_on(self.apply_into_async(batch, plan, output, buffer, offset))
    }

    /// Applies a plan into the caller's memory, as [`Gpu::apply_into`], without blocking.
    ///
    /// # Errors
    /// Those of [`Gpu::apply_into`].
    pub async fn apply_into_async<'a>(
        &self,
        batch: impl Into<GpuImages<'a>>,
        plan: &Plan,
        output: &Output,
        buffer: &wgpu::Buffer,
        offset: u64,
    ) -> Result<Report> {
        let batch = batch.into();
        let plan = plan.checked(batch.sizes())?;
        output.check()?;
        self.apply_into_checked(batch, plan, output, buffer, offset).await
    }

    /// The same for a plan that was checked against the batch, and an output that was checked.
    pub(crate) async fn apply_into_checked(
        &self,
        batch: GpuImages<'_>,
        plan: CheckedPlan<'_>,
        output: &Output,
        buffer: &wgpu::Buffer,
        offset: u64,
    ) -> Result<Report> {
        let shape = batch.shape_after(plan);
        check_room(buffer, offset, shape, output.dtype())?;
        self.apply_to(batch, plan, Destination { buffer, offset, shape, output, transient: false }).await
    }

    /// A buffer for results that stay on the device, and whether it is new.
    pub(super) async fn result_buffer(&self, shape: Shape, output: &Output) -> Result<(PooledBuffer, bool)> {
        let bytes = (shape.values() as u64 * output.dtype().bytes() as u64).next_multiple_of(4);
        if let Some(buffer) = self.pool().again(BATCH, bytes, storage()) {
            return Ok((buffer, false));
        }
        let made = self.inner.context.guarded(|| self.pool().take(BATCH, bytes, storage()));
        Ok((self.forget_if_refused(made.await)?, true))
    }

    async fn apply_to(&self, batch: GpuImages<'_>, plan: CheckedPlan<'_>, into: Destination<'_>) -> Result<Report> {
        check_apart(batch.buffer, into.buffer)?;
        check_bytes(batch.dtype)?;
        let mut report = Report::of(self.description(), plan.plan());
        self.forget_if_refused(self.on_device(batch, plan.plan(), into, &mut report).await)?;
        Ok(report)
    }
}
