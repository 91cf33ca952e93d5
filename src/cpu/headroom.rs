//! Headroom: asks for the memory of large images' passes before they begin, so that a lack of it is an error.
//!
//! A pass allocates where it needs memory. A failure there would end the process. So as much is asked for first, and
//! given back. This is no guarantee: other threads of the process may take the memory meanwhile.

use crate::batch::{Images, Size};
use crate::error::Result;
use crate::zeros::zeros;

/// Images of fewer bytes are not worth asking.
const SMALL: usize = 16 << 20;
/// The images that a thread holds between passes, and one in another form.
const HELD: usize = 3;

/// Refuses a batch whose passes find no memory.
pub(super) fn check(batch: &Images<'_>, after: Size, threads: usize) -> Result<()> {
    let sizes = batch.sizes();
    let largest = (0..sizes.len()).map(|i| sizes.get(i).pixels()).max().unwrap_or(0).max(after.pixels());
    let bytes = largest.saturating_mul(batch.channels());
    if bytes < SMALL {
        return Ok(());
    }
    let at_once = threads.min(sizes.len());
    zeros::<u8>("the passes over the images", bytes.saturating_mul(HELD * at_once)).map(drop)
}
