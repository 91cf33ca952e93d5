//! Data sets: the library's, and a sequence of Python's.

use std::sync::{Arc, Mutex, PoisonError};

use autoaugment::loader::{
    Cifar, Cifar100Label, Dataset, Idx, ImageFolder, Labels, Locality, ParquetShards, Sample, TarShards,
};
use autoaugment::{Error, Layout, Result, Size};
use pyo3::exceptions::{PyException, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;

use crate::errors::raise;
use crate::sources::Source;

/// Samples by index: an image and its class.
#[pyclass(frozen, module = "autoaugment._native")]
pub struct Samples {
    pub set: Shared,
    pub exit: Exit,
}

/// What Python code raised that is no `Exception`, such as `SystemExit`. It ends the epoch, which raises it again.
#[derive(Clone, Default)]
pub struct Exit(Arc<Mutex<Option<PyErr>>>);

impl Exit {
    pub fn take(&self) -> Option<PyErr> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The error of a sample that raised.
    fn error(&self, raised: PyErr) -> Error {
        if Python::attach(|py| raised.is_instance_of::<PyException>(py)) {
            return Error::Decode(raised.to_string());
        }
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(raised);
        Error::Cancelled("the data set ended it")
    }
}

/// A data set that several loaders can have.
#[derive(Clone)]
pub struct Shared(Arc<dyn Dataset>);

impl Dataset for Shared {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn read(&self, index: usize) -> Result<Sample<'_>> {
        self.0.read(index)
    }

    fn label(&self, index: usize) -> Result<u32> {
        self.0.label(index)
    }

    fn name(&self, index: usize) -> String {
        self.0.name(index)
    }

    fn classes(&self) -> &[String] {
        self.0.classes()
    }

    fn locality(&self) -> Option<Locality<'_>> {
        self.0.locality()
    }
}

/// A mask that Python code gives: labels with height and width, or the bytes of a PNG.
#[derive(FromPyObject)]
enum Mask {
    Labels(PyBackedBytes, usize, usize),
    Png(PyBackedBytes),
}

impl Mask {
    fn on(self, sample: Sample<'_>) -> Result<Sample<'_>> {
        match self {
            Mask::Labels(labels, height, width) => sample.with_labels(labels.to_vec(), Size { width, height }),
            Mask::Png(png) => Ok(sample.with_mask(png.to_vec())),
        }
    }
}

/// Samples that Python code reads, one at a time.
struct Sequence {
    items: Py<PyAny>,
    length: usize,
    exit: Exit,
}

impl Dataset for Sequence {
    fn len(&self) -> usize {
        self.length
    }

    /// The image is copied, because Python code may change it meanwhile.
    fn read(&self, index: usize) -> Result<Sample<'_>> {
        let read = Python::attach(|py| -> PyResult<Result<Sample<'_>>> {
            let item = self.items.bind(py).get_item(index)?;
            let (image, label, mask): (Bound<'_, PyAny>, u32, Option<Mask>) = item.extract()?;
            let sample = match Source::new(&image, Layout::Nhwc)? {
                Source::Encoded(bytes) => Sample::encoded(bytes.to_vec(), label),
                Source::File(path) => match std::fs::read(&path) {
                    Ok(bytes) => Sample::encoded(bytes, label),
                    Err(error) => Err(Error::Decode(format!("{}: {error}", path.display()))),
                },
                Source::Array(array) => {
                    let view = array.view()?;
                    let row = view.size().width * view.channels();
                    let rows = (0..view.size().height).flat_map(|y| &view.data()[y * view.row_stride()..][..row]);
                    Sample::pixels(
                        rows.copied().collect::<Vec<u8>>(),
                        view.size(),
                        view.channels(),
                        Layout::Nhwc,
                        label,
                    )
                }
            };
            Ok(sample.and_then(|sample| match mask {
                Some(mask) => mask.on(sample),
                None => Ok(sample),
            }))
        });
        read.unwrap_or_else(|raised| Err(self.exit.error(raised)))
    }
}

impl Samples {
    fn of(py: Python<'_>, open: impl FnOnce() -> Result<Arc<dyn Dataset>> + Send) -> PyResult<Self> {
        Ok(Samples { set: Shared(py.detach(open).map_err(raise)?), exit: Exit::default() })
    }
}

#[pymethods]
impl Samples {
    /// A folder with one folder of images for each class.
    #[staticmethod]
    fn image_folder(py: Python<'_>, root: String) -> PyResult<Self> {
        Samples::of(py, || Ok(Arc::new(ImageFolder::open(root)?)))
    }

    /// Tar files with WebDataset's keys. `labels`: whether they have labels. `masks`: the extensions of masks.
    #[staticmethod]
    fn tar_shards(
        py: Python<'_>,
        files: Vec<String>,
        classes: Option<Vec<String>>,
        labels: bool,
        masks: Vec<String>,
    ) -> PyResult<Self> {
        Samples::of(py, || {
            let mut builder = TarShards::builder().mask_extensions(masks);
            if let Some(classes) = classes {
                builder = builder.classes(classes);
            }
            if !labels {
                builder = builder.labels(Labels::None);
            }
            Ok(Arc::new(builder.open(files)?))
        })
    }

    /// Parquet files of the Hugging Face hub.
    #[staticmethod]
    fn parquet(
        py: Python<'_>,
        files: Vec<String>,
        image: Option<String>,
        label: Option<String>,
        mask: Option<String>,
    ) -> PyResult<Self> {
        Samples::of(py, || {
            let mut builder = ParquetShards::builder();
            if let Some(image) = image {
                builder = builder.image_column(image);
            }
            if let Some(label) = label {
                builder = builder.label_column(label);
            }
            if let Some(mask) = mask {
                builder = builder.mask_column(mask);
            }
            Ok(Arc::new(builder.open(files)?))
        })
    }

    /// The two files of MNIST's format.
    #[staticmethod]
    fn idx(py: Python<'_>, images: String, labels: String) -> PyResult<Self> {
        Samples::of(py, || Ok(Arc::new(Idx::open(images, labels)?)))
    }

    /// The binary files of CIFAR.
    #[staticmethod]
    fn cifar(py: Python<'_>, files: Vec<String>, kind: &str) -> PyResult<Self> {
        let label = match kind {
            "cifar10" => None,
            "cifar100-fine" => Some(Cifar100Label::Fine),
            "cifar100-coarse" => Some(Cifar100Label::Coarse),
            _ => {
                let known = "there are cifar10, cifar100-fine and cifar100-coarse";
                return Err(PyValueError::new_err(format!("kind: there is no `{kind}`; {known}")));
            }
        };
        Samples::of(py, || match label {
            None => Ok(Arc::new(Cifar::cifar10(files)?)),
            Some(label) => Ok(Arc::new(Cifar::cifar100(files, label)?)),
        })
    }

    /// What `items[i]` gives: an image (an array, `bytes` or the `str` of a path), its class, and a mask or `None`.
    #[staticmethod]
    fn sequence(items: Py<PyAny>, length: usize) -> Self {
        let exit = Exit::default();
        Samples { set: Shared(Arc::new(Sequence { items, length, exit: exit.clone() })), exit }
    }

    fn __len__(&self) -> usize {
        self.set.len()
    }

    /// The names of the classes, or nothing.
    #[getter]
    fn classes(&self) -> Vec<String> {
        self.set.classes().to_vec()
    }
}
