//! Upload: all that a chunk brings to a device, in one piece of memory: programs, parameters and images.

use super::ALIGNMENT;
use super::commands::{Commands, PARAMETERS_STRIDE};
use super::written::Written;

/// What is written, and the places of its parts.
pub(crate) struct Upload<'a> {
    pub written: Vec<Written<'a>>,
    /// Programs are in front of the parameters of each dispatch. Both are only read, so that one dispatch may bind
    /// their memory twice.
    pub parameters_at: usize,
    /// Bytes of both.
    pub commands_bytes: usize,
    pub images_at: usize,
    pub images_bytes: usize,
}

impl<'a> Upload<'a> {
    /// The upload of a chunk's work, with its images if they are in host memory.
    pub fn of(work: &'a Commands, images: &[Written<'a>]) -> Self {
        let programs: &[u8] = bytemuck::cast_slice(&work.programs);
        let parameters: &[u8] = bytemuck::cast_slice(&work.parameters);
        let parameters_at = programs.len().next_multiple_of(PARAMETERS_STRIDE);
        let commands_bytes = parameters_at + parameters.len();
        let images_at = commands_bytes.next_multiple_of(ALIGNMENT);
        let mut written = vec![Written::bytes(0, programs), Written::bytes(parameters_at, parameters)];
        written.extend(images.iter().map(|image| image.moved(images_at)));
        let images_bytes = images.iter().map(Written::end).max().unwrap_or(0).next_multiple_of(4);
        Upload { written, parameters_at, commands_bytes, images_at, images_bytes }
    }

    /// Bytes of the memory.
    pub fn bytes(&self) -> usize {
        self.images_at + self.images_bytes
    }

    /// Bytes that are written.
    pub fn bytes_written(&self) -> u64 {
        self.written.iter().map(|written| written.len() as u64).sum()
    }
}
