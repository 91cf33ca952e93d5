//! Mapped: a buffer's mapping, requested and awaited without blocking other users of the device.

use std::future::poll_fn;
use std::task::Poll;

use super::errors::Loss;
use super::waiting::Signal;
use crate::error::{Error, Result};

/// The state of a requested mapping.
#[derive(Debug)]
pub(crate) struct Mapped(Signal<Result<(), String>>);

impl Mapped {
    /// A buffer that is mapped.
    pub fn already() -> Self {
        let signal = Signal::new();
        signal.tell(Ok(()));
        Mapped(signal)
    }

    /// Requests the mapping of a whole buffer, after the last submission that uses it.
    pub fn ask(buffer: &wgpu::Buffer, mode: wgpu::MapMode) -> Self {
        let signal = Signal::new();
        let told = signal.clone();
        buffer.slice(..).map_async(mode, move |result| told.tell(result.map_err(|e| e.to_string())));
        Mapped(signal)
    }

    /// Whether it is mapped; an error if it will not be. Does not wait for that.
    pub async fn is_done(&self, device: &wgpu::Device, loss: &Loss) -> Result<bool> {
        match self.0.told() {
            None => Ok(false),
            Some(Ok(())) => Ok(true),
            Some(Err(reason)) => Err(refused(device, loss, &reason).await),
        }
    }

    /// Waits until it is mapped or the device is lost. The driver detects a device that hangs, which is then lost.
    ///
    /// It polls wgpu again and again instead of letting it wait. Without a timeout, wgpu blocks threads that destroy a
    /// buffer meanwhile. With a timeout, wgpu-core 30 panics if another thread finds the queue empty between the
    /// timeout and the check.
    pub async fn wait(&self, device: &wgpu::Device, loss: &Loss) -> Result<()> {
        #[cfg(not(target_arch = "wasm32"))]
        let looks = super::waiting::Looks::begin();
        let told = poll_fn(|context| {
            if let Some(told) = self.0.ask(context) {
                return Poll::Ready(Ok(told));
            }
            // Runs the callbacks of finished work. A browser does that by itself.
            if let Err(e) = device.poll(wgpu::PollType::Poll) {
                return Poll::Ready(Ok(Err(e.to_string())));
            }
            if let Err(lost) = loss.check() {
                return Poll::Ready(Err(lost));
            }
            if let Some(told) = self.0.told() {
                return Poll::Ready(Ok(told));
            }
            #[cfg(not(target_arch = "wasm32"))]
            looks.again(context);
            Poll::Pending
        });
        match told.await? {
            Ok(()) => loss.check(),
            Err(reason) => Err(refused(device, loss, &reason).await),
        }
    }
}

/// The reason why a buffer cannot be mapped: the loss of the device if that is the reason.
pub(crate) async fn refused(device: &wgpu::Device, loss: &Loss, reason: &str) -> Error {
    match loss.ask(device).await {
        Ok(()) => Error::Device(format!("mapping a buffer: {reason}")),
        Err(lost) => lost,
    }
}
