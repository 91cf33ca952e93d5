//! SIMD: functions compiled for several instruction sets. The processor decides at run time.
//!
//! Every x86-64 processor has SSE2 and every AArch64 processor has NEON, so all code is compiled for them.

/// Compiles a function for AVX-512 (with and without VBMI), for AVX2, and for every processor of the target.
macro_rules! multiversioned {
    ($item:item) => {
        #[multiversion::multiversion(targets(
            "x86_64+avx512f+avx512bw+avx512cd+avx512dq+avx512vl+avx512vbmi+avx2+bmi1+bmi2+popcnt+lzcnt",
            "x86_64+avx512f+avx512bw+avx512cd+avx512dq+avx512vl+avx2+bmi1+bmi2+popcnt+lzcnt",
            "x86_64+avx2+bmi1+bmi2+popcnt+lzcnt"
        ))]
        $item
    };
}

pub(crate) use multiversioned;
