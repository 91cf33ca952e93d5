//! Mapped: a buffer's mapping, asked for and waited for without keeping anyone else from the device.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::errors::Loss;
use crate::error::{Error, Result};

/// The longest pause between two looks at the device.
const PAUSE: Duration = Duration::from_millis(1);

/// Whether a mapping that was asked for is done.
#[derive(Debug)]
pub(crate) struct Mapped(Arc<State>);

#[derive(Debug, Default)]
struct State {
    /// None as long as it is not.
    result: Mutex<Option<Result<(), String>>>,
    changed: Condvar,
}

impl Mapped {
    /// A buffer that is mapped.
    pub fn already() -> Self {
        let mapped = Mapped(Arc::default());
        mapped.0.tell(Ok(()));
        mapped
    }

    /// Asks for a whole buffer to be mapped once the last submission that uses it is done.
    pub fn ask(buffer: &wgpu::Buffer, mode: wgpu::MapMode) -> Self {
        let state = Arc::<State>::default();
        let told = state.clone();
        buffer.slice(..).map_async(mode, move |result| told.tell(result.map_err(|e| e.to_string())));
        Mapped(state)
    }

    /// Whether it is mapped; an error if it will not be. Does not wait.
    pub fn is_done(&self, device: &wgpu::Device, loss: &Loss) -> Result<bool> {
        let result = self.0.result.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match result {
            None => Ok(false),
            Some(Ok(())) => Ok(true),
            Some(Err(reason)) => Err(refused(device, loss, &reason)),
        }
    }

    /// Waits until it is mapped or the device is lost. A device that hangs is its driver's to notice, and is lost then.
    ///
    /// wgpu is asked again and again and not told to wait: without a timeout it keeps out whoever destroys a buffer meanwhile, and
    /// with one wgpu-core 30 panics if another thread finds the queue empty between the timeout and the look at what is done.
    pub fn wait(&self, device: &wgpu::Device, loss: &Loss) -> Result<()> {
        let begun = Instant::now();
        while !self.is_done(device, loss)? {
            if let Err(e) = device.poll(wgpu::PollType::Poll) {
                return Err(refused(device, loss, &e.to_string()));
            }
            loss.check()?;
            let result = self.0.result.lock().unwrap_or_else(PoisonError::into_inner);
            if result.is_none() {
                // A small part of the time so far, so that a short wait is not made a long one. Another thread's poll may be told
                // meanwhile, and says so.
                drop(self.0.changed.wait_timeout(result, PAUSE.min(begun.elapsed() / 16)));
            }
        }
        loss.check()
    }
}

impl State {
    fn tell(&self, result: Result<(), String>) {
        *self.result.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        self.changed.notify_all();
    }
}

/// Why a buffer cannot be mapped: the loss of the device where that is the reason.
pub(crate) fn refused(device: &wgpu::Device, loss: &Loss, reason: &str) -> Error {
    match loss.ask(device) {
        Ok(()) => Error::Device(format!("mapping a buffer: {reason}")),
        Err(lost) => lost,
    }
}
