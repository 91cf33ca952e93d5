//! Error: the one error type of the crate. A message names the thing, the rule, and the value that breaks it.

mod kind;
mod shown;

pub use kind::ErrorKind;

/// Everything that can go wrong in this crate.
///
/// A message names the thing, the rule and the value: `Rotate: magnitude 11 is outside 0..=9`. It shows control
/// characters of names and files escaped, and long texts cut. [`Error::kind`] says what a caller can do. A call that
/// fails leaves its inputs unchanged.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name that this crate does not know; `suggestion` is the known name closest to it.
    #[error("unknown {what} `{}`{}", shown::name(name), did_you_mean(suggestion.as_deref()))]
    Unknown {
        /// The kind of thing that was named: `operation`, `policy`, `convention`, ...
        what: &'static str,
        /// The name as it was given.
        name: String,
        /// The closest known name, where one is close.
        suggestion: Option<String>,
    },

    /// A magnitude that the convention has no value for.
    #[error("{op}: magnitude {} is outside 0..={last}", shown::number(*magnitude))]
    Magnitude {
        /// The operation's name.
        op: &'static str,
        /// The magnitude as it was given.
        magnitude: f64,
        /// The largest magnitude of the convention.
        last: u32,
    },

    /// A magnitude between two values of a convention that has values for whole magnitudes only.
    #[error(
        "{op}: magnitude {} is not a whole number, and {convention} has whole magnitudes only",
        shown::number(*magnitude)
    )]
    FractionalMagnitude {
        /// The operation's name.
        op: &'static str,
        /// The magnitude as it was given.
        magnitude: f64,
        /// The convention's name.
        convention: &'static str,
    },

    /// An operation that a policy cannot have: it changes the size, flips images, or mixes the results of other
    /// operations.
    #[error("{op}: a policy cannot contain it; use it in a transform")]
    NotInPolicies {
        /// The operation's name.
        op: &'static str,
    },

    /// An operation that a branch of AugMix cannot have: it takes another image, changes the size, flips images, or has
    /// branches itself.
    #[error("{op}: a branch of AugMix cannot contain it")]
    NotInBranches {
        /// The operation's name.
        op: &'static str,
    },

    /// An AugMix that moves the image differently in its branches, where something should follow the image.
    #[error("targets cannot follow AugMix, whose branches move the image in different ways")]
    NotFollowed,

    /// A probability outside 0..=1, or not a number.
    #[error("{op}: probability {} is outside 0..=1", shown::number(*probability))]
    Probability {
        /// The operation's name.
        op: &'static str,
        /// The probability as it was given.
        probability: f64,
    },

    /// A parameter of an operation outside its range.
    #[error("{op}: {parameter} {} {rule}", shown::number(*value))]
    Parameter {
        /// The operation's name.
        op: &'static str,
        /// The parameter's name.
        parameter: &'static str,
        /// The value as it was given.
        value: f64,
        /// The rule: `is outside 0..=8`.
        rule: &'static str,
    },

    /// A policy without sub-policies.
    #[error("the policy has no sub-policies")]
    EmptyPolicy,

    /// A sub-policy without steps. A sub-policy that leaves images alone has one `Identity` step.
    #[error("the sub-policy has no steps")]
    EmptySubPolicy,

    /// Text or JSON that could not be read.
    #[error("{what}: {}", shown::message(message))]
    Syntax {
        /// The text's kind: `policy`, `plan`, `operation`, ...
        what: &'static str,
        /// The mistake and its place.
        message: String,
    },

    /// A file of a version that this crate does not know.
    #[error("{what}: version {found} is not supported; this build reads versions 1..={newest}")]
    Version {
        /// `policy` or `plan`.
        what: &'static str,
        /// The version in the file.
        found: u64,
        /// The newest version that can be read.
        newest: u64,
    },

    /// An error with the place in a policy or plan where it is.
    #[error("{place}: {reason}")]
    At {
        /// The place: `sub-policy 3, step 1`.
        place: String,
        /// The mistake there.
        reason: Box<Error>,
    },

    /// A batch whose shape or data is unusable.
    #[error("batch: {0}")]
    Batch(String),

    /// An output form that cannot be made.
    #[error("output: {0}")]
    Output(String),

    /// A plan for another number of images than the batch has.
    #[error("expected a plan for {batch} images, got one for {plan}")]
    PlanLength {
        /// Images in the plan.
        plan: usize,
        /// Images in the batch.
        batch: usize,
    },

    /// SamplePairing with an image that the batch does not have.
    #[error("SamplePairing: partner {partner} is outside the batch of {images} images")]
    Partner {
        /// The partner as it was given.
        partner: usize,
        /// Images in the batch.
        images: usize,
    },

    /// Options of an [`Augmenter`](crate::Augmenter) that contradict each other.
    #[error("{option}: {reason}")]
    Config {
        /// The option's name: `convention`, `gpu`, ...
        option: &'static str,
        /// Why it cannot be used, and what to do.
        reason: String,
    },

    /// A GPU was demanded and there is none, or it cannot be used.
    #[error("no usable GPU: {0}")]
    NoGpu(String),

    /// A call that needs a GPU through wgpu, on an augmenter or a loader that runs on the CPU or through CUDA.
    #[error("this {what} runs on no adapter, and the call needs one: set the device to `gpu`")]
    WrongDevice {
        /// What runs there: `augmenter`, or `loader`.
        what: &'static str,
    },

    /// Something larger than the device allows.
    #[error("{what} needs {needed} bytes; the device allows {limit}")]
    DeviceLimit {
        /// The object that is too large.
        what: &'static str,
        /// Bytes needed.
        needed: u64,
        /// Bytes allowed.
        limit: u64,
    },

    /// The host has no memory left for something, or a limit on the process leaves none.
    #[error("no memory for {what}: {bytes} bytes cannot be had")]
    NoMemory {
        /// What should be held.
        what: &'static str,
        /// Bytes needed.
        bytes: u64,
    },

    /// The system starts no threads, or a limit on the process forbids them.
    #[error("no threads can be started: {0}; RAYON_NUM_THREADS=1 asks for one only")]
    NoThreads(String),

    /// The device has no memory left.
    #[error("the device is out of memory: {0}")]
    OutOfMemory(String),

    /// The device was lost; build a new [`Augmenter`](crate::Augmenter).
    #[error("the device was lost: {0}")]
    DeviceLost(String),

    /// The device refused a command.
    #[error("the device refused a command: {0}")]
    Device(String),

    /// A buffer handed in by the caller that cannot be used.
    #[error("buffer: {0}")]
    Buffer(String),

    /// An image file that cannot be decoded.
    #[cfg(feature = "loader")]
    #[error("{}", shown::message(_0))]
    Decode(String),

    /// A data set's file or folder that cannot be used: which, and why.
    #[cfg(feature = "loader")]
    #[error("{}: {}", shown::message(place), shown::message(reason))]
    Dataset {
        /// The file or folder.
        place: String,
        /// The reason.
        reason: String,
    },

    /// A sample of a data set that cannot be read or decoded.
    #[cfg(feature = "loader")]
    #[error("sample {index} ({}): {}", shown::message(name), shown::message(reason))]
    Sample {
        /// The sample's number in the data set.
        index: u64,
        /// Its name: mostly the file.
        name: String,
        /// The reason.
        reason: String,
    },

    /// An option of a loader, or a position, that cannot be used.
    #[cfg(feature = "loader")]
    #[error("loader: {0}")]
    Loader(String),

    /// The epoch was dropped or has ended, and nothing will read this batch; or its data set ended it.
    #[cfg(feature = "loader")]
    #[error("this batch was cancelled: {0}")]
    Cancelled(&'static str),

    /// Code of a data set panicked, which is a mistake in that code and not in the data.
    #[cfg(feature = "loader")]
    #[error("the data set panicked: {}", shown::message(_0))]
    Panicked(String),

    /// burn refused a device or a tensor, or gave one that cannot be used; see the module `burn`.
    #[error("burn: {0}")]
    Burn(String),
}

/// The crate's result type.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The same error with the place where it was found.
    pub(crate) fn at(self, place: impl Into<String>) -> Self {
        Error::At { place: place.into(), reason: Box::new(self) }
    }

    /// An unknown name, with the closest of the known ones.
    pub(crate) fn unknown<'a>(what: &'static str, name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        // A long text is no misspelled name, and comparing it takes long: a whole file may come here.
        let known = known.into_iter().filter(|_| name.len() <= LONGEST_NAME);
        let distance = |k: &str| strsim::damerau_levenshtein(&k.to_lowercase(), &name.to_lowercase());
        let closest = known.map(|k| (distance(k), k)).min();
        // A third of the letters wrong is still a slip of the fingers; more is another word.
        let suggestion = closest.filter(|(d, k)| *d <= k.len().div_ceil(3)).map(|(_, k)| k.to_string());
        Error::Unknown { what, name: name.to_string(), suggestion }
    }
}

/// The most bytes that a name is compared with; twice the longest name there is.
const LONGEST_NAME: usize = 64;

fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map(|s| format!("; did you mean `{s}`?")).unwrap_or_default()
}
