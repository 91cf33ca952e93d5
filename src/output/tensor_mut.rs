//! TensorMut: memory of the caller's that results are written to.

use half::f16;

use super::{Dtype, TensorData};
use crate::batch::Shape;
use crate::error::{Error, Result};

/// Memory of the caller's that results are written to: as many values of one type as the result has.
///
/// Made from a mutable slice or vector of `u8`, `f32` or [`f16`](half::f16), or from a [`TensorData`].
/// [`Executor::apply_to`](crate::Executor::apply_to) takes it.
#[derive(Debug)]
#[non_exhaustive]
pub enum TensorMut<'a> {
    /// Bytes.
    U8(&'a mut [u8]),
    /// Normalized values.
    F32(&'a mut [f32]),
    /// Normalized values, rounded.
    F16(&'a mut [f16]),
}

impl<'a> TensorMut<'a> {
    /// The type of the values.
    pub fn dtype(&self) -> Dtype {
        match self {
            TensorMut::U8(_) => Dtype::U8,
            TensorMut::F32(_) => Dtype::F32,
            TensorMut::F16(_) => Dtype::F16,
        }
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        match self {
            TensorMut::U8(values) => values.len(),
            TensorMut::F32(values) => values.len(),
            TensorMut::F16(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The same memory, borrowed again.
    pub fn reborrow(&mut self) -> TensorMut<'_> {
        match self {
            TensorMut::U8(values) => TensorMut::U8(values),
            TensorMut::F32(values) => TensorMut::F32(values),
            TensorMut::F16(values) => TensorMut::F16(values),
        }
    }

    /// The memory of the values.
    #[cfg(feature = "gpu")]
    pub(crate) fn into_bytes(self) -> &'a mut [u8] {
        match self {
            TensorMut::U8(values) => values,
            TensorMut::F32(values) => bytemuck::cast_slice_mut(values),
            TensorMut::F16(values) => bytemuck::cast_slice_mut(values),
        }
    }

    /// Refuses memory that does not have exactly the length and type of the result.
    pub(crate) fn check(&self, shape: Shape, dtype: Dtype) -> Result<()> {
        if self.dtype() != dtype {
            return Err(Error::Output(format!("the memory for the result must be {dtype}, got {}", self.dtype())));
        }
        if self.len() != shape.values() {
            let Shape { images, height, width, channels } = shape;
            let (expected, own) = (shape.values(), self.len());
            return Err(Error::Output(format!(
                "the memory for N x H x W x C = {images} x {height} x {width} x {channels} must have {expected} \
                 values, got {own}"
            )));
        }
        Ok(())
    }
}

impl<'a> From<&'a mut [u8]> for TensorMut<'a> {
    fn from(values: &'a mut [u8]) -> Self {
        TensorMut::U8(values)
    }
}

impl<'a> From<&'a mut [f32]> for TensorMut<'a> {
    fn from(values: &'a mut [f32]) -> Self {
        TensorMut::F32(values)
    }
}

impl<'a> From<&'a mut [f16]> for TensorMut<'a> {
    fn from(values: &'a mut [f16]) -> Self {
        TensorMut::F16(values)
    }
}

impl<'a> From<&'a mut Vec<u8>> for TensorMut<'a> {
    fn from(values: &'a mut Vec<u8>) -> Self {
        TensorMut::U8(values)
    }
}

impl<'a> From<&'a mut Vec<f32>> for TensorMut<'a> {
    fn from(values: &'a mut Vec<f32>) -> Self {
        TensorMut::F32(values)
    }
}

impl<'a> From<&'a mut Vec<f16>> for TensorMut<'a> {
    fn from(values: &'a mut Vec<f16>) -> Self {
        TensorMut::F16(values)
    }
}

impl<'a> From<&'a mut TensorData> for TensorMut<'a> {
    fn from(data: &'a mut TensorData) -> Self {
        match data {
            TensorData::U8(values) => TensorMut::U8(values),
            TensorData::F32(values) => TensorMut::F32(values),
            TensorData::F16(values) => TensorMut::F16(values),
        }
    }
}
