//! Run: images from a source, augmented in windows, into a sink. `apply` and `preview` differ in the sink only.

mod array;
pub mod entries;
mod files;
mod grouping;
mod npy_header;
mod pipeline;
mod record;
mod source;
mod window;

pub use array::ArraySource;
pub use entries::Work;
pub use files::FileSource;
pub use pipeline::Pipeline;
pub use source::{Applied, Entry, Sink, Source};
