//! Sizes: the sizes of a batch's images, all the same or one each.

use super::{ImageView, Shape, Size};
use crate::error::Result;

/// The sizes of a batch's images: all the same, or one each.
///
/// Made from a [`Shape`], or from a slice of [`Size`] or [`ImageView`].
#[derive(Clone, Copy, Debug)]
pub struct Sizes<'a>(Inner<'a>);

#[derive(Clone, Copy, Debug)]
enum Inner<'a> {
    Same(Shape),
    Each(&'a [Size]),
    Views(&'a [ImageView<'a>]),
}

/// The size of an image of no batch.
const NOTHING: Size = Size { width: 1, height: 1 };

impl Sizes<'_> {
    /// The number of images.
    pub fn len(&self) -> usize {
        match self.0 {
            Inner::Same(shape) => shape.images,
            Inner::Each(sizes) => sizes.len(),
            Inner::Views(views) => views.len(),
        }
    }

    /// Whether there are no images.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The size of image `index`, or of the last image beyond the end.
    pub fn get(&self, index: usize) -> Size {
        match self.0 {
            Inner::Same(shape) => shape.size(),
            Inner::Each(sizes) => sizes.get(index).or(sizes.last()).copied().unwrap_or(NOTHING),
            Inner::Views(views) => views.get(index).or(views.last()).map_or(NOTHING, ImageView::size),
        }
    }

    /// The shape that they are all of, if they are the same by construction.
    pub(crate) fn shape(&self) -> Option<Shape> {
        match self.0 {
            Inner::Same(shape) => Some(shape),
            Inner::Each(_) | Inner::Views(_) => None,
        }
    }

    /// Whether they are the same by construction.
    pub(crate) fn are_same(&self) -> bool {
        matches!(self.0, Inner::Same(_))
    }

    /// Refuses sizes that no batch can have.
    pub(crate) fn check(&self) -> Result<()> {
        match self.0 {
            Inner::Same(shape) => shape.check(),
            Inner::Each(_) | Inner::Views(_) => {
                let check = |i| self.get(i).check().map_err(|e| e.at(format!("image {i}")));
                (0..self.len()).try_for_each(check)
            }
        }
    }
}

impl From<Shape> for Sizes<'static> {
    fn from(shape: Shape) -> Self {
        Sizes(Inner::Same(shape))
    }
}

impl<'a> From<&'a [Size]> for Sizes<'a> {
    fn from(sizes: &'a [Size]) -> Self {
        Sizes(Inner::Each(sizes))
    }
}

impl<'a> From<&'a Vec<Size>> for Sizes<'a> {
    fn from(sizes: &'a Vec<Size>) -> Self {
        Sizes(Inner::Each(sizes))
    }
}

impl<'a> From<&'a [ImageView<'_>]> for Sizes<'a> {
    fn from(views: &'a [ImageView<'_>]) -> Self {
        Sizes(Inner::Views(views))
    }
}
