//! Output as text: `u8`, `u8 nchw`, `f32 nchw imagenet`, `f16 nhwc normalize(mean=[0.5,0.5,0.5],
//! std=[0.25,0.25,0.25])`.

use std::fmt;
use std::str::FromStr;

use super::{Dtype, Form, Normalize, Output};
use crate::batch::Layout;
use crate::call_syntax;
use crate::error::{Error, Result};
use crate::text::{by_name, serde_as_text, text_is_name};

serde_as_text!(Dtype, Normalize, Output);

/// The name of a normalization that is written with its numbers.
const NORMALIZE: &str = "normalize";

text_is_name!("dtype": Dtype);

impl fmt::Display for Normalize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Normalize::PRESETS.iter().find(|(_, preset)| preset == self) {
            Some((name, _)) => f.pad(name),
            None => {
                let [mean, std] = [self.mean, self.std].map(|[r, g, b]| format!("[{r},{g},{b}]"));
                write!(f, "{NORMALIZE}(mean={mean}, std={std})")
            }
        }
    }
}

impl FromStr for Normalize {
    type Err = Error;

    /// Reads a preset's name, or `normalize(mean=[R,G,B], std=[R,G,B])`. One number stands for all three.
    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        if !call_syntax::name(text).eq_ignore_ascii_case(NORMALIZE) {
            return by_name("normalization", text, &Normalize::PRESETS).map_err(|error| match error {
                Error::Syntax { what, message } => {
                    Error::Syntax { what, message: format!("{message}, {NORMALIZE}(mean=[R,G,B], std=[R,G,B])") }
                }
                close => close,
            });
        }
        let (mut mean, mut std) = (None, None);
        for (key, value) in call_syntax::pairs("normalization", text)? {
            match key {
                "mean" => mean = Some(three(key, value)?),
                "std" => std = Some(three(key, value)?),
                _ => return Err(Error::unknown("parameter", key, ["mean", "std"])),
            }
        }
        let missing = |key: &str| syntax(format!("`{text}` has no `{key}`"));
        let (mean, std) = (mean.ok_or_else(|| missing("mean"))?, std.ok_or_else(|| missing("std"))?);
        let normalize = Normalize { mean, std };
        normalize.check()?;
        Ok(normalize)
    }
}

/// `[R,G,B]`, or one number for all three.
fn three(key: &str, text: &str) -> Result<[f32; 3]> {
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let numbers: Option<Vec<f32>> = inner.split(',').map(|number| number.trim().parse().ok()).collect();
    match numbers.as_deref() {
        Some(&[one]) => Ok([one; 3]),
        Some(&[red, green, blue]) => Ok([red, green, blue]),
        _ => Err(syntax(format!("expected {key}=[R,G,B] or one number, got `{text}`"))),
    }
}

fn syntax(message: String) -> Error {
    Error::Syntax { what: "normalization", message }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.dtype().fmt(f)?;
        if let Some(layout) = self.layout {
            write!(f, " {layout}")?;
        }
        match self.form {
            Form::U8 => Ok(()),
            Form::F32(normalize) | Form::F16(normalize) => write!(f, " {normalize}"),
        }
    }
}

impl FromStr for Output {
    type Err = Error;

    /// Reads `DTYPE [LAYOUT] [NORMALIZATION]`. Without a layout it is the input's; floats without a normalization are
    /// `v / 255`, which is called `unit`.
    fn from_str(text: &str) -> Result<Self> {
        let (dtype, rest) = first_word(text);
        let dtype: Dtype = dtype.parse()?;
        let (word, behind) = first_word(rest);
        let (layout, rest) = match word.parse::<Layout>() {
            Ok(layout) => (Some(layout), behind),
            Err(_) => (None, rest),
        };
        let normalize: Option<Normalize> = if rest.is_empty() { None } else { Some(rest.parse()?) };
        let form = match (dtype, normalize) {
            (Dtype::U8, None) => Form::U8,
            (Dtype::U8, Some(_)) => {
                let message = format!("`{text}`: u8 values are not normalized; use f32 or f16, or leave `{rest}` out");
                return Err(Error::Syntax { what: "output", message });
            }
            (Dtype::F32, normalize) => Form::F32(normalize.unwrap_or(Normalize::UNIT)),
            (Dtype::F16, normalize) => Form::F16(normalize.unwrap_or(Normalize::UNIT)),
        };
        Ok(Output { layout, form })
    }
}

/// The text up to the first space, and the text behind it.
fn first_word(text: &str) -> (&str, &str) {
    let text = text.trim();
    match text.split_once(char::is_whitespace) {
        Some((word, rest)) => (word, rest.trim_start()),
        None => (text, ""),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::tests::round_trip;

    fn normalize() -> impl Strategy<Value = Normalize> {
        let finite = || any::<f32>().prop_filter("finite", |v| v.is_finite());
        let nonzero = || any::<f32>().prop_filter("finite and not 0", |v| v.is_finite() && *v != 0.0);
        let presets = prop::sample::select(Normalize::PRESETS.map(|(_, preset)| preset).to_vec());
        let written = (prop::array::uniform3(finite()), prop::array::uniform3(nonzero()));
        prop_oneof![presets, written.prop_map(|(mean, std)| Normalize { mean, std })]
    }

    fn output() -> impl Strategy<Value = Output> {
        let layout = prop::sample::select(vec![None, Some(Layout::Nhwc), Some(Layout::Nchw)]);
        let form = prop_oneof![Just(Form::U8), normalize().prop_map(Form::F32), normalize().prop_map(Form::F16)];
        (layout, form).prop_map(|(layout, form)| Output { layout, form })
    }

    proptest! {
        #[test]
        fn normalizations_round_trip(normalize in normalize()) {
            round_trip(&normalize);
        }

        #[test]
        fn outputs_round_trip(output in output()) {
            round_trip(&output);
        }

        #[test]
        fn no_text_makes_a_parser_panic(
            text in ".{0,40}",
            start in "(u8|f32|f16|normalize\\()?[ ,=\\[\\]()a-z0-9.]{0,40}",
        ) {
            for text in [text, start] {
                if let Ok(output) = text.parse::<Output>() {
                    round_trip(&output);
                }
                if let Ok(normalize) = text.parse::<Normalize>() {
                    prop_assert!(normalize.check().is_ok());
                }
            }
        }
    }

    #[test]
    fn outputs_are_written_as_people_write_them() {
        for (text, output) in [
            ("u8", Output::u8()),
            ("u8 nchw", Output::u8_as(Layout::Nchw)),
            ("f32 nchw imagenet", Output::f32(Layout::Nchw, Normalize::IMAGENET)),
            ("f16 nhwc cifar10", Output::f16(Layout::Nhwc, Normalize::CIFAR10)),
            ("f32 nchw unit", Output::f32(Layout::Nchw, Normalize::UNIT)),
            (
                "f32 nchw normalize(mean=[0.5,0.4,0.3], std=[0.25,0.25,0.25])",
                Output::f32(Layout::Nchw, Normalize { mean: [0.5, 0.4, 0.3], std: [0.25; 3] }),
            ),
        ] {
            assert_eq!(output.to_string(), text);
            assert_eq!(text.parse(), Ok(output));
        }
        assert_eq!("F32 NCHW".parse(), Ok(Output::f32(Layout::Nchw, Normalize::UNIT)));
        let half = Normalize { mean: [0.5; 3], std: [0.5; 3] };
        assert_eq!("f32 nhwc normalize(mean=0.5, std=0.5)".parse(), Ok(Output::f32(Layout::Nhwc, half)));
        assert_eq!(Dtype::ALL.map(|dtype| dtype.to_string()), ["u8", "f16", "f32"]);
        Dtype::ALL.iter().for_each(round_trip);
    }

    #[test]
    fn refusals_say_what_to_write() {
        for (text, message) in [
            ("f64", "dtype: there is no `f64`; there are u8, f16, f32"),
            ("f61", "unknown dtype `f61`; did you mean `f16`?"),
            ("f32 imagnet", "unknown normalization `imagnet`; did you mean `imagenet`?"),
            (
                "f32 nchw coco2017",
                "normalization: there is no `coco2017`; there are imagenet, cifar10, unit, \
                 normalize(mean=[R,G,B], std=[R,G,B])",
            ),
            (
                "u8 imagenet",
                "output: `u8 imagenet`: u8 values are not normalized; use f32 or f16, or leave `imagenet` out",
            ),
            ("f32 normalize(mean=0.5)", "normalization: `normalize(mean=0.5)` has no `std`"),
            ("f32 normalize(mean=[1,2], std=1)", "normalization: expected mean=[R,G,B] or one number, got `[1,2]`"),
            ("f32 normalize(mean=0, sdt=1)", "unknown parameter `sdt`; did you mean `std`?"),
        ] {
            assert_eq!(text.parse::<Output>().unwrap_err().to_string(), message, "{text}");
        }
        assert!("normalize(mean=0, std=0)".parse::<Normalize>().is_err());
    }
}
