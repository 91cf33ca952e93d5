//! Operations: the one list that everything else derives from.
//!
//! An operation is declared in one file, `src/ops/<name>.rs`. The file has its name, its parameters, the paper's range
//! of its magnitude, its reference on the CPU and its form on the GPU. Its WGSL is `shaders/ops/<name>.wgsl`. The five
//! warps share `affine.wgsl`, and a blur is all in `shaders/stages/box.wgsl`. One line in `ops!` below adds the
//! operation to parsing, help, plans, shader assembly, the tests and the benchmarks. Two operations that differ by an
//! axis share a file: `shear => ShearX | ShearY`. No other file of the library or its tests is written by hand.
//!
//! The second part of the list has operations that change the size, flip images or have branches. Policies cannot have
//! these, and they need no WGSL of their own.
//!
//! # Adding an operation, worked
//! The example is `Threshold`: white at or above a level, black below it.
//!
//! 1. `src/ops/threshold.rs`, after the pattern of `solarize.rs`. It has `pub struct Threshold { pub level: u8 }` and
//!    its `Operation`: `CATEGORY = Category::Point(RequiredStats::Nothing)`, a `RANGE`, `EXAMPLES`, `from_draw`,
//!    `reference`, `table` and `lower`. The function of one value that they share stands beside it.
//! 2. `shaders/ops/threshold.wgsl`: `fn threshold(value: u32, arg: u32) -> u32 { return select(0u, 255u, value >= arg);
//!    }`.
//! 3. The line `threshold => Threshold,` in `ops!`.
//!
//! The tests over all operations then compare its reference with its shader, alone and in a chain with every other
//! operation. They take its parameters from the examples, and check that these are printed as they stand.
//! `autoaugment ops` lists it. `CONTRIBUTING.md` has the two commands that write the tables and the cases of Pillow.
//!
//! # Sources
//! The arithmetic is Pillow's (13.0, x86-64), to the byte. Each file names the Pillow function that it follows.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::arithmetic::histogram::Histogram;
use crate::batch::{Image, Images, Size};
use crate::draw::Draw;
use crate::error::{Error, Result};
use crate::magnitude::Range;

pub(crate) mod affine;
pub(crate) mod lower;
mod parameters;
pub(crate) mod size;
mod text;

pub use aug_mix::{Branch, MixRule};
#[cfg(feature = "gpu")]
pub(crate) use auto_contrast::stretch;
pub use crop::Border;
pub use parameters::Parameter;

/// The input of an operation's output pixel. It decides how the GPU runs the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Category {
    /// Nothing changes.
    Copy,
    /// A function of one channel value, perhaps with statistics of the image: a table of 256 entries per channel.
    Point(RequiredStats),
    /// A function of one pixel's channels.
    Pixel,
    /// A map from output to input coordinates.
    Warp,
    /// The 3 x 3 pixels around it.
    Window,
    /// The pixels around it along rows and columns, in several passes with bytes between them.
    Blur,
    /// A constant inside a rectangle.
    Mask,
    /// The same pixel of another image of the batch.
    Mix,
    /// A map of whole pixels, perhaps to another size.
    CropOrFlip,
    /// Weighted sums along rows and columns, to another size.
    Resize,
    /// The results of other operations on the image.
    Branches,
}

/// The statistics that a [`Category::Point`] operation needs of the image it is applied to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequiredStats {
    /// None: the table is known before the image is.
    Nothing,
    /// The histogram of each channel.
    Histogram,
    /// The mean of luma.
    Luma,
}

/// The declaration of an operation. The type itself is the operation with its parameters.
pub(crate) trait Operation: Sized + Clone + PartialEq + fmt::Debug + Serialize + DeserializeOwned {
    /// The name for people and files.
    const NAME: &'static str;
    /// One line of help.
    const SUMMARY: &'static str;
    /// The operation with parameters, as text: a typical one first, then those at edges of its arithmetic.
    const EXAMPLES: &'static [&'static str];
    /// The input of an output pixel.
    const CATEGORY: Category;
    /// The paper's range, used where a convention does not have its own.
    const RANGE: Range;
    /// The WGSL that defines `fn <name>`. It is empty where the category needs none.
    #[cfg_attr(not(feature = "gpu"), allow(dead_code))]
    const WGSL: &'static str;

    /// The operation for a magnitude's value. All other random parameters are drawn here.
    fn from_draw(draw: &mut Draw<'_>) -> Self;

    /// Refuses parameters outside their range.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// The size of an image of `size` afterwards.
    fn output_size(&self, size: Size) -> Result<Size> {
        Ok(size)
    }

    /// The reference on the CPU: the result for `image`, with Pillow's bytes.
    ///
    /// `batch` has the images before augmentation.
    fn reference(&self, image: Image, batch: &Images<'_>) -> Image;

    /// The table of a channel with these statistics. Only operations of [`Category::Point`] have one.
    fn table(&self, _stats: &ImageStats) -> Table {
        std::array::from_fn(|v| v as u8)
    }

    /// The form for the executors, for an image of this size. All f64 arithmetic is done here.
    fn lower(&self, size: Size) -> lower::Lowered;
}

/// The new value of each value of a channel.
pub(crate) type Table = [u8; 256];

/// The statistics of an image that an operation can use for its [`Table`] of a channel.
pub(crate) struct ImageStats {
    /// The number of pixels with each value in the channel.
    pub counts: Histogram,
    /// The mean of luma over the image.
    pub luma: u8,
}

impl Default for ImageStats {
    fn default() -> Self {
        ImageStats { counts: [0; 256], luma: 0 }
    }
}

macro_rules! ops {
    (
        policies { $($module:ident => $($Name:ident)|+,)* }
        transforms { $($only:ident => $($Only:ident)|+,)* }
    ) => {
        $(mod $module; $(pub use $module::$Name;)+)*
        $(mod $only; $(pub use $only::$Only;)+)*

        ops! { @all $($($module => $Name,)+)* $($($only => $Only,)+)* }

        impl OpKind {
            /// Every operation that a policy can have, in the order of the list.
            pub const ALL: &'static [OpKind] = &[$($(OpKind::$Name,)+)*];

            /// The operations that only a [`Transform`](crate::Transform) draws, and no policy. They change the size,
            /// flip the image or mix the results of other operations.
            pub const TRANSFORM_ONLY: &'static [OpKind] = &[$($(OpKind::$Only,)+)*];
        }
    };
    (@all $($module:ident => $Name:ident,)*) => {
        /// The name of an operation, without parameters.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum OpKind { $(#[doc = concat!("See [`struct@", stringify!($Name), "`].")] $Name,)* }

        /// An operation with all its parameters, ready to run.
        ///
        /// Prints and parses as `Rotate(degrees=30, interpolation=nearest, fill=[0,0,0])`; in JSON it is
        /// `{"op": "Rotate", "degrees": 30, ...}`. Parameters that have a neutral default (interpolation `nearest`,
        /// fill black) may be left out when parsing.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Op { $(#[doc = concat!("See [`struct@", stringify!($Name), "`].")] $Name($Name),)* }

        $(impl From<$Name> for Op { fn from(op: $Name) -> Op { Op::$Name(op) } })*

        impl OpKind {
            /// The paper's range of the magnitude of every operation, in the order of the list.
            pub(crate) const RANGES: [Range; [$(OpKind::$Name),*].len()] = [$($Name::RANGE),*];

            const fn declaration(self) -> &'static Declaration {
                match self { $(OpKind::$Name => const { &Declaration::of::<$Name>(stringify!($module)) },)* }
            }

            /// The operation for a magnitude's value. All other random parameters are drawn here.
            pub(crate) fn drawn(self, draw: &mut Draw<'_>) -> Op {
                match self { $(OpKind::$Name => Op::$Name($Name::from_draw(draw)),)* }
            }

            /// The parameters that the operation takes, in the order of its text form.
            pub fn parameters(self) -> Vec<Parameter> {
                match self { $(OpKind::$Name => parameters::of::<$Name>(),)* }
            }

            fn with_parameters(self, parameters: Map<String, Value>) -> Result<Op, serde_json::Error> {
                Ok(match self { $(OpKind::$Name => Op::$Name(serde_json::from_value(Value::Object(parameters))?),)* })
            }
        }

        impl Op {
            /// The name of this operation.
            pub fn kind(&self) -> OpKind {
                match self { $(Op::$Name(_) => OpKind::$Name,)* }
            }

            /// Refuses parameters outside their range.
            ///
            /// # Errors
            /// [`Error::Parameter`] naming the parameter, the rule and the value.
            pub fn check(&self) -> Result<()> {
                match self { $(Op::$Name(op) => op.check(),)* }
            }

            /// The size of an image of `size` afterwards.
            pub(crate) fn output_size(&self, size: Size) -> Result<Size> {
                match self { $(Op::$Name(op) => op.output_size(size),)* }
            }

            pub(crate) fn reference(&self, image: Image, batch: &Images<'_>) -> Image {
                match self { $(Op::$Name(op) => op.reference(image, batch),)* }
            }

            pub(crate) fn table(&self, stats: &ImageStats) -> Table {
                match self { $(Op::$Name(op) => op.table(stats),)* }
            }

            pub(crate) fn lower(&self, size: Size) -> lower::Lowered {
                match self { $(Op::$Name(op) => op.lower(size),)* }
            }

            fn parameters(&self) -> Map<String, Value> {
                let value = match self { $(Op::$Name(op) => serde_json::to_value(op),)* };
                match value {
                    Ok(Value::Object(map)) => map,
                    _ => Map::new(),
                }
            }
        }
    };
}

ops! {
    policies {
        identity => Identity,
        shear => ShearX | ShearY,
        translate => TranslateX | TranslateY,
        rotate => Rotate,
        auto_contrast => AutoContrast,
        invert => Invert,
        equalize => Equalize,
        solarize => Solarize,
        solarize_add => SolarizeAdd,
        posterize => Posterize,
        contrast => Contrast,
        color => Color,
        desaturate => Desaturate,
        brightness => Brightness,
        sharpness => Sharpness,
        cutout => Cutout,
        sample_pairing => SamplePairing,
        gaussian_blur => GaussianBlur,
    }
    transforms {
        crop => Crop,
        resize => Resize,
        flip => HorizontalFlip | VerticalFlip,
        aug_mix => AugMix,
    }
}

/// An operation's constants as values.
#[cfg_attr(not(feature = "gpu"), allow(dead_code))]
struct Declaration {
    name: &'static str,
    summary: &'static str,
    examples: &'static [&'static str],
    category: Category,
    function: &'static str,
    wgsl: &'static str,
}

impl Declaration {
    const fn of<O: Operation>(function: &'static str) -> Self {
        Declaration {
            name: O::NAME,
            summary: O::SUMMARY,
            examples: O::EXAMPLES,
            category: O::CATEGORY,
            function,
            wgsl: O::WGSL,
        }
    }
}

impl OpKind {
    /// The paper's operations except SamplePairing. Every framework has all of them except the last, Cutout.
    pub(crate) const PAPER: [OpKind; 15] = [
        OpKind::ShearX,
        OpKind::ShearY,
        OpKind::TranslateX,
        OpKind::TranslateY,
        OpKind::Rotate,
        OpKind::AutoContrast,
        OpKind::Invert,
        OpKind::Equalize,
        OpKind::Solarize,
        OpKind::Posterize,
        OpKind::Contrast,
        OpKind::Color,
        OpKind::Brightness,
        OpKind::Sharpness,
        OpKind::Cutout,
    ];

    /// The name, as in the paper: `ShearX`.
    pub fn name(self) -> &'static str {
        self.declaration().name
    }

    /// One line of help.
    pub fn summary(self) -> &'static str {
        self.declaration().summary
    }

    /// The operation with parameters, as text that parses: a typical one first, then those at edges of its arithmetic.
    ///
    /// ```
    /// use autoaugment::{Op, OpKind};
    /// let op: Op = OpKind::Posterize.examples()[0].parse()?;
    /// assert_eq!(op.to_string(), "Posterize(bits=5)");
    /// # Ok::<(), autoaugment::Error>(())
    /// ```
    pub fn examples(self) -> &'static [&'static str] {
        self.declaration().examples
    }

    /// The form of the operation as text: `Rotate(degrees, interpolation=nearest, fill=[0,0,0])`. A parameter without a
    /// default must be given a value.
    pub fn usage(self) -> String {
        parameters::usage(self.name(), &self.parameters())
    }

    /// The input of an output pixel.
    pub fn category(self) -> Category {
        self.declaration().category
    }

    /// The WGSL file of this operation.
    #[cfg(feature = "gpu")]
    pub(crate) fn wgsl(self) -> &'static str {
        self.declaration().wgsl
    }

    /// The WGSL function of this operation.
    #[cfg(feature = "gpu")]
    pub(crate) fn function(self) -> &'static str {
        self.declaration().function
    }
}

impl Op {
    /// This operation and the operations of its branches, if it has any.
    pub(crate) fn with_branches(&self) -> impl Iterator<Item = &Op> {
        let branches = if let Op::AugMix(mix) = self { Some(mix.ops()) } else { None };
        std::iter::once(self).chain(branches.into_iter().flatten())
    }

    /// Whether this and `other` give the same bytes for every image of `size`. They do if they are the same operation
    /// with the same parameters after Pillow's rounding. `Color(factor=0.8)` and `Color(factor=0.800000011920929)` do.
    pub fn does_the_same(&self, other: &Op, size: Size) -> bool {
        match (self, other) {
            (Op::AugMix(one), Op::AugMix(other)) => one.does_the_same(other, size),
            _ => self == other || self.kind() == other.kind() && self.lower(size) == other.lower(size),
        }
    }

    /// A short caption: the name and the leading parameter, `Rotate 30`. Where there are sides, they lead: `Cutout 20 x
    /// 20`.
    pub fn caption(&self) -> String {
        let parameters = self.parameters();
        if let (Some(width), Some(height)) = (parameters.get("width"), parameters.get("height")) {
            return format!("{} {width} x {height}", self.kind());
        }
        match parameters.values().next() {
            Some(Value::Number(n)) => {
                // Adding 0 makes of -0 what people write.
                let rounded = n.as_f64().map_or(0.0, |v| (v * 100.0).round() / 100.0 + 0.0);
                format!("{} {rounded}", self.kind())
            }
            _ => self.kind().to_string(),
        }
    }
}

/// Refuses a parameter that is not a number or is larger than `limit`, in either direction.
fn check_finite(op: &'static str, parameter: &'static str, value: f64) -> Result<()> {
    if value.is_finite() && value.abs() <= 1e6 {
        return Ok(());
    }
    Err(Error::Parameter { op, parameter, value, rule: "is outside -1000000..=1000000" })
}

/// Refuses sides that are 0 or longer than any image may be.
pub(crate) fn check_sides(op: &'static str, width: usize, height: usize) -> Result<()> {
    for (parameter, side) in [("width", width), ("height", height)] {
        if !(1..=32767).contains(&side) {
            return Err(Error::Parameter { op, parameter, value: side as f64, rule: "is outside 1..=32767" });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rounds_to_the_same_numbers_does_the_same() {
        let size = Size { width: 20, height: 10 };
        let mix = |weight: &str, op: &str| {
            format!(r#"AugMix(rule={{"sum":{weight}}}, branches=[{{"weight":{weight},"ops":[{{"op":{op}}}]}}])"#)
        };
        let same = |a: &str, b: &str| a.parse::<Op>().unwrap().does_the_same(&b.parse().unwrap(), size);
        for (a, b) in [
            ("Color(factor=0.8)", "Color(factor=0.800000011920929)"),
            ("Solarize(threshold=170.1)", "Solarize(threshold=170.9)"),
            ("ShearX(factor=0.1)", "ShearX(factor=0.10000000149)"),
            ("Rotate(degrees=0)", "Rotate(degrees=360)"),
            ("TranslateX(pixels=3.2)", "TranslateX(pixels=3)"),
            (&mix("0.1", r#""Rotate","degrees":0"#), &mix("0.10000000149", r#""Rotate","degrees":360"#)),
            ("Invert", "Invert"),
        ] {
            assert!(same(a, b), "{a} {b}");
        }
        for (a, b) in [
            ("Color(factor=0.8)", "Brightness(factor=0.8)"),
            (&mix("0.1", r#""Invert""#), &mix("0.2", r#""Invert""#)),
            (&mix("0.1", r#""Invert""#), &mix("0.1", r#""Equalize""#)),
            ("Invert", "Equalize"),
            ("Color(factor=0.8)", "Color(factor=0.81)"),
            ("Solarize(threshold=170)", "Solarize(threshold=170.1)"),
            ("ShearX(factor=0.1)", "ShearX(factor=0.1, fill=[0,0,1])"),
            ("ShearX(factor=0.1, interpolation=bilinear)", "ShearX(factor=0.10000000149, interpolation=bilinear)"),
            ("TranslateX(pixels=3)", "TranslateX(pixels=-3)"),
            ("Cutout(x=0, y=0, width=3, height=4)", "Cutout(x=0, y=0, width=3, height=4, fill=[1,0,0])"),
        ] {
            assert!(!same(a, b), "{a} {b}");
        }
    }
}
