//! SIMD: functions compiled for several instruction sets, of which the processor that runs them decides.
//!
//! SSE2 on x86-64 and NEON on AArch64 are what every processor has, and what is compiled without further ado.

/// Compiles a function for AVX-512, with and without VBMI, for AVX2 and for what every processor has.
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
