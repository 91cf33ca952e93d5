//! Transforms as text: `none`, or the text of a policy or another scheme.

use std::str::FromStr;

use super::Transform;
use crate::error::{Error, Result};
use crate::schemes::Scheme;

impl FromStr for Transform {
    type Err = Error;

    /// `none` is a transform without stages. All else is a [`Scheme`] alone: a preset's name, a policy as text or JSON,
    /// or another scheme's text.
    ///
    /// ```
    /// use autoaugment::{Policy, Transform};
    /// assert_eq!("none".parse::<Transform>()?, Transform::new());
    /// assert_eq!("svhn".parse::<Transform>()?, Policy::svhn().into());
    /// # Ok::<(), autoaugment::Error>(())
    /// ```
    fn from_str(text: &str) -> Result<Self> {
        match text.trim().eq_ignore_ascii_case("none") {
            true => Ok(Transform::new()),
            false => Scheme::from_json_or_text(text).map(Transform::from),
        }
    }
}
