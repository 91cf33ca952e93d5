//! Memory: where a burn tensor lies in a wgpu buffer.

use std::any::Any;
use std::fmt;

use ::burn::backend::wgpu::{CubeBackend, Wgpu, WgpuResource};
use ::burn::cubecl::wgpu::{AutoCompiler, WgpuServer};
use ::burn::tensor::Tensor;

use crate::error::{Error, Result};

/// The part of a wgpu buffer that a float tensor lies in.
///
/// Finding it makes burn submit everything that it had queued for the tensor. What is submitted to the queue next comes right
/// after that; if burn is called in between, `Device::flush` puts things in order again. While this value lives, burn neither
/// frees nor moves the memory, but it may write there: an operation that consumes the tensor works in place. Keep no longer
/// than it takes to submit.
///
/// Other tensors lie in the same buffer. Bind no more than [`offset`](Memory::offset) and [`bytes`](Memory::bytes) say, and
/// with `read_write`, also to read: wgpu refuses `read` and `read_write` of one buffer in one dispatch. Clones of a tensor are
/// the same memory.
pub struct Memory {
    buffer: wgpu::Buffer,
    offset: u64,
    bytes: u64,
    /// What keeps the memory reserved; its type has no public name.
    _reserved: Box<dyn Any + Send>,
}

impl Memory {
    /// Finds a tensor's memory.
    ///
    /// # Errors
    /// [`Error::Burn`] if the tensor is on no wgpu device, has autodiff (use `inner()`), is no contiguous part of memory, or
    /// could not be allocated.
    pub fn of<const D: usize>(tensor: &Tensor<D>) -> Result<Self> {
        let failed = |what: &str, reason: &dyn fmt::Display| Error::Burn(format!("{what}: {reason}"));
        let primitive = tensor
            .clone()
            .try_into_primitive::<Wgpu>()
            .map_err(|e| Error::Burn(format!("the tensor is on no wgpu device, or has autodiff: {e:?}")))?;
        // Has the operations run that fusion still holds back.
        let client = primitive.client.clone();
        let resolved = client.resolve_tensor_float::<CubeBackend>(primitive);
        if !resolved.is_contiguous() {
            return Err(Error::Burn("the tensor is not contiguous in memory".to_string()));
        }
        let reserved = resolved
            .client
            .get_resource::<WgpuServer<AutoCompiler>>(resolved.handle.clone())
            .map_err(|e| failed("the tensor has no wgpu memory", &e))?;
        let WgpuResource { buffer, offset, size, .. } = reserved.resource().clone();
        Ok(Memory { buffer, offset, bytes: size, _reserved: Box::new(reserved) })
    }

    /// The buffer, which others share.
    pub fn buffer(&self) -> &wgpu::Buffer {
        &self.buffer
    }

    /// The first byte; a multiple of the device's alignment for storage buffers, unless the tensor is a slice of another.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// How many bytes there are.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Memory { buffer, offset, bytes, .. } = self;
        f.debug_struct("Memory").field("buffer", buffer).field("offset", offset).field("bytes", bytes).finish()
    }
}
