//! Output: the form in which augmented images are written, and tensors of it in memory.

use half::f16;

use crate::batch::{Layout, Shape};
use crate::error::{Error, Result};

/// The type of one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dtype {
    /// 0..=255.
    U8,
    /// binary32.
    F32,
    /// binary16.
    F16,
}

/// What floats are made of bytes by: `(v / 255 - mean) / std` for each channel, step by step in binary32.
///
/// binary16 is that result rounded once. Gray images use the first channel's numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalize {
    /// Means of red, green and blue on the scale of 0..=1.
    pub mean: [f32; 3],
    /// Standard deviations on the same scale; not 0.
    pub std: [f32; 3],
}

/// The form in which augmented images are written.
///
/// ```
/// use autoaugment::{Layout, Normalize, Output};
/// let form = Output::f32(Layout::Nchw, Normalize::IMAGENET);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Output {
    layout: Option<Layout>,
    form: Form,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Form {
    #[default]
    U8,
    F32(Normalize),
    F16(Normalize),
}

impl Form {
    /// What floats of this form are made by; `v / 255` for bytes.
    pub(crate) fn normalize(self) -> Normalize {
        match self {
            Form::U8 => Normalize::UNIT,
            Form::F32(normalize) | Form::F16(normalize) => normalize,
        }
    }
}

impl Normalize {
    /// The mean and deviation of ImageNet, as every model zoo has them.
    pub const IMAGENET: Normalize = Normalize { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

    /// The mean and deviation of CIFAR-10's training images.
    pub const CIFAR10: Normalize = Normalize { mean: [0.4914, 0.4822, 0.4465], std: [0.2470, 0.2435, 0.2616] };

    /// `v / 255`.
    pub const UNIT: Normalize = Normalize { mean: [0.0; 3], std: [1.0; 3] };

    /// The value of byte `v` of `channel`.
    pub(crate) fn value(&self, channel: usize, v: u8) -> f32 {
        (f32::from(v) / 255.0 - self.mean[channel]) / self.std[channel]
    }

    fn check(&self) -> Result<()> {
        for (name, values) in [("mean", self.mean), ("std", self.std)] {
            if let Some(bad) = values.iter().find(|v| !v.is_finite() || (name == "std" && **v == 0.0)) {
                return Err(Error::Output(format!(
                    "{name} {bad} must be finite{}",
                    if name == "std" { " and not 0" } else { "" }
                )));
            }
        }
        Ok(())
    }
}

impl Output {
    /// Bytes, in the layout of the input.
    pub const fn u8() -> Self {
        Output { layout: None, form: Form::U8 }
    }

    /// Bytes in `layout`.
    pub const fn u8_as(layout: Layout) -> Self {
        Output { layout: Some(layout), form: Form::U8 }
    }

    /// Normalized binary32 in `layout`.
    pub const fn f32(layout: Layout, normalize: Normalize) -> Self {
        Output { layout: Some(layout), form: Form::F32(normalize) }
    }

    /// Normalized binary16 in `layout`.
    pub const fn f16(layout: Layout, normalize: Normalize) -> Self {
        Output { layout: Some(layout), form: Form::F16(normalize) }
    }

    /// The type of one value.
    pub fn dtype(&self) -> Dtype {
        match self.form {
            Form::U8 => Dtype::U8,
            Form::F32(_) => Dtype::F32,
            Form::F16(_) => Dtype::F16,
        }
    }

    /// The order of the axes for an input in `layout`.
    pub fn layout(&self, input: Layout) -> Layout {
        self.layout.unwrap_or(input)
    }

    pub(crate) fn form(&self) -> Form {
        self.form
    }

    pub(crate) fn check(&self) -> Result<()> {
        match self.form {
            Form::U8 => Ok(()),
            Form::F32(normalize) | Form::F16(normalize) => normalize.check(),
        }
    }
}

impl Dtype {
    /// Bytes of one value.
    pub fn bytes(self) -> usize {
        match self {
            Dtype::U8 => 1,
            Dtype::F16 => 2,
            Dtype::F32 => 4,
        }
    }
}

/// Augmented images in memory, contiguous.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// N, H, W and C, whatever the layout.
    pub shape: Shape,
    /// The order of the axes.
    pub layout: Layout,
    /// The values.
    pub data: TensorData,
}

impl Default for Tensor {
    /// No images.
    fn default() -> Self {
        let shape = Shape { images: 0, height: 1, width: 1, channels: 1 };
        Tensor { shape, layout: Layout::Nhwc, data: TensorData::U8(Vec::new()) }
    }
}

impl Tensor {
    /// Gives it another shape and form; its values may then be anything. Memory that suffices is kept.
    pub(crate) fn shape_as(&mut self, shape: Shape, layout: Layout, dtype: Dtype) {
        (self.shape, self.layout) = (shape, layout);
        match &mut self.data {
            TensorData::U8(values) if dtype == Dtype::U8 && values.capacity() >= shape.values() => {
                values.resize(shape.values(), 0);
            }
            TensorData::F32(values) if dtype == Dtype::F32 && values.capacity() >= shape.values() => {
                values.resize(shape.values(), 0.0);
            }
            TensorData::F16(values) if dtype == Dtype::F16 && values.capacity() >= shape.values() => {
                values.resize(shape.values(), f16::ZERO);
            }
            // Zeros from the system are free, those of growing are written.
            data => *data = TensorData::zeros(dtype, shape.values()),
        }
    }
}

/// The values of a [`Tensor`].
#[derive(Clone, Debug, PartialEq)]
pub enum TensorData {
    /// Bytes.
    U8(Vec<u8>),
    /// Normalized binary32.
    F32(Vec<f32>),
    /// Normalized binary16.
    F16(Vec<f16>),
}

impl TensorData {
    /// As many zeros as `values` of `dtype`.
    pub(crate) fn zeros(dtype: Dtype, values: usize) -> Self {
        match dtype {
            Dtype::U8 => TensorData::U8(vec![0; values]),
            Dtype::F32 => TensorData::F32(vec![0.0; values]),
            Dtype::F16 => TensorData::F16(vec![f16::ZERO; values]),
        }
    }

    /// The type of the values.
    pub fn dtype(&self) -> Dtype {
        match self {
            TensorData::U8(_) => Dtype::U8,
            TensorData::F32(_) => Dtype::F32,
            TensorData::F16(_) => Dtype::F16,
        }
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        match self {
            TensorData::U8(values) => values.len(),
            TensorData::F32(values) => values.len(),
            TensorData::F16(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes, if these are bytes.
    pub fn as_u8(&self) -> Option<&[u8]> {
        match self {
            TensorData::U8(values) => Some(values),
            _ => None,
        }
    }

    /// The values, if these are binary32.
    pub fn as_f32(&self) -> Option<&[f32]> {
        match self {
            TensorData::F32(values) => Some(values),
            _ => None,
        }
    }

    /// The values, if these are binary16.
    pub fn as_f16(&self) -> Option<&[f16]> {
        match self {
            TensorData::F16(values) => Some(values),
            _ => None,
        }
    }
}
