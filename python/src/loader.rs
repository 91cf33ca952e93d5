//! Loader: the library's, whose threads read, decode and augment ahead.

use std::sync::{Arc, Mutex, PoisonError};

use autoaugment::loader::{self, Dataset, LoadedImages, OnError, Position};
use autoaugment::mixing::{Mixer, Mixing};
use autoaugment::{AugmenterConfig, Device};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::datasets::Samples;
use crate::errors::raise;
use crate::memory::array_of;
use crate::plans::Plan;

/// Makes epochs. It belongs to the process that made it.
#[pyclass(frozen, module = "autoaugment._native")]
pub struct Loader {
    loader: Arc<loader::Loader>,
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
}

/// The batches of one pass.
#[pyclass(frozen, module = "autoaugment._native")]
pub struct Epoch {
    epoch: Mutex<loader::Epoch>,
    loader: Arc<loader::Loader>,
}

/// The parts of a batch: images, labels, sample indices, plan, and soft labels with their number of classes.
type Parts<'py> = (Bound<'py, PyAny>, Vec<u32>, Vec<u64>, Plan, Option<(Vec<f32>, usize)>);

#[pymethods]
impl Loader {
    /// `config` is the JSON of a configuration.
    #[new]
    fn new(py: Python<'_>, samples: &Samples, config: &str, options: Options) -> PyResult<Self> {
        let config = AugmenterConfig { device: Device::Cpu, ..AugmenterConfig::from_json(config).map_err(raise)? };
        let set = samples.set.clone();
        let build = || -> autoaugment::Result<_> {
            let on_error: OnError = options.on_error.parse()?;
            let mut builder = loader::Loader::builder(set, config.build()?)
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
            if !options.mixing.is_empty() {
                let methods = options.mixing.iter().map(|text| text.parse::<Mixing>());
                let methods = methods.collect::<autoaugment::Result<Vec<_>>>()?;
                let classes = options.classes.unwrap_or_else(|| samples.set.classes().len());
                builder = builder.mixing(Mixer::new(methods, classes)?);
            }
            builder.build()
        };
        Ok(Loader { loader: Arc::new(py.detach(build).map_err(raise)?) })
    }

    /// The number of batches of an epoch.
    #[getter]
    fn batches(&self) -> usize {
        self.loader.batches()
    }

    /// An epoch from one of its batches on.
    fn epoch(&self, py: Python<'_>, epoch: u64, batch: u64) -> PyResult<Epoch> {
        let begun = py.detach(|| self.loader.resume(Position { epoch, batch })).map_err(raise)?;
        Ok(Epoch { epoch: Mutex::new(begun), loader: self.loader.clone() })
    }
}

#[pymethods]
impl Epoch {
    /// The next batch, or `None` at the end.
    fn next<'py>(&self, py: Python<'py>) -> PyResult<Option<Parts<'py>>> {
        let next = py.detach(|| self.epoch.lock().unwrap_or_else(PoisonError::into_inner).next());
        let Some(batch) = next.transpose().map_err(raise)? else { return Ok(None) };
        let LoadedImages::Host(tensor) = batch.images else {
            return Err(PyRuntimeError::new_err("the loader's images are not in host memory"));
        };
        let images = array_of(py, tensor, self.loader.clone())?;
        let classes = |labels: &[f32]| labels.len() / batch.labels.len().max(1);
        let soft = batch.mixed.map(|mixed| (classes(&mixed.labels), mixed.labels)).map(|(n, labels)| (labels, n));
        Ok(Some((images, batch.labels, batch.indices, Plan { plan: batch.plan }, soft)))
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
