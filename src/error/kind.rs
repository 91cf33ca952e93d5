//! ErrorKind: the six classes of errors, for callers that act on an error and for bindings that map it.

use super::Error;

/// The reaction to an [`Error`] that a caller can choose.
///
/// A binding maps a kind to an exception, a program to an exit code:
///
/// ```
/// use autoaugment::{ErrorKind, Policy};
/// let error = "Rotate(degrees=30".parse::<Policy>().unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Usage);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument, an option, a policy or a plan breaks a rule. The same call always fails; change the call.
    Usage,
    /// A file or a sample of a data set cannot be read or decoded. Repair it or leave it out.
    Data,
    /// There is no usable GPU, or the device failed while it ran. Choose another device or open it again.
    Device,
    /// The host or the device has too little memory or too few threads, or the device allows too little. A smaller
    /// batch may fit.
    Memory,
    /// The request is valid, but this version of the crate cannot do it.
    Unsupported,
    /// The work was stopped before it was done, because nothing waits for its result.
    Cancelled,
}

impl Error {
    /// The reaction that a caller can choose. An error with a place ([`Error::At`]) has the kind of its reason.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::At { reason, .. } => reason.kind(),

            Error::Unknown { .. }
            | Error::Magnitude { .. }
            | Error::FractionalMagnitude { .. }
            | Error::NotInPolicies { .. }
            | Error::NotInBranches { .. }
            | Error::Probability { .. }
            | Error::Parameter { .. }
            | Error::EmptyPolicy
            | Error::EmptySubPolicy
            | Error::Syntax { .. }
            | Error::Batch(_)
            | Error::Output(_)
            | Error::PlanLength { .. }
            | Error::Partner { .. }
            | Error::Config { .. }
            | Error::WrongDevice { .. }
            | Error::Buffer(_) => ErrorKind::Usage,
            // A panic of the caller's own code is the caller's to mend.
            #[cfg(feature = "loader")]
            Error::Loader(_) | Error::Panicked(_) => ErrorKind::Usage,

            #[cfg(feature = "loader")]
            Error::Decode(_) | Error::Dataset { .. } | Error::Sample { .. } => ErrorKind::Data,

            Error::NoGpu(_) | Error::DeviceLost(_) | Error::Device(_) | Error::Burn(_) => ErrorKind::Device,

            Error::DeviceLimit { .. } | Error::NoMemory { .. } | Error::NoThreads(_) | Error::OutOfMemory(_) => {
                ErrorKind::Memory
            }

            Error::Version { .. } | Error::NotFollowed => ErrorKind::Unsupported,

            #[cfg(feature = "loader")]
            Error::Cancelled(_) => ErrorKind::Cancelled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One error of each variant. `kind` has no catch-all arm, so that a new variant must be placed there.
    fn examples() -> Vec<(Error, ErrorKind)> {
        use ErrorKind::*;
        let text = || "text".to_string();
        #[cfg_attr(not(feature = "loader"), allow(unused_mut))]
        let mut examples = vec![
            (Error::Unknown { what: "operation", name: text(), suggestion: None }, Usage),
            (Error::Magnitude { op: "Rotate", magnitude: 11.0, last: 9 }, Usage),
            (Error::FractionalMagnitude { op: "Rotate", magnitude: 0.5, convention: "torchvision" }, Usage),
            (Error::NotInPolicies { op: "Crop" }, Usage),
            (Error::NotInBranches { op: "Crop" }, Usage),
            (Error::NotFollowed, Unsupported),
            (Error::Probability { op: "Rotate", probability: 2.0 }, Usage),
            (Error::Parameter { op: "Rotate", parameter: "degrees", value: 0.0, rule: "is not finite" }, Usage),
            (Error::EmptyPolicy, Usage),
            (Error::EmptySubPolicy, Usage),
            (Error::Syntax { what: "policy", message: text() }, Usage),
            (Error::Version { what: "policy", found: 9, newest: 1 }, Unsupported),
            (Error::Batch(text()), Usage),
            (Error::Output(text()), Usage),
            (Error::PlanLength { plan: 1, batch: 2 }, Usage),
            (Error::Partner { partner: 3, images: 2 }, Usage),
            (Error::Config { option: "gpu", reason: text() }, Usage),
            (Error::NoGpu(text()), Device),
            (Error::WrongDevice { what: "augmenter" }, Usage),
            (Error::DeviceLimit { what: "a batch", needed: 2, limit: 1 }, Memory),
            (Error::NoMemory { what: "a batch", bytes: 1 }, Memory),
            (Error::NoThreads(text()), Memory),
            (Error::OutOfMemory(text()), Memory),
            (Error::DeviceLost(text()), Device),
            (Error::Device(text()), Device),
            (Error::Buffer(text()), Usage),
            (Error::Burn(text()), Device),
        ];
        #[cfg(feature = "loader")]
        examples.extend([
            (Error::Decode(text()), Data),
            (Error::Dataset { place: text(), reason: text() }, Data),
            (Error::Sample { index: 0, name: text(), reason: text() }, Data),
            (Error::Loader(text()), Usage),
            (Error::Cancelled("the epoch was dropped"), Cancelled),
            (Error::Panicked(text()), Usage),
        ]);
        examples
    }

    #[test]
    fn every_variant_has_its_kind() {
        for (error, kind) in examples() {
            assert_eq!(error.kind(), kind, "{error:?}");
        }
    }

    #[test]
    fn a_place_keeps_the_kind_of_the_reason() {
        for (error, kind) in examples() {
            let placed = error.at("step 1").at("sub-policy 2");
            assert_eq!(placed.kind(), kind, "{placed:?}");
        }
    }
}
