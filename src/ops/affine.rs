//! Affine: how Pillow warps an image through a matrix or by quarter turns; shared by shear, translate and rotate.
//!
//! A matrix `[a0..a5]` maps the output pixel's center to the input: `u = a0 x + a1 y + a2`, `v = a3 x + a4 y + a5`.
//! Output pixels outside the input keep the fill. Nothing is blended with it. Source: `libImaging/Geometry.c`.

use crate::arithmetic::resample::{coordinate, scale_list};
use crate::batch::{Image, Size};
use crate::interpolation::Interpolation;

/// One warp, ready to run on images of one size.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Affine {
    pub geometry: Geometry,
    pub interpolation: Interpolation,
    pub fill: [u8; 3],
}

/// The source of the output pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Geometry {
    /// Through a matrix.
    Matrix([f64; 6]),
    /// By exact turns of 90 degrees counter-clockwise, 0 to 3 of them; 1 and 3 on square images only.
    Turns(u8),
}

impl Geometry {
    /// From the output's coordinates to the input's, pixel centers at one half.
    pub fn matrix(self, size: Size) -> [f64; 6] {
        let (w, h) = (size.width as f64, size.height as f64);
        match self {
            Geometry::Matrix(matrix) => matrix,
            Geometry::Turns(turns) => match turns % 4 {
                0 => [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
                1 => [0.0, -1.0, w, 1.0, 0.0, 0.0],
                2 => [-1.0, 0.0, w, 0.0, -1.0, h],
                _ => [0.0, 1.0, 0.0, -1.0, 0.0, h],
            },
        }
    }
}

/// Declares operations that warp the image by one number, each with its matrix.
macro_rules! warps {
    ($(
        $(#[$doc:meta])*
        pub struct $Name:ident {
            $(#[$what:meta])*
            pub $number:ident,
        }
        const SUMMARY = $summary:literal;
        const RANGE = $range:expr;
        const EXAMPLES = $examples:expr;
        matrix |$value:ident| $matrix:expr;
    )*) => {
        use serde::{Deserialize, Serialize};

        use super::lower::Lowered;
        use super::{Category, Operation, affine, check_finite};
        use crate::batch::{Image, Images, Size};
        use crate::draw::Draw;
        use crate::error::Result;
        use crate::interpolation::Interpolation;
        use crate::magnitude::Range;

        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
            #[serde(deny_unknown_fields)]
            pub struct $Name {
                $(#[$what])*
                pub $number: f64,
                /// The interpolation between pixels.
                #[serde(default)]
                pub interpolation: Interpolation,
                /// The color outside the image: red, green and blue. Gray images take the first value.
                #[serde(default)]
                pub fill: [u8; 3],
            }

            impl Operation for $Name {
                const NAME: &'static str = stringify!($Name);
                const SUMMARY: &'static str = $summary;
                const EXAMPLES: &'static [&'static str] = $examples;
                const CATEGORY: Category = Category::Warp;
                const RANGE: Range = $range;
                const WGSL: &'static str = "";

                fn from_draw(draw: &mut Draw<'_>) -> Self {
                    $Name { $number: draw.value, interpolation: draw.interpolation, fill: draw.fill }
                }

                fn check(&self) -> Result<()> {
                    check_finite(Self::NAME, stringify!($number), self.$number)
                }

                fn reference(&self, image: Image, _: &Images<'_>) -> Image {
                    self.affine(image.size()).warp(&image)
                }

                fn lower(&self, size: Size) -> Lowered {
                    self.affine(size).lower(size)
                }
            }

            impl $Name {
                pub(crate) fn affine(&self, _: Size) -> affine::Affine {
                    let $value = self.$number;
                    let geometry = affine::Geometry::Matrix($matrix);
                    affine::Affine { geometry, interpolation: self.interpolation, fill: self.fill }
                }
            }
        )*
    };
}
pub(super) use warps;

/// The rule by which Pillow finds the nearest pixel. It has three, and their roundings differ.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Nearest {
    /// Columns and rows are independent: one list of source columns and one of source rows, -1 for outside.
    Scale { columns: Vec<i64>, rows: Vec<i64> },
    /// 16.16 fixed point.
    Fixed([i32; 6]),
    /// Accumulated in f64, beyond the reach of 16.16.
    Accumulated([f64; 6]),
}

impl Nearest {
    /// Picks the rule as Pillow does.
    pub fn of(a: &[f64; 6], size: Size) -> Self {
        if a[1] == 0.0 && a[3] == 0.0 {
            return Nearest::Scale {
                columns: scale_list(a[2] + a[0] * 0.5, a[0], size.width),
                rows: scale_list(a[5] + a[4] * 0.5, a[4], size.height),
            };
        }
        let (w, h) = (size.width as f64, size.height as f64);
        let reach = |x: f64, y: f64| {
            (x * a[0] + y * a[1] + a[2]).abs() < 32768.0 && (x * a[3] + y * a[4] + a[5]).abs() < 32768.0
        };
        if !(reach(0.0, 0.0) && reach(w, h) && reach(0.0, h) && reach(w, 0.0)) {
            return Nearest::Accumulated(*a);
        }
        let fix = |v: f64| (v * 65536.0 + 0.5).floor() as i32;
        Nearest::Fixed([
            fix(a[0]),
            fix(a[1]),
            fix(a[2] + a[0] * 0.5 + a[1] * 0.5),
            fix(a[3]),
            fix(a[4]),
            fix(a[5] + a[3] * 0.5 + a[4] * 0.5),
        ])
    }

    /// Calls `f(x, y, source column, source row)` for every output pixel, rows from the top; the source may be outside.
    pub fn each(&self, size: Size, mut f: impl FnMut(usize, usize, i64, i64)) {
        match self {
            Nearest::Scale { columns, rows } => {
                for (y, &source_y) in rows.iter().enumerate() {
                    for (x, &source_x) in columns.iter().enumerate() {
                        f(x, y, source_x, source_y);
                    }
                }
            }
            Nearest::Fixed(c) => {
                for y in 0..size.height {
                    for x in 0..size.width {
                        let at = |k: usize| {
                            let column = c[k].wrapping_mul(x as i32);
                            let row = c[k + 1].wrapping_mul(y as i32);
                            i64::from(c[k + 2].wrapping_add(row).wrapping_add(column) >> 16)
                        };
                        f(x, y, at(0), at(3));
                    }
                }
            }
            Nearest::Accumulated(a) => {
                let mut row_u = a[2] + a[1] * 0.5 + a[0] * 0.5;
                let mut row_v = a[5] + a[4] * 0.5 + a[3] * 0.5;
                for y in 0..size.height {
                    let (mut u, mut v) = (row_u, row_v);
                    for x in 0..size.width {
                        f(x, y, coordinate(u), coordinate(v));
                        u += a[0];
                        v += a[3];
                    }
                    row_u += a[1];
                    row_v += a[4];
                }
            }
        }
    }
}

impl Affine {
    /// The warped image.
    pub fn warp(&self, image: &Image) -> Image {
        match (self.geometry, self.interpolation) {
            (Geometry::Turns(turns), _) => turn(image, turns),
            (Geometry::Matrix(a), Interpolation::Nearest) => self.nearest(image, &a),
            (Geometry::Matrix(a), Interpolation::Bilinear) => self.interpolated(image, &a, bilinear),
            (Geometry::Matrix(a), Interpolation::Bicubic) => self.interpolated(image, &a, bicubic),
        }
    }

    fn nearest(&self, image: &Image, a: &[f64; 6]) -> Image {
        let mut out = image.rebuild(self.fill, |_, _, _| {});
        let channels = image.channels;
        Nearest::of(a, image.size()).each(image.size(), |x, y, u, v| {
            if (0..image.width as i64).contains(&u) && (0..image.height as i64).contains(&v) {
                let start = (y * image.width + x) * channels;
                out.data[start..start + channels].copy_from_slice(image.pixel(u as usize, v as usize));
            }
        });
        out
    }

    fn interpolated(&self, image: &Image, a: &[f64; 6], filter: impl Fn(&Image, f64, f64, &mut [u8])) -> Image {
        let (w, h) = (image.width as f64, image.height as f64);
        image.rebuild(self.fill, |x, y, pixel| {
            let (x, y) = (x as f64 + 0.5, y as f64 + 0.5);
            let u = a[0] * x + a[1] * y + a[2];
            let v = a[3] * x + a[4] * y + a[5];
            if u >= 0.0 && u < w && v >= 0.0 && v < h {
                filter(image, u - 0.5, v - 0.5, pixel);
            }
        })
    }

    /// For each output pixel the source pixel's index, `u32::MAX` for the fill.
    pub fn list(&self, size: Size) -> Vec<u32> {
        let mut list = vec![u32::MAX; size.width * size.height];
        let (w, h) = (size.width as i64, size.height as i64);
        let mut put = |x: usize, y: usize, u: i64, v: i64| {
            if (0..w).contains(&u) && (0..h).contains(&v) {
                list[y * size.width + x] = (v * w + u) as u32;
            }
        };
        match self.geometry {
            Geometry::Matrix(a) => Nearest::of(&a, size).each(size, put),
            Geometry::Turns(turns) => {
                for y in 0..size.height {
                    for x in 0..size.width {
                        let (u, v) = turned(turns, x, y, size);
                        put(x, y, u as i64, v as i64);
                    }
                }
            }
        }
        list
    }
}

/// The source of an output pixel under `turns` quarter turns counter-clockwise.
fn turned(turns: u8, x: usize, y: usize, size: Size) -> (usize, usize) {
    match turns % 4 {
        0 => (x, y),
        1 => (size.width - 1 - y, x),
        2 => (size.width - 1 - x, size.height - 1 - y),
        _ => (y, size.height - 1 - x),
    }
}

fn turn(image: &Image, turns: u8) -> Image {
    image.rebuild([0; 3], |x, y, pixel| {
        let (u, v) = turned(turns, x, y, image.size());
        pixel.copy_from_slice(image.pixel(u, v));
    })
}

/// The pixel nearest to column `x` of row `y`, on the border if that is outside.
fn tap(image: &Image, x: i64, y: i64, channel: usize) -> f64 {
    let x = x.clamp(0, image.width as i64 - 1) as usize;
    let y = y.clamp(0, image.height as i64 - 1) as usize;
    f64::from(image.pixel(x, y)[channel])
}

fn bilinear(image: &Image, u: f64, v: f64, pixel: &mut [u8]) {
    let (i, j) = (u.floor(), v.floor());
    let (du, dv) = (u - i, v - j);
    let (i, j) = (i as i64, j as i64);
    for (c, value) in pixel.iter_mut().enumerate() {
        let row = |y: i64| {
            let (left, right) = (tap(image, i, y, c), tap(image, i + 1, y, c));
            left + (right - left) * du
        };
        let (r0, r1) = (row(j), row(j + 1));
        *value = (r0 + (r1 - r0) * dv) as u8;
    }
}

fn bicubic(image: &Image, u: f64, v: f64, pixel: &mut [u8]) {
    let (i, j) = (u.floor(), v.floor());
    let (du, dv) = (u - i, v - j);
    let (i, j) = (i as i64, j as i64);
    for (c, value) in pixel.iter_mut().enumerate() {
        let row = |y: i64| {
            let t = |k: i64| tap(image, i + k, y, c);
            cubic(t(-1), t(0), t(1), t(2), du)
        };
        // `as` clips to 0..=255 and truncates.
        *value = cubic(row(j - 1), row(j), row(j + 1), row(j + 2), dv) as u8;
    }
}

/// Keys' cubic with a = -1 through four values, `d` of the way from the second to the third.
fn cubic(v1: f64, v2: f64, v3: f64, v4: f64, d: f64) -> f64 {
    let p1 = v2;
    let p2 = -v1 + v3;
    let p3 = 2.0 * (v1 - v2) + v3 - v4;
    let p4 = -v1 + v2 - v3 + v4;
    p1 + d * (p2 + d * (p3 + d * p4))
}
