//! Targets: masks, boxes and keypoints of Python, which follow the plan of their image.

use autoaugment::targets::{self, BoundingBox, GeometricTransform, Label};
use autoaugment::{Device, Plan, Shape, Size};
use bytemuck::Pod;
use pyo3::buffer::{Element, PyBuffer};
use pyo3::exceptions::{PyIndexError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyList, PyTuple};

use crate::devices;
use crate::errors::raise;
use crate::memory::shown;
use crate::threads;

/// A function of NumPy.
fn numpy<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import("numpy")?.getattr(name)
}

/// How masks follow, with a fill of any type of labels.
#[derive(Clone, Copy)]
pub struct Masks {
    pub fill: i128,
    pub cutout: bool,
}

/// Masks after the plan of their images: a list for each image, or an array for one image or a batch.
pub fn masks<'py>(plan: &Plan, masks: &Bound<'py, PyAny>, rule: Masks) -> PyResult<Bound<'py, PyAny>> {
    let (py, images) = (masks.py(), plan.images().len());
    if masks.is_instance_of::<PyList>() || masks.is_instance_of::<PyTuple>() {
        let given = masks.len()?;
        if given != images {
            return Err(PyValueError::new_err(format!("masks: {images} images need {images} elements, got {given}")));
        }
        let each = masks.try_iter()?.zip(plan.images()).enumerate().map(|(i, (masks, image))| {
            let plan = Plan::new(vec![image.clone()]);
            let moved = Labels::new(&masks?).and_then(|labels| labels.moved(&plan, rule));
            moved.map_err(|error| at(py, &format!("masks {i}"), &error))
        });
        return Ok(PyList::new(py, each.collect::<PyResult<Vec<_>>>()?)?.into_any());
    }
    Labels::new(masks)?.moved(plan, rule)
}

/// One mask, H x W, or several, N x H x W, in one array of whole numbers.
struct Labels<'py> {
    array: Bound<'py, PyAny>,
    dtype: Bound<'py, PyAny>,
    masks: Option<usize>,
    size: Size,
}

impl<'py> Labels<'py> {
    fn new(masks: &Bound<'py, PyAny>) -> PyResult<Self> {
        let py = masks.py();
        let array = numpy(py, "asarray")?.call1((masks,))?;
        let dtype = array.getattr("dtype")?;
        let kind: String = dtype.getattr("kind")?.extract()?;
        if !matches!(kind.as_str(), "b" | "i" | "u") {
            let rule = "masks of labels are whole numbers or bool; convert them with `astype`";
            return Err(PyTypeError::new_err(format!("masks: {dtype}: {rule}")));
        }
        let dtype = dtype.call_method1("newbyteorder", ("=",))?;
        let array = numpy(py, "ascontiguousarray")?.call1((array, &dtype))?;
        let axes: Vec<usize> = array.getattr("shape")?.extract()?;
        let (masks, height, width) = match *axes {
            [height, width] => (None, height, width),
            [masks, height, width] => (Some(masks), height, width),
            _ => {
                let own = shown(&axes);
                return Err(PyValueError::new_err(format!(
                    "masks: shape {own}: H x W is needed, or N x H x W for several masks"
                )));
            }
        };
        Ok(Labels { array, dtype, masks, size: Size { width, height } })
    }

    /// One mask for each image of a plan, or any number for its only image.
    fn moved(&self, plan: &Plan, rule: Masks) -> PyResult<Bound<'py, PyAny>> {
        let (images, masks) = (plan.images(), self.masks.unwrap_or(1));
        let plan = match images {
            [image] => Plan::new(vec![image.clone(); masks]),
            _ if images.len() == masks => plan.clone(),
            _ => {
                return Err(PyValueError::new_err(format!("masks: {} images need as many, got {masks}", images.len())));
            }
        };
        let bits = 8 * self.dtype.getattr("itemsize")?.extract::<usize>()?;
        let (fill, cutout) = (self.fill(rule.fill, bits)?, rule.cutout);
        match bits {
            8 => self.applied(&plan, targets::Masks { fill: fill as u8, cutout }, images),
            16 => self.applied(&plan, targets::Masks { fill: fill as u16, cutout }, images),
            32 => self.applied(&plan, targets::Masks { fill: fill as u32, cutout }, images),
            _ => self.applied(&plan, targets::Masks { fill, cutout }, images),
        }
    }

    /// The bits of a label of this type.
    fn fill(&self, value: i128, bits: usize) -> PyResult<u64> {
        let kind: String = self.dtype.getattr("kind")?.extract()?;
        let (least, most) = match kind.as_str() {
            "b" => (0, 1),
            "i" => (-1_i128 << (bits - 1), (1_i128 << (bits - 1)) - 1),
            _ => (0, (1_i128 << bits) - 1),
        };
        if !(least..=most).contains(&value) {
            let dtype = &self.dtype;
            return Err(PyValueError::new_err(format!("fill: masks of {dtype} have {least}..={most}, got {value}")));
        }
        Ok(value as u64)
    }

    fn applied<L: Label + Element + Pod + Send + Sync>(
        &self,
        plan: &Plan,
        rule: targets::Masks<L>,
        images: &[autoaugment::PlannedImage],
    ) -> PyResult<Bound<'py, PyAny>> {
        let (py, masks) = (self.array.py(), self.masks.unwrap_or(1));
        let (moved, size) = if masks == 0 {
            let after = images.first().map_or(Ok(self.size), |image| Ok(image.geometric_transform(self.size)?.size()));
            (Vec::new(), after.map_err(raise)?)
        } else {
            let bytes = format!("u{}", size_of::<L>());
            let labels = PyBuffer::<L>::get(&self.array.call_method1("view", (bytes,))?)?.to_vec(py)?;
            let shape = Shape { images: masks, height: self.size.height, width: self.size.width, channels: 1 };
            let executor = devices::executor(&Device::Cpu)?;
            let threads = threads::of_call(0, masks, labels.len());
            let run = || threads.run(|| rule.apply(&executor, plan, &labels, shape));
            py.detach(run).map_err(raise)?.map_err(raise)?
        };
        let bytes = PyByteArray::new(py, bytemuck::cast_slice(&moved));
        let array = numpy(py, "frombuffer")?.call1((bytes, &self.dtype))?;
        let axes: Vec<usize> = self.masks.into_iter().chain([size.height, size.width]).collect();
        array.call_method1("reshape", (axes,))
    }
}

/// The map of the points of one image of a plan, which has this (width, height).
pub fn transform(plan: &Plan, (width, height): (usize, usize), image: usize) -> PyResult<GeometricTransform> {
    let images = plan.images();
    let planned = images.get(image).ok_or_else(|| {
        PyIndexError::new_err(format!("image: there is no image {image} in a plan of {} images", images.len()))
    })?;
    planned.geometric_transform(Size { width, height }).map_err(raise)
}

/// Boxes after the operations, M x 4, and the visible fraction of each.
pub fn boxes<'py>(map: &GeometricTransform, boxes: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
    let (mut moved, mut visible) = (Vec::new(), Vec::new());
    for (i, &[left, top, right, bottom]) in rows::<4>("boxes", boxes)?.iter().enumerate() {
        let after = map
            .bounding_box(BoundingBox { left, top, right, bottom })
            .map_err(|error| PyValueError::new_err(format!("boxes: {i}: {error}")))?;
        moved.push(after.bounds.map_or([0.0; 4], |b| [b.left, b.top, b.right, b.bottom]));
        visible.push(after.visible_fraction);
    }
    let py = boxes.py();
    PyTuple::new(py, [array(py, &moved, "f8", Some(4))?, array(py, &visible, "f8", None)?])
}

/// Points after the operations, M x 2, and whether each is in the image.
pub fn keypoints<'py>(map: &GeometricTransform, points: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
    let moved: Vec<_> = rows::<2>("points", points)?.into_iter().map(|point| map.keypoint(point)).collect();
    let at: Vec<[f64; 2]> = moved.iter().map(|keypoint| keypoint.point).collect();
    let is_inside: Vec<u8> = moved.iter().map(|keypoint| u8::from(keypoint.is_inside)).collect();
    let py = points.py();
    PyTuple::new(py, [array(py, &at, "f8", Some(2))?, array(py, &is_inside, "?", None)?])
}

/// The rows of an array of M x N numbers.
fn rows<const N: usize>(name: &str, given: &Bound<'_, PyAny>) -> PyResult<Vec<[f64; N]>> {
    let py = given.py();
    let array = numpy(py, "ascontiguousarray")?.call1((given, "f8"));
    let array = array
        .map_err(|error| PyValueError::new_err(format!("{name}: M x {N} numbers are needed: {}", error.value(py))))?;
    let axes: Vec<usize> = array.getattr("shape")?.extract()?;
    // An empty list has one axis.
    if axes.contains(&0) && axes.len() < 3 {
        return Ok(Vec::new());
    }
    match *axes {
        [_, columns] if columns == N => {
            let values = PyBuffer::<f64>::get(&array)?.to_vec(py)?;
            Ok(values.as_chunks::<N>().0.to_vec())
        }
        _ => Err(PyValueError::new_err(format!("{name}: shape {}: M x {N} is needed", shown(&axes)))),
    }
}

/// An array that owns its memory.
fn array<'py, T: Pod>(
    py: Python<'py>,
    values: &[T],
    dtype: &str,
    columns: Option<usize>,
) -> PyResult<Bound<'py, PyAny>> {
    let bytes = PyByteArray::new(py, bytemuck::cast_slice(values));
    let flat = numpy(py, "frombuffer")?.call1((bytes, dtype))?;
    match columns {
        Some(columns) => flat.call_method1("reshape", ((values.len(), columns),)),
        None => Ok(flat),
    }
}

/// The same exception at a place.
fn at(py: Python<'_>, place: &str, error: &PyErr) -> PyErr {
    let message = error.value(py).to_string();
    PyErr::from_type(error.get_type(py), format!("{place}: {}", message.strip_prefix("masks: ").unwrap_or(&message)))
}
