//! Targets: masks, boxes and keypoints follow the plan of their image.
//!
//! Coordinates are continuous and in pixels, with x to the right and y down. An image covers `0..width` and
//! `0..height`. The center of the pixel in column i of row j is `(i + 0.5, j + 0.5)`. Add one half to positions that
//! are given as column and row.
//!
//! ShearX, ShearY, TranslateX, TranslateY, Rotate, Crop, Resize and the two flips move the contents of an image. All
//! other operations keep them in place. The branches of AugMix can move them in different ways. No target can follow
//! that, so it is an error. [`GeometricTransform`] is the map of points of all operations of one image, in `f64`. It is
//! exact. Interpolation `nearest` takes the nearest pixel, which can be half a pixel away.
//!
//! A part that leaves the image is gone, even if a later operation would move it back, because the pixels there are the
//! fill. Targets do not follow the copies in a mirrored border of a crop.
//!
//! ```
//! use autoaugment::targets::{BoundingBox, Masks};
//! use autoaugment::{Batch, Device, Executor, Layout, Op, Output, Plan, Shape};
//!
//! let shape = Shape { images: 1, height: 4, width: 6, channels: 1 };
//! let flip: Op = "HorizontalFlip".parse()?;
//! let to_the_right: Op = "TranslateX(pixels=2, interpolation=bicubic)".parse()?;
//! let plan = Plan::uniform(1, vec![flip, "Invert".parse()?, to_the_right]);
//!
//! let transform = plan.images()[0].geometric_transform(shape.size())?;
//! let cat = BoundingBox { left: 0.0, top: 1.0, right: 4.0, bottom: 3.0 };
//! let moved = transform.bounding_box(cat)?;
//! assert_eq!(moved.bounds, Some(BoundingBox { left: 4.0, top: 1.0, right: 6.0, bottom: 3.0 }));
//! assert_eq!(moved.visible_fraction, 0.5); // the other half left the image
//! let nose = transform.keypoint([5.5, 2.5]);
//! assert_eq!((nose.point, nose.is_inside), ([2.5, 2.5], true));
//!
//! // Masks are batches of one channel, and run wherever images do.
//! let labels: Vec<u8> = [0, 0, 0, 7, 7, 7].repeat(4);
//! let masks = Batch::new(labels, shape, Layout::Nhwc)?;
//! let plan = Masks { fill: 255, cutout: false }.plan(&plan)?;
//! let (moved, _) = Executor::new(Device::Cpu)?.apply(&masks, &plan, &Output::u8())?;
//! assert_eq!(moved.data.as_u8(), Some(&[255, 255, 7, 7, 7, 0].repeat(4)[..]));
//! # Ok::<(), autoaugment::Error>(())
//! ```

mod boxes;
mod geometric_transform;
mod keypoints;
mod masks;

pub use boxes::{BoundingBox, MovedBox};
pub use geometric_transform::GeometricTransform;
pub use keypoints::Keypoint;
pub use masks::{Label, Masks};
