//! Output: the form of augmented images (type, layout, normalization), and tensors of that form in host memory.

mod tensor_mut;
mod text;

use half::f16;

use crate::batch::{Layout, Shape};
use crate::error::{Error, Result};
use crate::zeros::zeros;

pub use tensor_mut::TensorMut;

/// The type of one value. As text and in JSON `u8`, `f16` or `f32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dtype {
    /// 0..=255.
    U8,
    /// 32-bit float.
    F32,
    /// 16-bit float.
    F16,
}

/// How bytes become floats: `(v / 255 - mean) / std` for each channel, each step rounded to f32.
///
/// An f16 value is the f32 result, rounded once. Gray images use the first channel's numbers. As text and in JSON it is
/// the name of a preset, or `normalize(mean=[0.5,0.5,0.5], std=[0.25,0.25,0.25])`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalize {
    /// Means of red, green and blue on the scale of 0..=1.
    pub mean: [f32; 3],
    /// Standard deviations on the same scale; not 0.
    pub std: [f32; 3],
}

/// The form of augmented images. As text and in JSON it is `DTYPE [LAYOUT] [NORMALIZATION]`.
///
/// ```
/// use autoaugment::{Layout, Normalize, Output};
/// let output = Output::f32(Layout::Nchw, Normalize::IMAGENET);
/// assert_eq!(output.to_string(), "f32 nchw imagenet");
/// assert_eq!("f32 nchw imagenet".parse(), Ok(output));
/// assert_eq!(Output::u8().to_string(), "u8"); // bytes, in the layout of the input
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
    /// How floats of this form are computed; `v / 255` for bytes.
    pub(crate) fn normalize(self) -> Normalize {
        match self {
            Form::U8 => Normalize::UNIT,
            Form::F32(normalize) | Form::F16(normalize) => normalize,
        }
    }
}

impl Normalize {
    /// The normalizations that have names, with their names.
    pub const PRESETS: [(&'static str, Normalize); 3] =
        [("imagenet", Normalize::IMAGENET), ("cifar10", Normalize::CIFAR10), ("unit", Normalize::UNIT)];

    /// The mean and standard deviation of ImageNet, as model zoos use them.
    pub const IMAGENET: Normalize = Normalize { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

    /// The mean and standard deviation of CIFAR-10's training images.
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
                let rule = if name == "std" { "must be finite and not 0" } else { "must be finite" };
                return Err(Error::Output(format!("the normalization's {name} {rule}, got {bad}")));
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

    /// Normalized f32 in `layout`.
    pub const fn f32(layout: Layout, normalize: Normalize) -> Self {
        Output { layout: Some(layout), form: Form::F32(normalize) }
    }

    /// Normalized f16 in `layout`.
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

    /// The order of the axes, for an input in this layout.
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
    /// All three, the smallest first.
    pub const ALL: [Dtype; 3] = [Dtype::U8, Dtype::F16, Dtype::F32];

    /// The name: `u8`, `f16` or `f32`.
    pub const fn name(self) -> &'static str {
        match self {
            Dtype::U8 => "u8",
            Dtype::F16 => "f16",
            Dtype::F32 => "f32",
        }
    }

    /// Bytes of one value.
    pub fn bytes(self) -> usize {
        match self {
            Dtype::U8 => 1,
            Dtype::F16 => 2,
            Dtype::F32 => 4,
        }
    }
}

/// Augmented images in host memory, contiguous.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// N, H, W and C; the layout says in which order they lie.
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
    /// Gives the tensor another shape and form. Its values are then unspecified. Memory that is large enough is kept.
    ///
    /// # Errors
    /// [`Error::NoMemory`]. The tensor is unchanged then.
    pub(crate) fn shape_as(&mut self, shape: Shape, layout: Layout, dtype: Dtype) -> Result<()> {
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
            // Fresh zeros come from the system for free; growing would write them.
            data => *data = TensorData::zeros(dtype, shape.values())?,
        }
        (self.shape, self.layout) = (shape, layout);
        Ok(())
    }
}

/// The values of a [`Tensor`].
#[derive(Clone, Debug, PartialEq)]
pub enum TensorData {
    /// Bytes.
    U8(Vec<u8>),
    /// Normalized f32 values.
    F32(Vec<f32>),
    /// Normalized f16 values.
    F16(Vec<f16>),
}

impl TensorData {
    /// `values` zeros of `dtype`.
    pub(crate) fn zeros(dtype: Dtype, values: usize) -> Result<Self> {
        const WHAT: &str = "the augmented images";
        Ok(match dtype {
            Dtype::U8 => TensorData::U8(zeros(WHAT, values)?),
            Dtype::F32 => TensorData::F32(zeros(WHAT, values)?),
            Dtype::F16 => TensorData::F16(zeros(WHAT, values)?),
        })
    }

    /// The type of the values.
    pub fn dtype(&self) -> Dtype {
        match self {
            TensorData::U8(_) => Dtype::U8,
            TensorData::F32(_) => Dtype::F32,
            TensorData::F16(_) => Dtype::F16,
        }
    }

    /// The number of values.
    pub fn len(&self) -> usize {
        match self {
            TensorData::U8(values) => values.len(),
            TensorData::F32(values) => values.len(),
            TensorData::F16(values) => values.len(),
        }
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The memory of the values, in the machine's byte order.
    ///
    /// ```
    /// use autoaugment::TensorData;
    /// assert_eq!(TensorData::F32(vec![1.0]).as_bytes(), 1.0_f32.to_ne_bytes());
    /// ```
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            TensorData::U8(values) => values,
            TensorData::F32(values) => bytemuck::cast_slice(values),
            TensorData::F16(values) => bytemuck::cast_slice(values),
        }
    }

    /// The bytes, if these are bytes.
    pub fn as_u8(&self) -> Option<&[u8]> {
        match self {
            TensorData::U8(values) => Some(values),
            _ => None,
        }
    }

    /// The values, if these are f32.
    pub fn as_f32(&self) -> Option<&[f32]> {
        match self {
            TensorData::F32(values) => Some(values),
            _ => None,
        }
    }

    /// The values, if these are f16.
    pub fn as_f16(&self) -> Option<&[f16]> {
        match self {
            TensorData::F16(values) => Some(values),
            _ => None,
        }
    }
}
