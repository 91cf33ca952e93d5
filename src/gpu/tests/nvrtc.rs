//! NVRTC: the kernels compile for NVIDIA's GPUs, on a machine without one.
//!
//! Needs `libnvrtc.so` of the package `nvidia-cuda-nvrtc` from PyPI in `target/nvrtc`, or where `AUTOAUGMENT_NVRTC`
//! points. Where there is none the tests say that they were skipped, and fail if `AUTOAUGMENT_REQUIRE_NVRTC=1`. A
//! kernel that interpolates takes seconds. So by default a part is compiled, and `AUTOAUGMENT_NVRTC_ALL=1` asks for
//! everything.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::ptr::{null, null_mut};
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::planned::{Planned, cases, texts};
use super::variants;
use crate::cuda::emulator;
use crate::cuda::nvrtc::Compiler;
use crate::cuda::source::{CudaSource, NVRTC_OPTIONS, translate};

/// Compute capabilities: T4, A100, H100, B200. The first is the one that most kernels are compiled for.
const ARCHITECTURES: [u32; 4] = [90, 75, 80, 100];
/// By default one in so many is compiled: of those that interpolate, of the others, and for each other architecture.
const SAMPLED: [usize; 3] = [6, 8, 48];

type Program = *mut c_void;

/// The functions of the library.
#[derive(Clone, Copy)]
struct Nvrtc {
    create: unsafe extern "C" fn(
        *mut Program,
        *const c_char,
        *const c_char,
        c_int,
        *const *const c_char,
        *const *const c_char,
    ) -> c_int,
    compile: unsafe extern "C" fn(Program, c_int, *const *const c_char) -> c_int,
    log_size: unsafe extern "C" fn(Program, *mut usize) -> c_int,
    log: unsafe extern "C" fn(Program, *mut c_char) -> c_int,
    ptx_size: unsafe extern "C" fn(Program, *mut usize) -> c_int,
    ptx: unsafe extern "C" fn(Program, *mut c_char) -> c_int,
    destroy: unsafe extern "C" fn(*mut Program) -> c_int,
}

impl Nvrtc {
    fn open(library: &Path) -> Self {
        let handle = emulator::open(library, libc::RTLD_NOW).unwrap();
        // SAFETY: these are the types of the functions in `nvrtc.h`.
        unsafe {
            Nvrtc {
                create: symbol(handle, c"nvrtcCreateProgram"),
                compile: symbol(handle, c"nvrtcCompileProgram"),
                log_size: symbol(handle, c"nvrtcGetProgramLogSize"),
                log: symbol(handle, c"nvrtcGetProgramLog"),
                ptx_size: symbol(handle, c"nvrtcGetPTXSize"),
                ptx: symbol(handle, c"nvrtcGetPTX"),
                destroy: symbol(handle, c"nvrtcDestroyProgram"),
            }
        }
    }

    /// The PTX of a text, or the compiler's messages.
    fn compile(&self, text: &str, architecture: u32) -> Result<String, String> {
        let text = CString::new(text).unwrap();
        let target = format!("--gpu-architecture=compute_{architecture}");
        let options: Vec<CString> = NVRTC_OPTIONS.iter().map(|o| CString::new(*o).unwrap()).collect();
        let target = CString::new(target).unwrap();
        let options: Vec<*const c_char> = options.iter().chain([&target]).map(|option| option.as_ptr()).collect();
        let mut program = null_mut();
        // SAFETY: all strings end with a zero and outlive the calls, and buffers have the sizes that NVRTC asks for.
        unsafe {
            assert_eq!((self.create)(&mut program, text.as_ptr(), c"kernel.cu".as_ptr(), 0, null(), null()), 0);
            let failed = (self.compile)(program, options.len() as c_int, options.as_ptr()) != 0;
            let (size_of, get) = if failed { (self.log_size, self.log) } else { (self.ptx_size, self.ptx) };
            let mut size = 0;
            assert_eq!(size_of(program, &mut size), 0);
            let mut bytes = vec![0u8; size];
            assert_eq!(get(program, bytes.as_mut_ptr().cast()), 0);
            (self.destroy)(&mut program);
            let text = String::from_utf8_lossy(&bytes).trim_end_matches('\0').to_string();
            if failed { Err(text) } else { Ok(text) }
        }
    }
}

/// A function of an open library.
///
/// # Safety
/// The type must be the function's.
unsafe fn symbol<F: Copy>(library: usize, name: &CStr) -> F {
    assert_eq!(size_of::<F>(), size_of::<*mut c_void>());
    let address = emulator::symbol(library, name).unwrap();
    // SAFETY: the caller knows the function's type.
    unsafe { std::mem::transmute_copy(&address) }
}

fn is_set(variable: &str) -> bool {
    std::env::var(variable).is_ok_and(|value| value == "1")
}

fn nvrtc() -> Option<Nvrtc> {
    let given = std::env::var_os("AUTOAUGMENT_NVRTC").map(PathBuf::from);
    let found = given.or_else(|| installed(&Path::new(env!("CARGO_MANIFEST_DIR")).join("target/nvrtc")));
    if found.is_none() {
        assert!(!is_set("AUTOAUGMENT_REQUIRE_NVRTC"), "AUTOAUGMENT_REQUIRE_NVRTC=1 and there is no NVRTC");
        println!(
            "SKIPPED the kernels with NVRTC: run `pip install --target target/nvrtc nvidia-cuda-nvrtc`, or let \
             AUTOAUGMENT_NVRTC point to libnvrtc.so"
        );
    }
    found.map(|library| Nvrtc::open(&library))
}

/// The library in a folder of Python packages.
fn installed(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let is_it = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libnvrtc.so"));
    files.into_iter().find(is_it).or_else(|| folders.iter().find_map(|folder| installed(folder)))
}

/// What the PTX of a kernel must have and must not.
fn check(ptx: &str, source: &CudaSource, architecture: u32) -> Result<(), String> {
    for part in [format!(".visible .entry {}(", source.entry), format!(".target sm_{architecture}")] {
        if !ptx.contains(&part) {
            return Err(format!("{part} is not in the PTX"));
        }
    }
    match ptx.lines().find(|line| line.contains("fma.")) {
        Some(line) => Err(format!("a product and its sum are rounded once: {line}")),
        None => Ok(()),
    }
}

/// The kernels of all cases: those that interpolate, which take long, and the others.
fn kernels(planned: &[Planned]) -> [Vec<CudaSource>; 2] {
    let mut texts = texts(planned);
    let every = if is_set("AUTOAUGMENT_NVRTC_ALL") { variants::every() } else { BTreeMap::new() };
    texts.extend(every.keys().map(|text| &**text));
    let sources = texts.into_iter().map(|text| (text.contains("fn f64_mul("), translate(text).unwrap()));
    let (slow, quick): (Vec<_>, Vec<_>) = sources.partition(|(interpolates, _)| *interpolates);
    [slow, quick].map(|sources| sources.into_iter().map(|(_, source)| source).collect())
}

#[test]
fn every_kernel_compiles_for_nvidia() {
    let Some(nvrtc) = nvrtc() else { return };
    let planned = cases::planned();
    let [slow, quick] = kernels(&planned);
    let [of_slow, of_quick, of_others] = if is_set("AUTOAUGMENT_NVRTC_ALL") { [1; 3] } else { SAMPLED };
    let mut jobs: Vec<(&CudaSource, u32)> = Vec::new();
    for (i, architecture) in ARCHITECTURES.into_iter().enumerate() {
        let (of_slow, of_quick) = if i == 0 { (of_slow, of_quick) } else { (of_slow.max(of_others), of_others) };
        // Another part for each, so that together they are more.
        jobs.extend(slow.iter().skip(i % of_slow).step_by(of_slow).map(|source| (source, architecture)));
        jobs.extend(quick.iter().skip(i % of_quick).step_by(of_quick).map(|source| (source, architecture)));
    }
    let results: Vec<(Result<(), String>, Duration)> = jobs
        .par_iter()
        .map(|(source, architecture)| {
            let begun = Instant::now();
            let ptx = nvrtc.compile(&source.text, *architecture);
            (ptx.and_then(|ptx| check(&ptx, source, *architecture)), begun.elapsed())
        })
        .collect();
    let seconds = results.iter().map(|(_, time)| time.as_secs_f64()).sum::<f64>();
    let slowest = results.iter().map(|(_, time)| time.as_secs_f64()).fold(0.0, f64::max);
    println!(
        "{} kernels that interpolate and {} others: {} times compiled, {:.2} s each, {slowest:.1} s at most",
        slow.len(),
        quick.len(),
        jobs.len(),
        seconds / jobs.len() as f64
    );
    let failures: Vec<&String> = results.iter().filter_map(|(result, _)| result.as_ref().err()).collect();
    assert!(failures.is_empty(), "{} failures, the first:\n{}", failures.len(), failures[0]);
}

/// What the device does with a kernel before the driver gets it: machine code, and a name that tells all apart.
#[test]
fn kernels_become_machine_code() {
    if nvrtc().is_none() {
        return;
    }
    // The library is open by now, so that it is found by its name.
    let compiler = Compiler::open().unwrap();
    let source = |body: &str| {
        let text =
            "@group(0) @binding(0) var<storage, read_write> b: array<u32>; @compute @workgroup_size(1) fn main()";
        translate(&format!("{text} {{ {body} }}")).unwrap()
    };
    let (one, other) = (source("b[0] = 1u;"), source("b[0] = 2u;"));
    let code = compiler.machine_code(&one, "sm_90").unwrap();
    assert!(code.starts_with(b"\x7fELF") && code.windows(11).any(|part| part == b"main_kernel"), "{}", code.len());
    assert_ne!(code, compiler.machine_code(&other, "sm_90").unwrap());
    let keys = [(&one, "sm_90"), (&one, "sm_80"), (&other, "sm_90")].map(|(source, to)| compiler.key(source, to));
    assert_eq!(BTreeSet::from(keys).len(), 3);
    let error = compiler.machine_code(&one, "sm_10").unwrap_err().to_string();
    assert!(error.contains("NVRTC") && error.contains("gpu-architecture"), "{error}");
}

/// The test of all kernels must be able to fail.
#[test]
fn what_nvrtc_refuses_is_reported() {
    let Some(nvrtc) = nvrtc() else { return };
    let text = "@group(0) @binding(0) var<storage, read_write> b: array<f32>;
        @compute @workgroup_size(1) fn main() { b[0] = b[1] * b[2] + b[3]; }";
    let source = translate(text).unwrap();
    let ptx = nvrtc.compile(&source.text, 90).unwrap();
    assert_eq!(check(&ptx, &source, 90), Ok(()));
    assert!(check(&ptx, &source, 80).unwrap_err().contains("sm_80"));
    let fused = ptx.replace("mul.f32", "fma.rn.f32").replace("mul.rn.f32", "fma.rn.f32");
    assert!(check(&fused, &source, 90).unwrap_err().contains("rounded once"));
    let error = nvrtc.compile(&source.text.replace("KERNEL(1)", "KERNEL(1) nothing"), 90).unwrap_err();
    assert!(error.contains("nothing"), "{error}");
}
