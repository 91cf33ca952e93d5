//! Size: the size that an image has after an operation.

use super::{Op, SamplePairing};
use crate::batch::{Size, Sizes};
use crate::error::{Error, Result};

/// The size of an image after an operation. The operation must be possible for an image of `size` in a batch with these
/// `sizes`.
pub(crate) fn size_after(op: &Op, size: Size, sizes: Sizes<'_>) -> Result<Size> {
    let after = size_after_alone(op, size)?;
    if let Op::SamplePairing(SamplePairing { partner, .. }) = *op {
        if partner >= sizes.len() {
            return Err(Error::Partner { partner, images: sizes.len() });
        }
        if sizes.get(partner) != size {
            let [a, b] = [sizes.get(partner), size].map(|Size { width, height }| format!("{width} x {height}"));
            return Err(Error::Batch(format!(
                "SamplePairing: expected a partner of {b} pixels, got partner {partner} of {a}"
            )));
        }
    }
    Ok(after)
}

/// The same, without a look at its partner.
pub(crate) fn size_after_alone(op: &Op, size: Size) -> Result<Size> {
    op.check()?;
    let after = op.output_size(size)?;
    after.check()?;
    Ok(after)
}
