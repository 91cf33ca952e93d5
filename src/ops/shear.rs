//! Shear: every row is moved sideways, or every column up or down, the further from the top left corner the more.

use super::affine::warps;

warps! {
    /// Source coordinates are `(x + factor y, y)`; the top left corner stays.
    ///
    /// Source: `Image.transform` with `AFFINE`.
    pub struct ShearX {
        /// How many columns the source lies further right for each row down.
        pub factor,
    }
    const SUMMARY = "moves each row sideways, the further down the more";
    const RANGE = Range::signed(0.0, 0.3);
    const EXAMPLES = &[
        "ShearX(factor=0.3, interpolation=bilinear, fill=[10,200,77])",
        "ShearX(factor=-0.1, interpolation=nearest, fill=[0,0,0])",
        "ShearX(factor=1, interpolation=bicubic, fill=[128,128,128])",
    ];
    matrix |factor| [1.0, factor, 0.0, 0.0, 1.0, 0.0];

    /// Source coordinates are `(x, y + factor x)`; the top left corner stays.
    ///
    /// Source: `Image.transform` with `AFFINE`.
    pub struct ShearY {
        /// How many rows the source lies further down for each column to the right.
        pub factor,
    }
    const SUMMARY = "moves each column up or down, the further right the more";
    const RANGE = Range::signed(0.0, 0.3);
    const EXAMPLES = &[
        "ShearY(factor=-0.2, interpolation=bicubic, fill=[10,200,77])",
        "ShearY(factor=0.1, interpolation=nearest, fill=[0,0,0])",
        "ShearY(factor=-1, interpolation=bilinear, fill=[128,128,128])",
    ];
    matrix |factor| [1.0, 0.0, 0.0, factor, 1.0, 0.0];
}
