//! Plans and policies as Python's data.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use autoaugment::{Convention, Op, Scheme};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyTuple, PyType};

use crate::errors::raise;
use crate::targets::{self, Masks};

/// The most images of a plan that is made from a number. A mistyped one would take all memory.
const MOST_IMAGES: usize = 1 << 20;

/// What was drawn for each image of a batch: its operations with all parameters.
#[pyclass(frozen, eq, module = "autoaugment", from_py_object)]
#[derive(Clone, PartialEq)]
pub struct Plan {
    /// Shared: to copy the plan of a large batch takes as long as a tenth of the batch.
    pub plan: Arc<autoaugment::Plan>,
}

impl From<autoaugment::Plan> for Plan {
    fn from(plan: autoaugment::Plan) -> Self {
        Plan { plan: Arc::new(plan) }
    }
}

/// One image of a plan.
#[pyclass(frozen, eq, module = "autoaugment")]
#[derive(Clone, PartialEq)]
pub struct PlannedImage {
    /// The sample index.
    #[pyo3(get)]
    index: u64,
    /// The number of the drawn sub-policy, from 1; `None` if none was drawn.
    #[pyo3(get)]
    sub_policy: Option<usize>,
    /// The operations in their order, as text.
    #[pyo3(get)]
    operations: Vec<String>,
}

#[pymethods]
impl PlannedImage {
    #[new]
    #[pyo3(signature = (index, sub_policy, operations))]
    fn new(index: u64, sub_policy: Option<usize>, operations: Vec<String>) -> PyResult<Self> {
        operations.iter().try_for_each(|text| text.parse::<Op>().map(drop)).map_err(raise)?;
        Ok(PlannedImage { index, sub_policy, operations })
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> (Bound<'py, PyType>, (u64, Option<usize>, Vec<String>)) {
        let PlannedImage { index, sub_policy, operations } = slf.get();
        (slf.get_type(), (*index, *sub_policy, operations.clone()))
    }

    fn __repr__(&self) -> String {
        let operations = self.operations.join(" + ");
        format!("PlannedImage({}: {})", self.index, if operations.is_empty() { "unchanged" } else { &operations })
    }
}

#[pymethods]
impl Plan {
    /// The same operations for each of so many images.
    #[new]
    fn new(images: usize, operations: Vec<String>) -> PyResult<Self> {
        if images > MOST_IMAGES {
            return Err(PyValueError::new_err(format!("images: at most {MOST_IMAGES} are possible, got {images}")));
        }
        let ops = operations.iter().map(|text| text.parse::<Op>()).collect::<autoaugment::Result<Vec<_>>>();
        Ok(autoaugment::Plan::uniform(images, ops.map_err(raise)?).into())
    }

    #[classmethod]
    fn from_json(_cls: &Bound<'_, PyType>, json: &str) -> PyResult<Self> {
        Ok(autoaugment::Plan::from_json(json).map_err(raise)?.into())
    }

    fn to_json(&self) -> String {
        self.plan.to_json()
    }

    /// One entry per image.
    #[getter]
    fn images(&self) -> Vec<PlannedImage> {
        let image = |image: &autoaugment::PlannedImage| PlannedImage {
            index: image.index,
            sub_policy: image.sub_policy,
            operations: image.ops.iter().map(ToString::to_string).collect(),
        };
        self.plan.images().iter().map(image).collect()
    }

    /// Masks of labels, moved as their images are: by the nearest pixel, on the CPU.
    ///
    /// Args:
    ///     masks: Whole numbers or bool: H x W or K x H x W for the only image of the plan, N x H x W for N images, or
    ///         a list with one such array for each image, of any sizes. Images of PIL give what `numpy.asarray` gives.
    ///     fill: The label of the area outside the image. Often this is the label that the loss ignores.
    ///     cutout: Whether rectangles that are cut out of the image get that label too.
    ///
    /// Returns:
    ///     New arrays of NumPy of the same dtype, with the height and width of the augmented image; a list for a list.
    ///
    /// Raises:
    ///     TypeError: The masks are no whole numbers.
    ///     ValueError: There are not as many masks as images, `fill` is no number of their dtype, or AugMix moved the
    ///         image in several ways at once.
    ///
    /// >>> import numpy as np
    /// >>> from autoaugment import Plan
    /// >>> Plan(1, ["TranslateX(pixels=1)", "Invert"]).masks(np.array([[1, 2, 3]]), fill=9).tolist()
    /// [[9, 1, 2]]
    #[pyo3(signature = (masks, *, fill=0, cutout=false))]
    fn masks<'py>(&self, masks: &Bound<'py, PyAny>, fill: i128, cutout: bool) -> PyResult<Bound<'py, PyAny>> {
        targets::masks(&self.plan, masks, Masks { fill, cutout })
    }

    /// Boxes of an image, moved as it is. A moved box is the smallest one around the visible part.
    ///
    /// Args:
    ///     boxes: M x 4 numbers: left, top, right and bottom of each. An image covers 0..width and 0..height.
    ///     size: The image's (width, height) before.
    ///     image: The image's place in the plan.
    ///
    /// Returns:
    ///     The boxes, M x 4 float64, and the visible fraction of each, M float64 of 0..=1. A box of which nothing is
    ///     visible is 0, 0, 0, 0.
    ///
    /// Raises:
    ///     IndexError: There is no such image.
    ///     ValueError: The shape is another one, a side is not finite or beyond the opposite one, or AugMix moved the
    ///         image in several ways at once.
    ///
    /// >>> from autoaugment import Plan
    /// >>> boxes, visible = Plan(1, ["HorizontalFlip"]).boxes([[0, 0, 10, 20]], size=(32, 24))
    /// >>> boxes.tolist(), visible.tolist()
    /// ([[22.0, 0.0, 32.0, 20.0]], [1.0])
    #[pyo3(signature = (boxes, size, *, image=0))]
    fn boxes<'py>(
        &self,
        boxes: &Bound<'py, PyAny>,
        size: (usize, usize),
        image: usize,
    ) -> PyResult<Bound<'py, PyTuple>> {
        targets::boxes(&targets::transform(&self.plan, size, image)?, boxes)
    }

    /// Points of an image, moved as it is.
    ///
    /// Args:
    ///     points: M x 2 numbers, x and y of each. The center of the pixel in column i of row j is (i + 0.5, j + 0.5).
    ///     size, image: As in `boxes`.
    ///
    /// Returns:
    ///     The points, M x 2 float64, and whether each is in the image and never left it, M bool.
    ///
    /// Raises:
    ///     IndexError, ValueError: As in `boxes`.
    ///
    /// >>> from autoaugment import Plan
    /// >>> points, inside = Plan(1, ["TranslateX(pixels=5)"]).keypoints([[1, 2], [30, 2]], size=(32, 24))
    /// >>> points.tolist(), inside.tolist()
    /// ([[6.0, 2.0], [35.0, 2.0]], [True, False])
    #[pyo3(signature = (points, size, *, image=0))]
    fn keypoints<'py>(
        &self,
        points: &Bound<'py, PyAny>,
        size: (usize, usize),
        image: usize,
    ) -> PyResult<Bound<'py, PyTuple>> {
        targets::keypoints(&targets::transform(&self.plan, size, image)?, points)
    }

    /// The (width, height) after the operations of an image that had `size`.
    ///
    /// >>> from autoaugment import Plan
    /// >>> Plan(1, ["Resize(width=8, height=9)"]).size_after((32, 24))
    /// (8, 9)
    #[pyo3(signature = (size, *, image=0))]
    fn size_after(&self, size: (usize, usize), image: usize) -> PyResult<(usize, usize)> {
        let size = targets::transform(&self.plan, size, image)?.size();
        Ok((size.width, size.height))
    }

    fn __len__(&self) -> usize {
        self.plan.images().len()
    }

    fn __str__(&self) -> String {
        self.plan.to_string()
    }

    fn __repr__(&self) -> String {
        format!("<Plan of {} images>", self.plan.images().len())
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let json = PyTuple::new(slf.py(), [slf.get().plan.to_json()])?;
        Ok((slf.get_type().getattr("from_json")?, json))
    }
}

/// A learned policy, or another scheme that draws operations.
#[pyclass(frozen, eq, module = "autoaugment", from_py_object)]
#[derive(Clone, PartialEq)]
pub struct Policy {
    scheme: Scheme,
}

impl Policy {
    /// The text that gives it back: the one that was read would do too, but two texts can be one policy.
    fn text(&self) -> String {
        self.scheme.to_string()
    }
}

#[pymethods]
impl Policy {
    /// Reads a preset's name, a scheme, timm's configuration string, or the lines or JSON of a policy.
    #[new]
    fn new(text: &str) -> PyResult<Self> {
        Ok(Policy { scheme: Scheme::from_json_or_text(text).map_err(raise)? })
    }

    /// The same sub-policies, whose magnitudes are read in another convention.
    fn with_convention(&self, convention: &str) -> PyResult<Self> {
        let convention: Convention = convention.parse().map_err(raise)?;
        match &self.scheme {
            Scheme::Policy(policy) => {
                let policy = autoaugment::Policy { convention, ..policy.clone() };
                policy.check().map_err(raise)?;
                Ok(Policy { scheme: policy.into() })
            }
            other => Err(raise(autoaugment::Error::Config {
                option: "convention",
                reason: format!("`{convention}` is for learned policies, and {other} has its own; leave it out"),
            })),
        }
    }

    /// The convention of its magnitudes.
    #[getter]
    fn convention(&self) -> &'static str {
        self.scheme.convention().name()
    }

    /// JSON that `Policy` and the command line read.
    fn to_json(&self) -> String {
        match &self.scheme {
            Scheme::Policy(policy) => policy.to_json(),
            other => serde_json::Value::String(other.to_string()).to_string(),
        }
    }

    fn __str__(&self) -> String {
        self.text()
    }

    fn __repr__(&self) -> String {
        let text = self.text();
        let is_it = |name: &&str| name.parse::<Scheme>().is_ok_and(|preset| preset == self.scheme);
        let preset = Scheme::forms().map(|(form, _)| form).find(is_it);
        match (preset, &self.scheme) {
            (Some(name), _) => format!("Policy({name:?})"),
            (None, Scheme::Policy(policy)) => {
                format!("<Policy of {} sub-policies, {}>", policy.sub_policies.len(), policy.convention)
            }
            (None, _) => format!("Policy({text:?})"),
        }
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.text().hash(&mut hasher);
        hasher.finish()
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyType>, Bound<'py, PyTuple>)> {
        Ok((slf.get_type(), PyTuple::new(slf.py(), [slf.get().text()])?))
    }
}

/// Every form of a policy's text, with one line of help.
#[pyfunction]
pub fn policies() -> Vec<(&'static str, &'static str)> {
    Scheme::forms().collect()
}

/// The sample index of a text key: the 64-bit FNV-1a hash of its UTF-8 bytes.
#[pyfunction]
pub fn sample_index(key: &str) -> u64 {
    autoaugment::sample_index(key)
}
