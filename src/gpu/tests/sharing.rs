//! Handles of one device: what is shared, and who waits for whom.

use crate::error::Error;
use crate::gpu::tests::support::gpu::gpu;

#[test]
fn a_refusal_does_not_wait_for_the_tables() {
    let Some(gpu) = gpu() else { return };
    let _held = gpu.inner.tables.try_lock().unwrap();
    let refused = gpu.forget_if_refused(Err::<(), _>(Error::OutOfMemory("a test".to_string())));
    assert_eq!(refused, Err(Error::OutOfMemory("a test".to_string())));
}
