//! Zeros: fresh memory for values, or an error where the system has none.

use bytemuck::Zeroable;

use crate::error::{Error, Result};

/// Zeros for `what`. They come from the system for free, if they are many.
pub(crate) fn zeros<T: Zeroable>(what: &'static str, values: usize) -> Result<Vec<T>> {
    let bytes = (values as u64).saturating_mul(size_of::<T>() as u64);
    bytemuck::allocation::try_zeroed_vec(values).map_err(|()| Error::NoMemory { what, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_had_is_an_error() {
        assert_eq!(zeros::<u32>("a test", 3), Ok(vec![0; 3]));
        for values in [1 << 60, usize::MAX] {
            let error = zeros::<u32>("a test", values).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::Memory);
            assert!(error.to_string().starts_with("no memory for a test: "), "{error}");
        }
    }
}
