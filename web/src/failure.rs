//! Failure: why a request cannot be met, and the field of the page that has to change.

use autoaugment::Error;
use serde::Serialize;

/// What the page shows at one of its fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The name of the field, as in a [`Request`](crate::request::Request).
    pub field: &'static str,
    pub message: String,
}

impl Failure {
    pub fn new(field: &'static str, message: impl Into<String>) -> Self {
        Failure { field, message: message.into() }
    }

    /// An error of the library that belongs to this field.
    pub fn at(field: &'static str) -> impl Fn(Error) -> Failure {
        move |error| Failure::new(field, error.to_string())
    }
}
