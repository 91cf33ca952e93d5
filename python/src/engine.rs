//! Engine: draws for Python's images and applies the draws.

use std::sync::Arc;

use autoaugment::loader::Region;
use autoaugment::{AugmenterConfig, ImageView, Layout, Output, Sampler, Size, Sizes, TensorMut};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyList;
use rayon::prelude::*;

use crate::arrays::{self, Array, Borrowed};
use crate::devices;
use crate::errors::raise;
use crate::memory::Destination;
use crate::pillow::{Picture, Pixels};
use crate::plans::Plan;
use crate::sources::{Opened, Source};
use crate::threads;

/// A transform with its seed, output and device, ready to run. It opens nothing until the first call.
#[pyclass(frozen, module = "autoaugment._native")]
pub struct Engine {
    sampler: Sampler,
    output: Output,
    device: autoaugment::Device,
    threads: usize,
}

/// Where the plan of a call comes from. The usual case is first: to refuse the other one takes a microsecond.
#[derive(FromPyObject)]
enum Draws {
    /// It is drawn for an epoch and sample indices.
    Key(u64, Vec<u64>),
    /// It is given.
    Plan(Plan),
}

impl Draws {
    /// The plan for images of these sizes, and the size of all of them afterwards.
    fn checked(&self, sampler: &Sampler, sizes: Sizes<'_>) -> autoaugment::Result<(Arc<autoaugment::Plan>, Size)> {
        let plan = match self {
            Draws::Plan(Plan { plan }) => plan.clone(),
            Draws::Key(epoch, indices) => sampler.plan(sizes, *epoch, indices)?.into(),
        };
        let size = plan.check(sizes)?;
        Ok((plan, size))
    }

    /// The draws of one image of several.
    fn of(&self, image: usize) -> Draws {
        match self {
            Draws::Plan(Plan { plan }) => {
                let image = plan.images().get(image).cloned();
                Draws::Plan(autoaugment::Plan::new(image.into_iter().collect()).into())
            }
            Draws::Key(epoch, indices) => Draws::Key(*epoch, indices.get(image).copied().into_iter().collect()),
        }
    }

    fn len(&self) -> usize {
        match self {
            Draws::Plan(Plan { plan }) => plan.images().len(),
            Draws::Key(_, indices) => indices.len(),
        }
    }
}

/// The first axis of a result, and whether it has none for channels.
struct Axes {
    images: Option<usize>,
    is_gray: bool,
}

/// What a call gives: an array, a list of arrays, and the plan.
type Result<'py, T> = PyResult<(Bound<'py, T>, Plan)>;

#[pymethods]
impl Engine {
    /// `config` is the JSON of a configuration. `threads`: 0 for the default.
    #[new]
    fn new(config: &str, threads: usize) -> PyResult<Self> {
        let config = AugmenterConfig::from_json(config).map_err(raise)?;
        let mut sampler = Sampler::new(config.transform, config.seed).map_err(raise)?;
        if let Some(interpolation) = config.interpolation {
            sampler = sampler.interpolation(interpolation);
        }
        if let Some(fill) = config.fill {
            sampler = sampler.fill(fill);
        }
        Ok(Engine { sampler, output: config.output, device: config.device, threads })
    }

    /// The device's name. Opens the device.
    #[getter]
    fn device(&self) -> PyResult<String> {
        Ok(devices::executor(&self.device)?.description())
    }

    /// Draws without applying, for images of these (width, height).
    fn plan(&self, py: Python<'_>, sizes: Vec<(usize, usize)>, epoch: u64, indices: Vec<u64>) -> PyResult<Plan> {
        let size = |(width, height)| autoaugment::Size { width, height };
        let sizes: Vec<_> = sizes.into_iter().map(size).collect();
        let threads = threads::of_work(self.threads);
        let drawn = py.detach(|| threads.run(|| self.sampler.plan(&sizes[..], epoch, &indices)));
        Ok(drawn.map_err(raise)?.map_err(raise)?.into())
    }

    /// One image, or a batch in one array.
    #[pyo3(signature = (images, chw, draws, out=None))]
    fn run<'py>(
        &self,
        images: &Bound<'py, PyAny>,
        chw: bool,
        draws: Draws,
        out: Option<&Bound<'py, PyAny>>,
    ) -> Result<'py, PyAny> {
        let py = images.py();
        let array = Array::new(images, layout(chw))?;
        let images = array.borrowed().map_err(raise)?;
        let (plan, size) = self.drawn(py, &draws, images.images().sizes(), array.bytes().len())?;
        let axes = Axes { images: (array.axes() == 4).then_some(array.shape.images), is_gray: array.axes() == 2 };
        let result = self.applied(py, &images, &[array.bytes()], (&plan, size), axes, out)?;
        Ok((result, Plan { plan }))
    }

    /// An image of Pillow with 1 or 3 channels, to an image that `fromarrow` makes.
    #[allow(clippy::too_many_arguments)]
    fn run_picture<'py>(
        &self,
        image: &Bound<'py, PyAny>,
        fromarrow: &Bound<'py, PyAny>,
        mode: &str,
        width: usize,
        height: usize,
        draws: Draws,
    ) -> Result<'py, PyAny> {
        let py = image.py();
        let (size, channels) = (Size { width, height }, if mode == "L" { 1 } else { 3 });
        let picture = Picture::new(image, width * height, channels)?;
        let executor = devices::executor(&self.device)?;
        let threads = threads::of_call(self.threads, 1, width * height * channels);
        let (plan, size_after) = draws.checked(&self.sampler, (&[size][..]).into()).map_err(raise)?;
        let mut pixels = Pixels::new(size_after.pixels(), channels, py)?;
        let apply = || match channels {
            1 => {
                let view = [ImageView::new(picture.bytes(), size, 1)?];
                executor.apply_to(&view, &plan, &self.output, pixels.bytes_mut()).map(drop)
            }
            _ => executor.apply_rgbx(picture.bytes(), size, &plan, pixels.bytes_mut()),
        };
        py.detach(|| threads.run(apply)).map_err(raise)?.map_err(raise)?;
        let made = fromarrow.call1((Bound::new(py, pixels)?, mode, (size_after.width, size_after.height)))?;
        Ok((made, Plan { plan }))
    }

    /// Images of any sizes, one by one: arrays, `bytes` of files, or `str` of paths. With `together`, all of them
    /// become one batch.
    #[pyo3(signature = (images, chw, draws, together, out=None))]
    fn run_list<'py>(
        &self,
        images: &Bound<'py, PyList>,
        chw: bool,
        draws: Draws,
        together: bool,
        out: Option<&Bound<'py, PyAny>>,
    ) -> Result<'py, PyAny> {
        let py = images.py();
        let sources: Vec<Source> =
            images.iter().map(|image| Source::new(&image, layout(chw))).collect::<PyResult<_>>()?;
        if draws.len() != sources.len() {
            let (images, own) = (sources.len(), draws.len());
            return Err(PyValueError::new_err(format!(
                "{images} images need as many indices or planned images, got {own}"
            )));
        }
        let have_files = sources.iter().any(|source| !matches!(source, Source::Array(_)));
        let all = self.of_each(py, &sources, have_files, |number, source| source.open(number))?;
        match together {
            true => self.run_together(py, &all, &draws, out),
            false => self.run_each(py, &sources, &all, &draws),
        }
    }
}

impl Engine {
    /// The same for each of several things, on several threads if it is worth them.
    fn of_each<'s, T: Sync, R: Send>(
        &self,
        py: Python<'_>,
        all: &'s [T],
        is_long: bool,
        work: impl Fn(usize, &'s T) -> PyResult<R> + Send + Sync,
    ) -> PyResult<Vec<R>> {
        if !is_long {
            return all.iter().enumerate().map(|(i, one)| work(i, one)).collect();
        }
        let threads = threads::of_work(self.threads);
        let done = || match threads::count(self.threads).get() {
            1 => all.iter().enumerate().map(|(i, one)| work(i, one)).collect::<PyResult<Vec<_>>>(),
            _ => all.par_iter().enumerate().map(|(i, one)| work(i, one)).collect(),
        };
        py.detach(|| threads.run(done)).map_err(raise)?
    }

    /// Images of any sizes to one batch. Of files only what the plan reads is decoded.
    fn run_together<'py>(
        &self,
        py: Python<'py>,
        images: &[Opened<'_>],
        draws: &Draws,
        out: Option<&Bound<'py, PyAny>>,
    ) -> Result<'py, PyAny> {
        let sizes: Vec<Size> = images.iter().map(Opened::size).collect();
        let bytes = sizes.iter().map(|size| size.pixels() * 3).sum();
        let (plan, size) = self.drawn(py, draws, sizes.as_slice().into(), bytes)?;
        let mut regions = Region::read_by(&plan, &sizes);
        for (image, region) in images.iter().zip(&mut regions) {
            if !image.is_file() {
                *region = Region::whole(image.size());
            }
        }
        let have_files = images.iter().any(Opened::is_file);
        let decoded = self.of_each(py, images, have_files, |i, image| image.decode(regions[i]))?;
        let views = images.iter().zip(&regions).zip(&decoded).map(|((image, region), own)| image.view(*region, own));
        let views = views.collect::<autoaugment::Result<Vec<_>>>().map_err(raise)?;
        let held: Vec<&[u8]> = views.iter().map(|view| view.data()).collect();
        let axes = Axes { images: Some(views.len()), is_gray: false };
        let within = Region::plan_within(&plan, &sizes, &regions);
        let drawn = (within.as_ref().unwrap_or(&plan), size);
        let result = self.applied(py, &Borrowed::Views(views), &held, drawn, axes, out)?;
        Ok((result, Plan { plan }))
    }

    /// The plan for images of these sizes, of so many bytes together, and the size of all of them afterwards.
    fn drawn(
        &self,
        py: Python<'_>,
        draws: &Draws,
        sizes: Sizes<'_>,
        bytes: usize,
    ) -> PyResult<(Arc<autoaugment::Plan>, Size)> {
        // Giving the GIL away costs more than one image's draws.
        if sizes.len() == 1 {
            return draws.checked(&self.sampler, sizes).map_err(raise);
        }
        let threads = threads::of_call(self.threads, sizes.len(), bytes);
        py.detach(|| threads.run(|| draws.checked(&self.sampler, sizes))).map_err(raise)?.map_err(raise)
    }

    /// The images after a plan that was checked, which gives all of them this size.
    fn applied<'py>(
        &self,
        py: Python<'py>,
        borrowed: &Borrowed<'_>,
        held: &[&[u8]],
        (plan, size): (&autoaugment::Plan, Size),
        axes: Axes,
        out: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let images = borrowed.images();
        let (count, bytes) = (images.sizes().len(), held.iter().map(|bytes| bytes.len()).sum());
        let threads = threads::of_call(self.threads, count, bytes);
        let layout = self.output.layout(images.layout());
        let axes = arrays::axes(size, axes.images, images.channels(), layout, axes.is_gray);
        let mut destination = match out {
            None => Destination::new(py, &axes, self.output.dtype())?,
            Some(out) => Destination::of(out, &axes, self.output.dtype())?,
        };
        held.iter().try_for_each(|bytes| destination.check_apart(bytes))?;
        let executor = devices::executor(&self.device)?;
        let memory = destination.memory();
        let applied = py.detach(|| threads.run(|| executor.apply_to(images, plan, &self.output, memory)));
        applied.map_err(raise)?.map_err(raise)?;
        Ok(destination.array)
    }

    /// Each image by itself, to an array of its own.
    fn run_each<'py>(
        &self,
        py: Python<'py>,
        sources: &[Source],
        images: &[Opened<'_>],
        draws: &Draws,
    ) -> Result<'py, PyAny> {
        let threads = threads::of_work(self.threads);
        let have_files = images.iter().any(Opened::is_file);
        let decoded = self.of_each(py, images, have_files, |_, image| image.decode(Region::whole(image.size())))?;
        let views = images.iter().zip(&decoded).map(|(image, own)| image.view(Region::whole(image.size()), own));
        let views = views.collect::<autoaugment::Result<Vec<_>>>().map_err(raise)?;
        let executor = devices::executor(&self.device)?;
        let each = |i: usize| draws.of(i).checked(&self.sampler, views[i..=i].into());
        let drawn = py.detach(|| threads.run(|| (0..views.len()).map(each).collect::<Vec<_>>())).map_err(raise)?;
        let mut plans = Vec::with_capacity(views.len());
        let mut destinations = Vec::with_capacity(views.len());
        for (i, (drawn, view)) in drawn.into_iter().zip(&views).enumerate() {
            let (plan, size) = drawn.map_err(|error| at_image(py, raise(error), i))?;
            let is_gray = matches!(&sources[i], Source::Array(array) if array.axes() == 2);
            let axes = arrays::axes(size, None, view.channels(), self.output.layout(view.layout()), is_gray);
            destinations.push(Destination::new(py, &axes, self.output.dtype())?);
            plans.push(plan);
        }
        let jobs: Vec<_> = destinations.iter_mut().map(Destination::memory).zip(&plans).zip(&views).collect();
        let run = |((memory, plan), view): ((TensorMut<'_>, &Arc<autoaugment::Plan>), &ImageView<'_>)| {
            executor.apply_to(std::slice::from_ref(view), plan, &self.output, memory).map(drop)
        };
        // A GPU takes one batch after the other.
        let is_serial = threads::count(self.threads).get() == 1 || executor.description() != "CPU";
        let ran: Vec<autoaugment::Result<()>> = py
            .detach(|| {
                threads.run(|| match is_serial {
                    true => jobs.into_iter().map(run).collect(),
                    false => jobs.into_par_iter().map(run).collect(),
                })
            })
            .map_err(raise)?;
        for (i, ran) in ran.into_iter().enumerate() {
            ran.map_err(|error| at_image(py, raise(error), i))?;
        }
        let results = PyList::new(py, destinations.into_iter().map(|destination| destination.array))?;
        let planned = plans.into_iter().flat_map(|plan| Arc::unwrap_or_clone(plan).into_images()).collect();
        Ok((results.into_any(), autoaugment::Plan::new(planned).into()))
    }
}

fn layout(chw: bool) -> Layout {
    if chw { Layout::Nchw } else { Layout::Nhwc }
}

/// The same exception with the image's place in its list, instead of its place in a batch of one.
fn at_image(py: Python<'_>, error: PyErr, image: usize) -> PyErr {
    let message = error.value(py).to_string();
    let message = message.strip_prefix("image 0: ").unwrap_or(&message);
    PyErr::from_type(error.get_type(py), format!("image {image}: {message}"))
}
