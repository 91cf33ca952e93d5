//! PackBits: runs of a byte, and bytes as they are. It takes and refuses what libtiff does.

use super::refused;
use crate::error::Result;

/// Unpacks until `out` is full. A run that does not fit is cut.
pub(super) fn unpack(bytes: &[u8], out: &mut [u8]) -> Result<()> {
    let truncated = || refused("its data are truncated");
    let (mut rest, mut at) = (bytes, 0);
    while at < out.len() {
        let (&head, after) = rest.split_first().ok_or_else(truncated)?;
        rest = after;
        let head = head as i8;
        if head == -128 {
            continue;
        }
        let count = (usize::from(head.unsigned_abs()) + 1).min(out.len() - at);
        let to = &mut out[at..at + count];
        let used = if head < 0 { 1 } else { count };
        let (from, after) = rest.split_at_checked(used).ok_or_else(truncated)?;
        if head < 0 {
            to.fill(from[0])
        } else {
            to.copy_from_slice(from)
        }
        (rest, at) = (after, at + count);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_bytes() {
        let mut out = [0; 6];
        // A run of three, a byte that means nothing, and five bytes of which three fit.
        assert_eq!(unpack(&[0xFE, 7, 0x80, 4, 1, 2, 3, 4, 5], &mut out), Ok(()));
        assert_eq!(out, [7, 7, 7, 1, 2, 3]);
        for cut in [&[0xFE][..], &[0xFE, 7], &[0xFE, 7, 3, 1, 2]] {
            assert!(unpack(cut, &mut out).is_err(), "{cut:?}");
        }
    }
}
