//! NVRTC: NVIDIA's compiler, loaded when a device is opened. It needs no GPU.

use std::ffi::CString;

use cudarc::nvrtc::{result as nvrtc, sys};

use super::cache::Cache;
use super::source::{CudaSource, NVRTC_OPTIONS};
use crate::error::{Error, Result};

/// The first version that has all that is called here.
const OLDEST: (i32, i32) = (11, 4);
/// What to do where there is none.
const MISSING: &str = if cfg!(windows) {
    "CUDA's compiler (`nvrtc64_*.dll`) is not there; install NVRTC for the CUDA version of your driver, with pip \
     `nvidia-cuda-nvrtc` or `nvidia-cuda-nvrtc-cu12`, and put its folder `bin` in PATH"
} else {
    "CUDA's compiler (`libnvrtc.so`) is not there; install NVRTC for the CUDA version of your driver, with pip \
     `nvidia-cuda-nvrtc` or `nvidia-cuda-nvrtc-cu12`, and put its folder `lib` in LD_LIBRARY_PATH"
};

/// The compiler that was found.
pub(crate) struct Compiler {
    /// `13.0`, say. The same text may give other code with another one.
    pub version: String,
}

impl Compiler {
    /// Loads the library.
    ///
    /// # Errors
    /// [`Error::NoGpu`] with what is missing and what to do.
    pub fn open() -> Result<Self> {
        // SAFETY: NVIDIA's library is loaded, as any program that uses NVRTC does.
        if !unsafe { sys::is_culib_present() } {
            return Err(Error::NoGpu(MISSING.to_string()));
        }
        let (mut major, mut minor) = (0, 0);
        // SAFETY: it writes two numbers.
        unsafe { sys::nvrtcVersion(&mut major, &mut minor) }.result().map_err(refused)?;
        let (oldest, oldest_minor) = OLDEST;
        if (major, minor) < OLDEST {
            let reason = format!("NVRTC {major}.{minor} is too old; install {oldest}.{oldest_minor} or newer");
            return Err(Error::NoGpu(reason));
        }
        Ok(Compiler { version: format!("{major}.{minor}") })
    }

    /// A name for a kernel's machine code.
    pub fn key(&self, source: &CudaSource, architecture: &str) -> String {
        Cache::key(&[&self.version, &options(architecture).join(" "), &source.text])
    }

    /// Compiles a kernel to machine code for an architecture: `sm_90`, say.
    pub fn machine_code(&self, source: &CudaSource, architecture: &str) -> Result<Vec<u8>> {
        let text = CString::new(source.text.as_str()).map_err(|e| Error::Device(format!("NVRTC: {e}")))?;
        let program = nvrtc::create_program(&text, None).map_err(refused)?;
        // SAFETY: the program is NVRTC's until it is destroyed here, and the code has as many bytes as NVRTC says.
        let code = unsafe {
            let compiled = nvrtc::compile_program(program, &options(architecture)).map_err(|error| {
                let log = nvrtc::get_program_log(program).unwrap_or_default();
                let log: String = log.iter().map(|&c| char::from(c as u8)).filter(|c| *c != '\0').take(2000).collect();
                Error::Device(format!("NVRTC {}: {error}: {log}", self.version))
            });
            compiled.and_then(|()| {
                let mut bytes = 0;
                sys::nvrtcGetCUBINSize(program, &mut bytes).result().map_err(refused)?;
                let mut code = vec![0u8; bytes];
                sys::nvrtcGetCUBIN(program, code.as_mut_ptr().cast()).result().map_err(refused)?;
                Ok(code)
            })
        };
        // SAFETY: the program was created above and is not used again.
        let destroyed = unsafe { nvrtc::destroy_program(program) };
        destroyed.map_err(refused).and(code)
    }
}

fn options(architecture: &str) -> Vec<String> {
    let architecture = format!("--gpu-architecture={architecture}");
    NVRTC_OPTIONS.into_iter().map(str::to_string).chain([architecture]).collect()
}

fn refused(error: nvrtc::NvrtcError) -> Error {
    Error::Device(format!("NVRTC: {error}"))
}
