//! Interpolation: the rule of a warp or a resize for values between pixels.

use serde::{Deserialize, Serialize};

use crate::text::text_is_name;

/// The rule of a warp, or of a [`Resize`](crate::ops::Resize), for values between pixels.
///
/// A resize rounds its values, widens its filter where the image shrinks, and takes a = -0.5 for the cubic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Interpolation {
    /// The pixel whose area the point falls into.
    #[default]
    Nearest,
    /// Two by two pixels, linear. Warps truncate instead of rounding, as in Pillow.
    Bilinear,
    /// Four by four pixels, Keys' cubic. Warps have a = -1 and truncate.
    Bicubic,
}

impl Interpolation {
    /// All three.
    pub const ALL: [Interpolation; 3] = [Interpolation::Nearest, Interpolation::Bilinear, Interpolation::Bicubic];

    /// The name: `nearest`, `bilinear` or `bicubic`.
    pub const fn name(self) -> &'static str {
        match self {
            Interpolation::Nearest => "nearest",
            Interpolation::Bilinear => "bilinear",
            Interpolation::Bicubic => "bicubic",
        }
    }
}

text_is_name!("interpolation": Interpolation);
