//! DecodeOptions: what is done with files that end too early, and with the EXIF orientation.

use super::Orientation;
use crate::text::{serde_as_text, text_is_name};

/// What is done with a file that ends before its image does. As text and in JSON `refuse` or `fill`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Truncated {
    /// It is refused.
    #[default]
    Refuse,
    /// The missing part is filled, as by Pillow's `ImageFile.LOAD_TRUNCATED_IMAGES`. JPEG and GIF have its bytes, PNG
    /// and BMP may differ next to the cut, and WebP and TIFF stay refused. Damaged files are filled too.
    Fill,
}

serde_as_text!(Truncated);
text_is_name!("reaction to truncated files": Truncated);

impl Truncated {
    /// Both.
    pub const ALL: [Truncated; 2] = [Truncated::Refuse, Truncated::Fill];

    /// The name: `refuse` or `fill`.
    pub const fn name(self) -> &'static str {
        match self {
            Truncated::Refuse => "refuse",
            Truncated::Fill => "fill",
        }
    }
}

/// How files are decoded. The default is what Pillow's `Image.open` does.
///
/// ```
/// use autoaugment::loader::decode::{DecodeOptions, Orientation, Truncated};
///
/// # fn read(bytes: &[u8]) -> autoaugment::Result<()> {
/// let options = DecodeOptions::new().orientation(Orientation::Apply).truncated(Truncated::Fill);
/// let (image, reductions) = options.decode(bytes)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeOptions {
    pub(super) truncated: Truncated,
    pub(in crate::loader) orientation: Orientation,
    pub(super) max_pixels: u64,
}

/// Twice Pillow's `MAX_IMAGE_PIXELS`, beyond which it refuses an image.
const MAX_PIXELS: u64 = 178_956_970;

impl Default for DecodeOptions {
    fn default() -> Self {
        DecodeOptions { truncated: Truncated::Refuse, orientation: Orientation::Ignore, max_pixels: MAX_PIXELS }
    }
}

impl DecodeOptions {
    /// The defaults: truncated files are refused, the EXIF orientation is ignored, and an image has at most 178,956,970
    /// pixels.
    pub fn new() -> Self {
        DecodeOptions::default()
    }

    /// What is done with a file that ends before its image does.
    #[must_use]
    pub fn truncated(mut self, truncated: Truncated) -> Self {
        self.truncated = truncated;
        self
    }

    /// The most pixels of an image; 178,956,970 unless set, as many as Pillow opens. A file whose header claims more is
    /// refused before memory is allocated for it. A decoded image takes 3 bytes per pixel, and 1 if it is gray.
    #[must_use]
    pub fn max_pixels(mut self, pixels: u64) -> Self {
        self.max_pixels = pixels;
        self
    }

    /// What is done with the EXIF orientation.
    #[must_use]
    pub fn orientation(mut self, orientation: Orientation) -> Self {
        self.orientation = orientation;
        self
    }
}
