//! ArraySink: the output as one `.npy` file, or on standard output.

use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use autoaugment::{Dtype, Layout, Output, Size, TensorData};
use npyz::{DType, WriteOptions, WriterBuilder};

use crate::run::{Applied, ArraySource, Entry, Sink, Source};
use crate::write::{self, Pending};

pub struct ArraySink {
    target: PathBuf,
    /// None once it has its name.
    file: Mutex<Option<Pending>>,
    start: u64,
    size: Size,
}

impl ArraySink {
    /// Begins an array of `images` images of `size`.
    pub fn create(
        target: &Path,
        source: &ArraySource,
        size: Size,
        images: usize,
        output: Output,
        overwrites: bool,
    ) -> anyhow::Result<Self> {
        let (Size { width, height }, channels) = (size, source.shape().channels);
        let sides = match output.layout(source.layout()) {
            _ if source.is_flat() => vec![images, height, width],
            Layout::Nhwc => vec![images, height, width, channels],
            Layout::Nchw => vec![images, channels, height, width],
        };
        let sides: Vec<u64> = sides.into_iter().map(|side| side as u64).collect();
        let begin = || -> std::io::Result<(Pending, u64)> {
            let dtype: npyz::TypeStr = descr(output.dtype())?.parse().map_err(std::io::Error::other)?;
            let mut pending = Pending::create(target, overwrites)?;
            let options = WriteOptions::new_header_only().dtype(DType::new_scalar(dtype)).shape(&sides);
            options.writer(pending.file()?).write_header_only()?;
            let start = pending.file()?.stream_position()?;
            Ok((pending, start))
        };
        let (pending, start) = begin().with_context(|| write::failed(target))?;
        Ok(ArraySink { target: target.to_path_buf(), file: Mutex::new(Some(pending)), start, size })
    }

    /// Gives the file its name.
    pub fn finish(&self) -> anyhow::Result<()> {
        let pending = self.file.lock().unwrap_or_else(PoisonError::into_inner).take();
        pending.map_or(Ok(()), Pending::finish).with_context(|| write::failed(&self.target))
    }
}

impl Sink for ArraySink {
    fn is_there(&self, _: Entry) -> bool {
        false
    }

    fn write(&self, entry: Entry, Applied { tensor, position, .. }: Applied<'_>) -> anyhow::Result<()> {
        let n = tensor.shape.values_per_image();
        if tensor.shape.size() != self.size {
            let [own, others] = [tensor.shape.size(), self.size].map(|s| format!("{} x {}", s.width, s.height));
            anyhow::bail!("has {own} pixels afterwards and others {others}; an array's images have one size");
        }
        let own = position * n..(position + 1) * n;
        let bytes: Vec<u8> = match &tensor.data {
            TensorData::U8(values) => values[own].to_vec(),
            TensorData::F32(values) => values[own].iter().flat_map(|v| v.to_le_bytes()).collect(),
            TensorData::F16(values) => values[own].iter().flat_map(|v| v.to_le_bytes()).collect(),
        };
        let mut pending = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let pending = pending.as_mut().context("the file is finished")?;
        let file = pending.file()?;
        file.seek(SeekFrom::Start(self.start + (entry.id * bytes.len()) as u64))?;
        Ok(file.write_all(&bytes)?)
    }
}

/// NumPy's name of a type.
fn descr(dtype: Dtype) -> std::io::Result<&'static str> {
    match dtype {
        Dtype::U8 => Ok("|u1"),
        Dtype::F32 => Ok("<f4"),
        Dtype::F16 => Ok("<f2"),
        other => Err(std::io::Error::other(format!("arrays of {other} are not supported"))),
    }
}
