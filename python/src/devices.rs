//! Devices: one executor for each device and process.
//!
//! All objects of a process share them, with a GPU's pipelines and tables. A driver does not survive a fork.

use std::process;
use std::sync::{Arc, Mutex, PoisonError};

use autoaugment::{Device, Executor};
use pyo3::prelude::*;

use crate::errors::{DeviceError, raise};

struct Opened {
    process: u32,
    device: Device,
    executor: Arc<Executor>,
}

impl Opened {
    fn is_gpu(&self) -> bool {
        self.executor.description() != "CPU"
    }
}

static OPENED: Mutex<Vec<Opened>> = Mutex::new(Vec::new());

/// The executor of this process for a device.
///
/// The list is locked only while this thread holds the GIL, which a fork needs too. So a fork never finds it locked.
pub fn executor(device: &Device) -> PyResult<Arc<Executor>> {
    let process = process::id();
    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    // The CPU survives a fork. So where "auto" was the CPU, a forked process does not look for a GPU again.
    let is_usable = |opened: &&Opened| opened.device == *device && (opened.process == process || !opened.is_gpu());
    if let Some(opened) = opened.iter().find(is_usable) {
        return Ok(opened.executor.clone());
    }
    if *device != Device::Cpu && opened.iter().any(|opened| opened.process != process && opened.is_gpu()) {
        return Err(DeviceError::new_err(
            "this process was forked after a GPU was opened, which no driver supports; start workers with `spawn` or \
             `forkserver`, or give device=\"cpu\" in them",
        ));
    }
    let executor = Arc::new(Executor::new(device.clone()).map_err(raise)?);
    opened.push(Opened { process, device: device.clone(), executor: executor.clone() });
    Ok(executor)
}

/// Whether this process has a GPU open.
#[pyfunction]
pub fn gpu_is_open() -> bool {
    let process = process::id();
    let opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    opened.iter().any(|opened| opened.process == process && opened.is_gpu())
}

/// The adapters of this machine, by their descriptions; none if this build has no GPU path.
#[pyfunction]
pub fn devices() -> Vec<String> {
    #[cfg(feature = "gpu")]
    return autoaugment::gpu::adapters().iter().map(ToString::to_string).collect();
    #[cfg(not(feature = "gpu"))]
    Vec::new()
}
