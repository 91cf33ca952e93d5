//! A fork after threads were used: the child has none of them, and must neither wait for them nor give other bytes.

#![cfg(unix)]

use std::time::{Duration, Instant};

use autoaugment::{Augmenter, Batch, Device, Layout, Policy, Shape, Tensor};

/// Many images, and one image large enough that its rows are divided.
const SHAPES: [Shape; 2] = [
    Shape { images: 64, height: 40, width: 40, channels: 3 },
    Shape { images: 1, height: 700, width: 700, channels: 3 },
];

fn augmented(augmenter: &Augmenter) -> Vec<Tensor> {
    let augment = |shape: Shape| {
        let pixels: Vec<u8> = (0..shape.values()).map(|i| (i * i / 7) as u8).collect();
        let batch = Batch::new(pixels, shape, Layout::Nhwc).unwrap();
        let indices: Vec<u64> = (0..shape.images as u64).collect();
        augmenter.augment(&batch, 3, &indices).unwrap().tensor
    };
    SHAPES.map(augment).to_vec()
}

/// Runs `check` in a child process; whether it was true. A child that hangs is ended.
fn in_a_child(check: impl FnOnce() -> bool) -> Result<bool, &'static str> {
    // SAFETY: this test is the only one of its program, and the child only computes and exits. It takes no lock that
    // another thread could have held during the fork, which is what the test is about.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "cannot fork");
    if child == 0 {
        let code = i32::from(!check());
        // SAFETY: ends the child without the parent's exit handlers.
        unsafe { libc::_exit(code) };
    }
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(30) {
        let mut status = 0;
        // SAFETY: `status` is written.
        if unsafe { libc::waitpid(child, &mut status, libc::WNOHANG) } == child {
            return Ok(status == 0);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    // SAFETY: the child was started above and has not ended.
    unsafe { libc::kill(child, libc::SIGKILL) };
    Err("the child hangs")
}

#[test]
fn a_forked_process_has_threads_of_its_own() {
    let augmenter = Augmenter::builder(Policy::imagenet()).device(Device::Cpu).build().unwrap();
    let expected = augmented(&augmenter);
    assert_eq!(in_a_child(|| augmented(&augmenter) == expected), Ok(true));
    // A child of the child, after both used threads.
    let twice = || augmented(&augmenter) == expected && in_a_child(|| augmented(&augmenter) == expected) == Ok(true);
    assert_eq!(in_a_child(twice), Ok(true));
    assert_eq!(in_a_child(|| false), Ok(false), "a child that finds other bytes is noticed");
}
