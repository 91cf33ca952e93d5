//! Kernels: the loops over pixels, written so that they become vector instructions.
//!
//! Each is compiled for several instruction sets, and which one runs is decided by the processor that it runs on
//! (`wide!`). Loops over blocks of fixed length leave it to the compiler how wide its vectors are; NEON and SSE2 are what
//! every processor of their kind has. Only the look-up needs instructions that no loop becomes.

macro_rules! wide {
    ($item:item) => {
        #[multiversion::multiversion(targets(
            "x86_64+avx512f+avx512bw+avx512cd+avx512dq+avx512vl+avx512vbmi+avx2+bmi1+bmi2+popcnt+lzcnt",
            "x86_64+avx512f+avx512bw+avx512cd+avx512dq+avx512vl+avx2+bmi1+bmi2+popcnt+lzcnt",
            "x86_64+avx2+bmi1+bmi2+popcnt+lzcnt"
        ))]
        $item
    };
}

pub(super) mod blend;
pub(super) mod interpolated;
pub(super) mod look_up;
pub(super) mod nearest;
pub(super) mod planes;
pub(super) mod resize;
pub(super) mod sharpness;
pub(super) mod statistics;
