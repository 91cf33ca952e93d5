//! Translate: the image is moved sideways, or up or down.

use super::affine::warps;

warps! {
    /// Source coordinates are `(x - pixels, y)`.
    ///
    /// Source: `Image.transform` with `AFFINE`.
    pub struct TranslateX {
        /// How far the content moves to the right, in pixels; negative moves it left.
        pub pixels,
    }
    const SUMMARY = "moves the image sideways";
    const RANGE = Range::signed(0.0, 150.0 / 331.0).of_width();
    const EXAMPLES = &[
        "TranslateX(pixels=20, interpolation=nearest, fill=[10,200,77])",
        "TranslateX(pixels=-1.5, interpolation=bilinear, fill=[0,0,0])",
        "TranslateX(pixels=0.25, interpolation=bicubic, fill=[128,128,128])",
    ];
    matrix |pixels| [1.0, 0.0, -pixels, 0.0, 1.0, 0.0];

    /// Source coordinates are `(x, y - pixels)`.
    ///
    /// Source: `Image.transform` with `AFFINE`.
    pub struct TranslateY {
        /// How far the content moves down, in pixels; negative moves it up.
        pub pixels,
    }
    const SUMMARY = "moves the image up or down";
    const RANGE = Range::signed(0.0, 150.0 / 331.0).of_height();
    const EXAMPLES = &[
        "TranslateY(pixels=-16, interpolation=bilinear, fill=[10,200,77])",
        "TranslateY(pixels=20, interpolation=nearest, fill=[0,0,0])",
        "TranslateY(pixels=0.75, interpolation=bicubic, fill=[128,128,128])",
    ];
    matrix |pixels| [1.0, 0.0, 0.0, 0.0, 1.0, -pixels];
}
