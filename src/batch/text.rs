//! Sizes and layouts as text: `224x192`, `nchw`.

use std::fmt;
use std::str::FromStr;

use super::{Layout, Size};
use crate::error::{Error, Result};
use crate::text::{serde_as_text, text_is_name};

serde_as_text!(Size);

impl Layout {
    /// Both.
    pub const ALL: [Layout; 2] = [Layout::Nhwc, Layout::Nchw];

    /// The name: `nhwc` or `nchw`.
    pub const fn name(self) -> &'static str {
        match self {
            Layout::Nhwc => "nhwc",
            Layout::Nchw => "nchw",
        }
    }
}

text_is_name!("layout": Layout);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

impl FromStr for Size {
    type Err = Error;

    /// Reads `WIDTHxHEIGHT`; both sides are at least 1.
    fn from_str(text: &str) -> Result<Self> {
        let sides = text.split_once(['x', 'X']);
        let sides = sides.and_then(|(w, h)| Some((w.trim().parse().ok()?, h.trim().parse().ok()?)));
        let Some((width, height)) = sides else {
            let message = format!("expected WIDTHxHEIGHT in pixels, such as 224x192, got `{text}`");
            return Err(Error::Syntax { what: "size", message });
        };
        let size = Size { width, height };
        size.check()?;
        Ok(size)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::tests::round_trip;

    proptest! {
        #[test]
        fn sizes_round_trip(width in 1usize..40_000, height in 1usize..40_000) {
            round_trip(&Size { width, height });
        }

        #[test]
        fn no_text_makes_the_parsers_panic(text in "[0-9xX +-]{0,24}|.{0,12}") {
            if let Ok(size) = text.parse::<Size>() {
                round_trip(&size);
            }
            let _ = text.parse::<Layout>();
        }
    }

    #[test]
    fn both_are_written_as_people_write_them() {
        assert_eq!(Size { width: 224, height: 192 }.to_string(), "224x192");
        assert_eq!(Layout::ALL.map(|layout| layout.to_string()), ["nhwc", "nchw"]);
        Layout::ALL.iter().for_each(round_trip);
        assert_eq!("NCHW".parse(), Ok(Layout::Nchw));
    }

    #[test]
    fn refusals_say_what_to_write() {
        let refusal = |text: &str| text.parse::<Size>().unwrap_err().to_string();
        for text in ["224", "224x", "x224", "224x-1", "3x4x5", ""] {
            assert_eq!(refusal(text), format!("size: expected WIDTHxHEIGHT in pixels, such as 224x192, got `{text}`"));
        }
        assert!(refusal("0x5").contains("at least 1"), "{}", refusal("0x5"));
        assert_eq!("nwhc".parse::<Layout>().unwrap_err().to_string(), "unknown layout `nwhc`; did you mean `nhwc`?");
    }
}
