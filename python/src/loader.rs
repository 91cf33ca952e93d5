//! Loader: the library's, whose threads read, decode and augment ahead.

use std::sync::{Arc, Mutex, PoisonError};

use autoaugment::loader::{self, Dataset, LoadedImages, OnError, Position};
use autoaugment::mixing::{Mixer, Mixing};
use autoaugment::targets::Masks;
use autoaugment::{Augmenter, AugmenterConfig, Device, Tensor};
use pyo3::prelude::*;

use crate::datasets::{Exit, Samples};
use crate::devices;
use crate::errors::raise;
use crate::memory::{array_of, masks_of};
use crate::plans::Plan;

/// Makes epochs. It belongs to the process that made it.
#[pyclass(frozen, module = "autoaugment._native")]
pub struct Loader {
    loader: Arc<loader::Loader>,
    exit: Exit,
}

/// How batches are made, besides the transform.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct Options {
    batch_size: usize,
    shuffle: bool,
    seed: u64,
    rank: usize,
    world_size: usize,
    drop_last: bool,
    prefetch: usize,
    threads: Option<usize>,
    on_error: String,
    mixing: Vec<String>,
    classes: Option<usize>,
    /// The label outside the image, and whether cut-out rectangles get it.
    masks: Option<(u8, bool)>,
}

/// The batches of one pass.
#[pyclass(frozen, module = "autoaugment._native")]
pub struct Epoch {
    epoch: Mutex<loader::Epoch>,
    loader: Arc<loader::Loader>,
    exit: Exit,
}

/// The parts of a batch: images, labels, sample indices, plan, soft labels with their number of classes, and masks.
type Parts<'py> = (Bound<'py, PyAny>, Vec<u32>, Vec<u64>, Plan, Option<(Vec<f32>, usize)>, Option<Bound<'py, PyAny>>);

#[pymethods]
impl Loader {
    /// `config` is the JSON of a configuration.
    #[new]
    fn new(py: Python<'_>, samples: &Samples, config: &str, options: Options) -> PyResult<Self> {
        let augmenter = augmenter(AugmenterConfig::from_json(config).map_err(raise)?)?;
        let set = samples.set.clone();
        let build = || -> autoaugment::Result<_> {
            let on_error: OnError = options.on_error.parse()?;
            let mut builder = loader::Loader::builder(set, augmenter)
                .batch_size(options.batch_size)
                .shuffle(options.shuffle)
                .seed(options.seed)
                .shard(options.rank, options.world_size)
                .drop_last(options.drop_last)
                .prefetch(options.prefetch)
                .on_error(on_error);
            if let Some(threads) = options.threads {
                builder = builder.threads(threads);
            }
            if let Some((fill, cutout)) = options.masks {
                builder = builder.masks(Masks { fill, cutout });
            }
            if !options.mixing.is_empty() {
                let methods = options.mixing.iter().map(|text| text.parse::<Mixing>());
                let methods = methods.collect::<autoaugment::Result<Vec<_>>>()?;
                let classes = options.classes.unwrap_or_else(|| samples.set.classes().len());
                builder = builder.mixing(Mixer::new(methods, classes)?);
            }
            builder.build()
        };
        Ok(Loader { loader: Arc::new(py.detach(build).map_err(raise)?), exit: samples.exit.clone() })
    }

    /// The number of batches of an epoch.
    #[getter]
    fn batches(&self) -> usize {
        self.loader.batches()
    }

    /// An epoch from one of its batches on.
    fn epoch(&self, py: Python<'_>, epoch: u64, batch: u64) -> PyResult<Epoch> {
        let begun = py.detach(|| self.loader.resume(Position { epoch, batch })).map_err(raise)?;
        Ok(Epoch { epoch: Mutex::new(begun), loader: self.loader.clone(), exit: self.exit.clone() })
    }
}

/// On the device that was asked for by name, which all objects of this process share. A GPU that was not asked for
/// would only send its results back.
fn augmenter(config: AugmenterConfig) -> PyResult<Augmenter> {
    if matches!(config.device, Device::Auto | Device::Cpu) {
        return AugmenterConfig { device: Device::Cpu, ..config }.build().map_err(raise);
    }
    let executor = devices::executor(&config.device)?;
    #[cfg(feature = "gpu")]
    if let Some(gpu) = executor.gpu() {
        return AugmenterConfig { device: Device::Gpu, ..config }.build_on(gpu.clone()).map_err(raise);
    }
    drop(executor);
    config.build().map_err(raise)
}

/// The images of a batch in host memory, and whether that is the loader's.
fn on_host(_loader: &loader::Loader, images: LoadedImages) -> autoaugment::Result<(Tensor, bool)> {
    #[cfg(feature = "gpu")]
    if let (Some(batch), Some(gpu)) = (images.device(), _loader.augmenter().gpu()) {
        let tensor = gpu.download(batch)?;
        if let LoadedImages::Device(batch) = images {
            gpu.recycle(batch);
        }
        return Ok((tensor, false));
    }
    match images {
        LoadedImages::Host(tensor) => Ok((tensor, true)),
        _ => Err(autoaugment::Error::WrongDevice { what: "loader" }),
    }
}

#[pymethods]
impl Epoch {
    /// The next batch, or `None` at the end.
    fn next<'py>(&self, py: Python<'py>) -> PyResult<Option<Parts<'py>>> {
        let next = py.detach(|| self.epoch.lock().unwrap_or_else(PoisonError::into_inner).next());
        let next = next.transpose().map_err(|error| self.exit.take().unwrap_or_else(|| raise(error)));
        let Some(batch) = next? else { return Ok(None) };
        let (tensor, is_own) = py.detach(|| on_host(&self.loader, batch.images)).map_err(raise)?;
        let images = array_of(py, tensor, is_own.then(|| self.loader.clone()))?;
        let masks = batch.masks.map(|masks| masks_of(py, masks)).transpose()?;
        let classes = |labels: &[f32]| labels.len() / batch.labels.len().max(1);
        let soft = batch.mixed.map(|mixed| (classes(&mixed.labels), mixed.labels)).map(|(n, labels)| (labels, n));
        Ok(Some((images, batch.labels, batch.indices, batch.plan.into(), soft, masks)))
    }

    /// The epoch and the number of the next batch.
    #[getter]
    fn position(&self, py: Python<'_>) -> (u64, u64) {
        let position = py.detach(|| self.epoch.lock().unwrap_or_else(PoisonError::into_inner).position());
        (position.epoch, position.batch)
    }

    /// How many samples were skipped, and the first of them: index, name and reason.
    #[getter]
    fn skipped(&self, py: Python<'_>) -> (u64, Vec<(u64, String, String)>) {
        let failed = py.detach(|| self.epoch.lock().unwrap_or_else(PoisonError::into_inner).failed().clone());
        let named = failed.named.into_iter().map(|sample| (sample.index, sample.name, sample.reason));
        (failed.samples, named.collect())
    }
}
