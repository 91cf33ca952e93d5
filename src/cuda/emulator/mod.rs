//! Emulator: CUDA C++ on the host, for tests. A C++ compiler takes the kernel, a fiber is a thread of a block, and the
//! blocks are divided among the host's threads.
//!
//! Needs `c++` on the path, or the program that `CXX` names. Kernels are kept below `target`, by their text.

pub(crate) mod driver;

use std::collections::HashMap;
use std::ffi::{CStr, CString, OsString, c_char, c_void};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::source::CudaSource;

const HOST: &str = include_str!("host.hpp");
const RUNTIME: &str = include_str!("runtime.cpp");
/// What the kernel's file ends with: how the runtime calls it.
const TAIL: &str = "\nextern \"C\" void emulated(const u64* words) { call(ENTRY, words); }\n\
                    extern \"C\" void spoil() { for (u32 i = 0; i < spoil_count; i++) spoils[i](); }\n";
/// A sum of products is rounded twice, as on a GPU.
const OPTIONS: [&str; 8] =
    ["-std=c++17", "-O1", "-fPIC", "-shared", "-w", "-ffp-contract=off", "-U_FORTIFY_SOURCE", "-fno-gnu-unique"];

type Kernel = unsafe extern "C" fn(*const u64);
type Spoil = unsafe extern "C" fn();
type Run = unsafe extern "C" fn(Kernel, Spoil, *const u64, *const u32, *const u32, u64, u64) -> *const c_char;

/// A compiled kernel.
#[derive(Clone, Copy)]
struct Compiled {
    run: Run,
    kernel: Kernel,
    spoil: Spoil,
}

/// Memory that a kernel reads or changes.
pub(crate) struct Bound<'a> {
    pub binding: u32,
    pub memory: &'a Memory,
    /// The first byte and the number of bytes that the kernel sees.
    pub from: usize,
    pub bytes: usize,
}

/// Memory of a device that is the host. Kernels change it through a shared reference, as on a GPU.
pub(crate) struct Memory(Vec<std::cell::UnsafeCell<[u32; 4]>>);

// SAFETY: only kernels change it while it is shared, by atomic operations or in places of their own.
unsafe impl Sync for Memory {}

impl Memory {
    /// Memory with these bytes, and zeros up to whole words.
    pub fn new(bytes: &[u8]) -> Self {
        let mut words = vec![[0; 4]; bytes.len().div_ceil(16).max(1)];
        bytemuck::cast_slice_mut(&mut words)[..bytes.len()].copy_from_slice(bytes);
        Memory(words.into_iter().map(std::cell::UnsafeCell::new).collect())
    }

    /// The first bytes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        self.0.iter_mut().flat_map(|word| bytemuck::bytes_of(word.get_mut()).to_vec()).take(count).collect()
    }
}

/// Compiles kernels, in parallel. They are there afterwards.
pub(crate) fn compile(sources: &[CudaSource]) -> Result<(), String> {
    sources.par_iter().try_for_each(|source| compiled(source).map(|_| ()))
}

/// Runs a kernel on a grid of blocks. Returns what went wrong: an index outside, or a barrier that not all reach.
pub(crate) fn run(source: &CudaSource, grid: [u32; 3], bound: &[Bound<'_>]) -> Result<(), String> {
    let Compiled { run, kernel, spoil } = compiled(source)?;
    let mut words = Vec::new();
    for buffer in &source.buffers {
        let bound = bound.iter().find(|bound| bound.binding == buffer.binding);
        let bound = bound.ok_or_else(|| format!("nothing is bound to {}", buffer.binding))?;
        assert!(bound.from + bound.bytes <= 16 * bound.memory.0.len(), "the kernel sees more than there is");
        words.extend([bound.memory.0.as_ptr() as u64 + bound.from as u64, bound.bytes as u64]);
    }
    let blocks: u64 = grid.iter().map(|&side| u64::from(side)).product();
    let share = blocks.div_ceil(4 * rayon::current_num_threads() as u64).max(1);
    (0..blocks.div_ceil(share)).into_par_iter().try_for_each(|part| {
        let (first, last) = (part * share, ((part + 1) * share).min(blocks));
        let threads = source.workgroup_size;
        // SAFETY: the words are what the kernel takes: the address and the length of each buffer. The emulator checks
        // each index by that length, and the memory outlives the call.
        let message = unsafe { run(kernel, spoil, words.as_ptr(), grid.as_ptr(), threads.as_ptr(), first, last) };
        if message.is_null() {
            return Ok(());
        }
        // SAFETY: the runtime ends its messages with a zero.
        Err(unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned())
    })
}

/// The kernel, compiled now or before.
fn compiled(source: &CudaSource) -> Result<Compiled, String> {
    static KERNELS: OnceLock<Mutex<HashMap<String, Compiled>>> = OnceLock::new();
    let kernels = KERNELS.get_or_init(Mutex::default);
    if let Some(found) = kernels.lock().unwrap().get(&source.text) {
        return Ok(*found);
    }
    static RUNTIME_LIBRARY: OnceLock<Result<usize, String>> = OnceLock::new();
    // The kernels find its functions by their names.
    let runtime = RUNTIME_LIBRARY.get_or_init(|| open(&built(RUNTIME)?, libc::RTLD_NOW | libc::RTLD_GLOBAL));
    let library = open(&built(&text(source))?, libc::RTLD_NOW | libc::RTLD_LOCAL)?;
    // SAFETY: these are the types that the C++ files give them.
    let compiled = unsafe {
        Compiled {
            run: std::mem::transmute::<*mut c_void, Run>(symbol(runtime.clone()?, c"emulator_run")?),
            kernel: std::mem::transmute::<*mut c_void, Kernel>(symbol(library, c"emulated")?),
            spoil: std::mem::transmute::<*mut c_void, Spoil>(symbol(library, c"spoil")?),
        }
    };
    kernels.lock().unwrap().insert(source.text.clone(), compiled);
    Ok(compiled)
}

/// The kernel as the host's compiler takes it.
fn text(source: &CudaSource) -> String {
    [HOST, source.portable(), &TAIL.replace("ENTRY", &source.entry)].concat()
}

/// The shared library made of a text, which is made once.
fn built(text: &str) -> Result<PathBuf, String> {
    let compiler = std::env::var_os("CXX").unwrap_or_else(|| OsString::from("c++"));
    let mut hash = Sha256::new();
    [text, &OPTIONS.join(" "), &compiler.to_string_lossy()].iter().for_each(|part| hash.update(part));
    let hash: String = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/emulated");
    std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let library = folder.join(format!("{hash}.so"));
    if library.exists() {
        return Ok(library);
    }
    // Several tests may make it at a time, and one of them puts it in its place.
    let made = tempfile::tempdir_in(&folder).map_err(|e| e.to_string())?;
    let (source, object) = (made.path().join("kernel.cpp"), made.path().join("kernel.so"));
    std::fs::write(&source, text).map_err(|e| e.to_string())?;
    let output = Command::new(&compiler).args(OPTIONS).arg("-o").args([&object, &source]).output();
    let output = output.map_err(|e| format!("{}: {e}; install g++ or set CXX", compiler.to_string_lossy()))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).chars().take(4000).collect());
    }
    std::fs::rename(&object, &library).map_err(|e| e.to_string())?;
    Ok(library)
}

/// Loads a library for as long as the process lives.
pub(crate) fn open(library: &Path, flags: i32) -> Result<usize, String> {
    let path = CString::new(library.to_str().ok_or("the path is no text")?).map_err(|e| e.to_string())?;
    // SAFETY: initializers of these libraries have no requirements: they note where shared variables are.
    let handle = unsafe { libc::dlopen(path.as_ptr(), flags) };
    if handle.is_null() { Err(format!("{} cannot be loaded", library.display())) } else { Ok(handle as usize) }
}

/// The address of what an open library calls so.
pub(crate) fn symbol(library: usize, name: &CStr) -> Result<*mut c_void, String> {
    // SAFETY: the handle is of a library that is never closed.
    let address = unsafe { libc::dlsym(library as *mut c_void, name.as_ptr()) };
    if address.is_null() { Err(format!("{name:?} is missing")) } else { Ok(address) }
}
