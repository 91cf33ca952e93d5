//! Array: a `.npy` file as input, a window of images at a time. Standard input is such a file too.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, bail};
use autoaugment::{Layout, Shape};
use npyz::Order;

use super::npy_header;
use super::source::Source;
use crate::decode::{DecodedImage, Reduction};
use crate::{read, terminal};

pub struct ArraySource {
    path: PathBuf,
    file: Mutex<File>,
    /// The position of the first image in the file.
    start: u64,
    shape: Shape,
    layout: Layout,
    /// Whether the array is N x H x W; the output then is so too.
    is_flat: bool,
}

impl ArraySource {
    pub fn open(path: &Path, layout: Layout) -> anyhow::Result<Self> {
        let open = || match read::is_standard(path) {
            true => ArraySource::of_standard_input(path, layout),
            false => {
                let (file, metadata) = read::open(path)?;
                let source = ArraySource::read_header(path, file, layout)?;
                source.check_length(metadata.len())?;
                Ok(source)
            }
        };
        open().with_context(|| terminal::name(path))
    }

    /// Keeps standard input in a file without a name, as images are read at any place. What follows the array is not
    /// read.
    fn of_standard_input(path: &Path, layout: Layout) -> anyhow::Result<Self> {
        let mut file = tempfile::tempfile()?;
        let mut input = io::stdin().lock();
        let mut there = io::copy(&mut input.by_ref().take(npy_header::HEADER as u64), &mut file)?;
        file.rewind()?;
        let mut source = ArraySource::read_header(path, file, layout)?;
        let rest = source.end().saturating_sub(there);
        let file = source.file.get_mut().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::End(0))?;
        there += io::copy(&mut input.take(rest), file)?;
        source.check_length(there)?;
        Ok(source)
    }

    /// The position after the last image.
    fn end(&self) -> u64 {
        self.start + self.shape.values() as u64
    }

    fn check_length(&self, there: u64) -> anyhow::Result<()> {
        if there < self.end() {
            let (needed, there) = (self.shape.values(), there.saturating_sub(self.start));
            bail!("the file is truncated: the shape needs {needed} bytes and there are {there}");
        }
        Ok(())
    }

    fn read_header(path: &Path, mut file: File, layout: Layout) -> anyhow::Result<Self> {
        let (header, start) = npy_header::read(&mut file)?;
        let dtype = terminal::quoted(&header.dtype().descr());
        if !matches!(dtype.trim_matches('\''), "|u1" | "<u1" | ">u1") {
            bail!("the array's type is {dtype} and must be u8 ('|u1')");
        }
        if header.order() == Order::Fortran {
            bail!("the array is in Fortran order and must be in C order; save numpy.ascontiguousarray(array)");
        }
        let sides: Result<Vec<usize>, _> = header.shape().iter().map(|&side| usize::try_from(side)).collect();
        let (images, height, width, channels) = match (&sides?[..], layout) {
            (&[n, h, w, c], Layout::Nhwc) => (n, h, w, c),
            (&[n, c, h, w], Layout::Nchw) => (n, h, w, c),
            (&[n, h, w], _) => (n, h, w, 1),
            (other, _) if other.len() > 8 => bail!("the array has {} sides and must have 4, or 3", other.len()),
            (other, _) => bail!("the array's shape is {other:?} and must have 4 sides, or 3 for gray images"),
        };
        let shape = Shape { images, height, width, channels };
        shape.check().with_context(|| match layout {
            Layout::Nhwc => "read as N x H x W x C (see --layout)".to_string(),
            Layout::Nchw => "read as N x C x H x W (see --layout)".to_string(),
        })?;
        let is_flat = header.shape().len() == 3;
        Ok(ArraySource { path: path.to_path_buf(), file: Mutex::new(file), start, shape, layout, is_flat })
    }

    /// A notice for an array that looks like one color image, which would need four axes.
    pub fn doubt(&self) -> Option<String> {
        let Shape { images, height, width, .. } = self.shape;
        let is_doubtful = self.is_flat && matches!(width, 1 | 3);
        is_doubtful.then(|| {
            format!(
                "{}: taken as {images} gray images of {width} x {height}, not as one image",
                terminal::name(&self.path)
            )
        })
    }
}

impl ArraySource {
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Whether the array is N x H x W.
    pub fn is_flat(&self) -> bool {
        self.is_flat
    }
}

impl Source for ArraySource {
    fn len(&self) -> usize {
        self.shape.images
    }

    fn is_array(&self) -> bool {
        true
    }

    fn name(&self, input: usize) -> String {
        format!("{}, image {input}", terminal::name(&self.path))
    }

    fn planned_name(&self, _: usize) -> Option<String> {
        None
    }

    fn layout(&self) -> Layout {
        self.layout
    }

    fn measure(&self, _: usize) -> Option<[usize; 3]> {
        Some([self.shape.height, self.shape.width, self.shape.channels])
    }

    fn encoded_bytes(&self, _: usize) -> usize {
        0
    }

    fn load(&self, input: usize) -> anyhow::Result<(DecodedImage, Vec<Reduction>)> {
        let Shape { height, width, channels, .. } = self.shape;
        let mut data = read::zeros(self.shape.values_per_image())?;
        let place = self.start + (input * data.len()) as u64;
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(place))?;
        file.read_exact(&mut data)?;
        Ok((DecodedImage { height, width, channels, data }, Vec::new()))
    }
}
