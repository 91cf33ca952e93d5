//! TensorMemory: the place of a burn tensor in a wgpu buffer.

use std::any::Any;
use std::fmt;

use ::burn::backend::wgpu::{CubeBackend, Wgpu, WgpuResource};
use ::burn::cubecl::wgpu::{AutoCompiler, WgpuServer};
use ::burn::tensor::Tensor;

use crate::error::{Error, Result};

/// The part of a wgpu buffer that holds a float tensor.
///
/// Finding it makes burn submit all its queued work on the tensor. Your next submission to the queue follows right
/// after that. If you call burn in between, `Device::flush` restores the order. While this value lives, burn neither
/// frees nor moves the memory. But burn can write there, because an operation that consumes the tensor works in place.
/// Drop this value after the submission.
///
/// Other tensors lie in the same buffer. Bind only the range of [`offset`](TensorMemory::offset) and
/// [`bytes`](TensorMemory::bytes). Bind it with `read_write`, even to read, because wgpu refuses `read` and
/// `read_write` of one buffer in one dispatch. Clones of a tensor share the memory.
pub struct TensorMemory {
    buffer: wgpu::Buffer,
    offset: u64,
    bytes: u64,
    /// Keeps the memory reserved. Its type has no public name.
    _reserved: Box<dyn Any + Send>,
}

impl TensorMemory {
    /// Finds a tensor's memory.
    ///
    /// # Errors
    /// [`Error::Burn`] if the tensor is not on a wgpu device, has autodiff (use `inner()`), is not contiguous, or could
    /// not be allocated.
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
        Ok(TensorMemory { buffer, offset, bytes: size, _reserved: Box::new(reserved) })
    }

    /// The buffer, which other tensors share.
    pub fn buffer(&self) -> &wgpu::Buffer {
        &self.buffer
    }

    /// The first byte; a multiple of the device's alignment for storage buffers, unless the tensor is a slice of
    /// another.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The number of bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl fmt::Debug for TensorMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TensorMemory { buffer, offset, bytes, .. } = self;
        f.debug_struct("TensorMemory").field("buffer", buffer).field("offset", offset).field("bytes", bytes).finish()
    }
}
