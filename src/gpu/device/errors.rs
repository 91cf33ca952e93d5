//! Errors of the device as values. Without a listener, wgpu panics on them.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
#[cfg(not(target_arch = "wasm32"))]
use std::time::{Duration, Instant};

#[cfg(not(target_arch = "wasm32"))]
use super::waiting;
use crate::error::{Error, Result};

/// The reason of a device's loss, after the loss.
#[derive(Clone, Debug, Default)]
pub(crate) struct Loss(Arc<Mutex<Option<String>>>);

impl Loss {
    /// Listens to a device that has no other listener.
    pub fn listen(&self, device: &wgpu::Device) {
        let loss = self.clone();
        device.set_device_lost_callback(move |reason, message| loss.set(format!("{reason:?}: {message}")));
    }

    pub fn set(&self, message: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(message);
    }

    /// An error if the device was lost, like [`Loss::check`], for use after another refusal.
    ///
    /// Natively wgpu reports a loss only when it is polled and no work runs any more. Until then, the device's objects
    /// are merely invalid. Another thread's poll can know of the loss and be about to report it, so this looks more
    /// than once.
    #[cfg(not(target_arch = "wasm32"))]
    pub async fn ask(&self, device: &wgpu::Device) -> Result<()> {
        let begun = Instant::now();
        let mut idle = 0;
        while idle < 20 && begun.elapsed() < Duration::from_secs(20) {
            // Not told to wait, as in `Mapped::wait`. Only its call of the callback matters.
            let busy = device.poll(wgpu::PollType::Poll).is_ok_and(|status| !status.is_queue_empty());
            idle += u32::from(!busy);
            self.check()?;
            waiting::pause(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// The same in a browser, which has told of the loss before it refuses anything for it.
    #[cfg(target_arch = "wasm32")]
    pub async fn ask(&self, _device: &wgpu::Device) -> Result<()> {
        self.check()
    }

    /// An error if the device is known to be lost.
    pub fn check(&self) -> Result<()> {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            None => Ok(()),
            Some(message) => Err(Error::DeviceLost(message.clone())),
        }
    }
}

/// The result of a function, and the errors that the device had meanwhile. To know the errors takes waiting.
pub(crate) struct Guarded<T> {
    result: Result<T>,
    scopes: [Popped; 3],
}

impl<T> Guarded<T> {
    /// Runs `f`. All scopes are closed when it returns, so that no other future's errors come between.
    pub fn run(device: &wgpu::Device, loss: &Loss, f: impl FnOnce() -> Result<T>) -> Result<Self> {
        loss.check()?;
        let scopes = [wgpu::ErrorFilter::Internal, wgpu::ErrorFilter::Validation, wgpu::ErrorFilter::OutOfMemory]
            .map(|filter| device.push_error_scope(filter));
        let result = f();
        let [internal, validation, memory] = scopes;
        // The innermost scope comes off first.
        let scopes = [Box::pin(memory.pop()) as Popped, Box::pin(validation.pop()), Box::pin(internal.pop())];
        Ok(Guarded { result, scopes })
    }

    /// The function's result, or the first error that the device had if the function had none.
    pub async fn settle(self, device: &wgpu::Device, loss: &Loss) -> Result<T> {
        let mut caught = None;
        for scope in self.scopes {
            caught = scope.await.or(caught);
        }
        loss.check()?;
        let result = match caught {
            None => self.result,
            Some(error) => Err(value_of(error)),
        };
        if let Err(Error::Device(_)) = result {
            loss.ask(device).await?;
        }
        result
    }
}

/// The error of a closed scope.
#[cfg(not(target_arch = "wasm32"))]
type Popped = Pin<Box<dyn Future<Output = Option<wgpu::Error>> + Send>>;
#[cfg(target_arch = "wasm32")]
type Popped = Pin<Box<dyn Future<Output = Option<wgpu::Error>>>>;

fn value_of(error: wgpu::Error) -> Error {
    match error {
        wgpu::Error::OutOfMemory { source } => Error::OutOfMemory(source.to_string()),
        wgpu::Error::Validation { description, .. } | wgpu::Error::Internal { description, .. } => {
            Error::Device(description)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_error_is_its_own_value() {
        let source = || "no room".into();
        let memory = value_of(wgpu::Error::OutOfMemory { source: source() });
        assert_eq!(memory.to_string(), "the device is out of memory: no room");
        let description = || "bad binding".to_string();
        let refused = "the device refused a command: bad binding";
        let validation = wgpu::Error::Validation { source: source(), description: description() };
        assert_eq!(value_of(validation).to_string(), refused);
        let internal = wgpu::Error::Internal { source: source(), description: description() };
        assert_eq!(value_of(internal).to_string(), refused);
    }

    #[test]
    fn the_first_loss_is_kept() {
        let loss = Loss::default();
        assert!(loss.check().is_ok());
        loss.set("unplugged".to_string());
        loss.set("later".to_string());
        assert_eq!(loss.check(), Err(Error::DeviceLost("unplugged".to_string())));
    }
}
