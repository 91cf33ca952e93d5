//! Driver: what a CUDA device does for this crate: memory, copies and kernels, in the order of a stream.
//!
//! NVIDIA's driver is one (`nvidia.rs`). The emulator on the host is the other one, for tests.

use super::source::CudaSource;
use crate::error::{Error, Result};

/// A stream, by CUDA's handle. Work on it runs in order. 0 is the default stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stream(pub u64);

/// A part of the device's memory. It comes from [`Driver::allocate`], or from a caller who promises that it is there
/// until the stream's work is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub address: u64,
    pub bytes: u64,
}

impl Part {
    /// The bytes from `at` on.
    pub fn from(self, at: usize, bytes: usize) -> Self {
        Part { address: self.address + at as u64, bytes: bytes as u64 }
    }
}

/// A device. Only [`Driver::download`] waits for it.
pub(crate) trait Driver {
    /// A compiled kernel.
    type Kernel: Send + Sync;

    /// The device's name, for messages.
    fn description(&self) -> String;

    /// The stream of work without a caller's stream.
    fn stream(&self) -> Stream;

    /// Refuses a stream that cannot take work now.
    fn check(&self, stream: Stream) -> Result<()>;

    /// Compiles kernels, in parallel.
    fn compile(&self, sources: &[CudaSource]) -> Result<Vec<Self::Kernel>>;

    /// Memory for work on this stream, with arbitrary bytes.
    fn allocate(&self, what: &'static str, bytes: usize, stream: Stream) -> Result<Part>;

    /// Gives memory back once the work on this stream is done.
    fn free(&self, part: Part, stream: Stream);

    /// Writes memory of the device. `fill` gets memory of the host with arbitrary bytes.
    fn upload(&self, to: Part, stream: Stream, fill: &mut dyn FnMut(&mut [u8])) -> Result<()>;

    /// Writes zeros.
    fn clear(&self, part: Part, stream: Stream) -> Result<()>;

    /// Runs a kernel on a grid of blocks, with a part of memory for each entry of [`CudaSource::buffers`].
    fn launch(&self, kernel: &Self::Kernel, grid: [u32; 3], parts: &[Part], stream: Stream) -> Result<()>;

    /// Reads the first bytes of memory, and waits for them.
    fn download(&self, from: Part, into: &mut [u8], stream: Stream) -> Result<()>;
}

/// A device that has no memory left for something.
pub(crate) fn out_of_memory(what: &str, bytes: usize) -> Error {
    Error::OutOfMemory(format!("{what} need {bytes} bytes"))
}
