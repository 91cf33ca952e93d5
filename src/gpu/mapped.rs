//! Mapped: a buffer's mapping, asked for and waited for without keeping anyone else from the device.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::errors::Loss;
use crate::error::{Error, Result};

/// How long one look at the device may take; between looks it is asked whether it is lost.
const LOOK: Duration = Duration::from_millis(100);

/// Whether a mapping that was asked for is done.
#[derive(Debug)]
pub(super) struct Mapped {
    state: Arc<State>,
    /// What the device has to do before.
    after: Option<wgpu::SubmissionIndex>,
}

#[derive(Debug, Default)]
struct State {
    /// None as long as it is not.
    result: Mutex<Option<Result<(), String>>>,
    changed: Condvar,
}

impl Mapped {
    /// A buffer that is mapped.
    pub fn already() -> Self {
        let mapped = Mapped { state: Arc::default(), after: None };
        mapped.state.tell(Ok(()));
        mapped
    }

    /// Asks for a whole buffer to be mapped once the last submission that uses it is done.
    pub fn ask(buffer: &wgpu::Buffer, mode: wgpu::MapMode, after: wgpu::SubmissionIndex) -> Self {
        let state = Arc::<State>::default();
        let told = state.clone();
        buffer.slice(..).map_async(mode, move |result| told.tell(result.map_err(|e| e.to_string())));
        Mapped { state, after: Some(after) }
    }

    /// Whether it is mapped; an error if it will not be. Does not wait.
    pub fn is_done(&self, device: &wgpu::Device, loss: &Loss) -> Result<bool> {
        let result = self.state.result.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match result {
            None => Ok(false),
            Some(Ok(())) => Ok(true),
            Some(Err(reason)) => Err(refused(device, loss, &reason)),
        }
    }

    /// Waits until it is mapped or the device is lost. A device that hangs is its driver's to notice, and is lost then.
    pub fn wait(&self, device: &wgpu::Device, loss: &Loss) -> Result<()> {
        while !self.is_done(device, loss)? {
            let poll = wgpu::PollType::Wait { submission_index: self.after.clone(), timeout: Some(LOOK) };
            match device.poll(poll) {
                Ok(_) | Err(wgpu::PollError::Timeout) => {}
                Err(e) => return Err(refused(device, loss, &e.to_string())),
            }
            loss.check()?;
            // Another thread's poll may have been told, and be about to say so.
            let result = self.state.result.lock().unwrap_or_else(PoisonError::into_inner);
            if result.is_none() {
                drop(self.state.changed.wait_timeout(result, Duration::from_millis(1)));
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
pub(super) fn refused(device: &wgpu::Device, loss: &Loss, reason: &str) -> Error {
    match loss.ask(device) {
        Ok(()) => Error::Device(format!("mapping a buffer: {reason}")),
        Err(lost) => lost,
    }
}
