//! CUDA without a GPU: NVIDIA's libraries are stand-ins, which run the kernels on the host.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::folder::{Folder, Run, color, gray};

const OPTIONS: &str = "-std=c++17 -O1 -fPIC -shared -w -ffp-contract=off -U_FORTIFY_SOURCE -fno-gnu-unique";

/// The folder of both libraries, which are made once a run.
fn libraries() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cuda");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let define = |name: &str, value: &Path| format!("-D{name}=\"{}\"", value.display());
        let mut compiler = Command::new(std::env::var_os("CXX").unwrap_or_else(|| "c++".into()));
        compiler.args(OPTIONS.split(' ')).arg("-o").arg(folder.join("libcuda.so.1"));
        compiler.args([define("FOLDER", &folder), define("OPTIONS", Path::new(OPTIONS))]);
        compiler.arg(define("HOST", &root.join("src/cuda/emulator/host.hpp")));
        compiler.arg(define("DEVICE", &root.join("src/cuda/source/device.cuh")));
        compiler.arg(root.join("cli/tests/cli/cuda/libraries.cpp")).arg(root.join("src/cuda/emulator/runtime.cpp"));
        assert!(compiler.status().expect("a C++ compiler").success());
        fs::copy(folder.join("libcuda.so.1"), folder.join("libnvrtc.so.1")).unwrap();
        folder
    })
}

/// Some images, and a cache of kernels.
struct Machine {
    folder: Folder,
}

impl Machine {
    fn new() -> Self {
        let folder = Folder::new();
        for (i, (width, height)) in [(20, 30), (33, 17), (64, 64)].into_iter().enumerate() {
            folder.image(&format!("in/{i}.png"), color(width, height, i as u32));
        }
        folder.image("in/3.png", gray(21, 9));
        Machine { folder }
    }

    /// Runs the command line. `words` say what fails.
    fn run(&self, command: &str, words: &str) -> Run {
        let (libraries, cache) = (libraries().display().to_string(), self.folder.path("cache").display().to_string());
        let variables = [("LD_LIBRARY_PATH", &*libraries), ("XDG_CACHE_HOME", &*cache), ("STAND_IN", words)];
        let run = self.folder.run_with(&command.split_whitespace().collect::<Vec<_>>(), &variables);
        assert!(!run.stderr.contains("wrong:"), "{}", run.stderr);
        run
    }

    /// Augments into a folder, and compares its files with those of the CPU. Returns whether kernels were compiled.
    fn has_the_cpus_bytes(&self, out: &str) -> bool {
        let command = |out: &str, device: &str| format!("apply in --out {out} --copies 3 --seed 5 --device {device}");
        self.run(&command("expected", "cpu --force"), "").ends_with(0);
        let run = self.run(&command(out, "cuda"), "").ends_with(0);
        let run = run.says("Stand-in (CUDA 0, experimental)").says("0 parts of memory are in use at the end");
        let files = self.folder.files(out);
        assert!(files.len() >= 12 && files == self.folder.files("expected"), "{files:?}");
        for file in files {
            let [made, expected] = [out, "expected"].map(|folder| self.folder.read(&format!("{folder}/{file}")));
            assert!(made == expected, "{file} differs");
        }
        run.stderr.contains("compiled with ")
    }

    fn kept(&self) -> Vec<PathBuf> {
        self.folder.files("cache").iter().map(|file| self.folder.path("cache").join(file)).collect()
    }
}

#[test]
fn cuda_has_the_cpus_bytes_and_compiles_a_kernel_once() {
    let machine = Machine::new();
    assert!(machine.has_the_cpus_bytes("first"));
    let kept = machine.kept();
    assert!(!kept.is_empty());
    assert!(!machine.has_the_cpus_bytes("second"));
    // A file that is cut, and one that is no kernel.
    fs::write(&kept[0], &fs::read(&kept[0]).unwrap()[..40]).unwrap();
    assert!(machine.has_the_cpus_bytes("third"));
    assert_eq!(machine.kept(), kept);
    assert!(!machine.has_the_cpus_bytes("fourth"));
    machine.run("devices", "").ends_with(0).prints("cuda:0").prints("Stand-in").prints("CUDA 13.0");
}

#[test]
fn what_is_wrong_with_cuda_is_said() {
    let machine = Machine::new();
    for (words, code, reason) in [
        ("no-device", 3, "NVIDIA's driver says: no CUDA-capable device is detected"),
        ("old-driver", 3, "NVIDIA's driver is for CUDA 11.2; install one for CUDA 11.4 or newer"),
        ("old-compiler", 3, "NVRTC 10.0 is too old; install 11.4 or newer"),
        ("no-pools", 3, "Stand-in has no memory pools of CUDA, which are needed"),
        ("refuse-text", 1, "kernel.cu(7): error: no such thing"),
        ("refuse-code", 1, "a kernel of NVRTC 13.0 for sm_90, where the driver is for CUDA 13.0"),
        ("no-memory", 1, "the device is out of memory: "),
        ("no-host-memory", 1, "no memory for an upload to the device"),
    ] {
        let run = machine.run("apply in --out out --seed 5 --device cuda", words);
        assert_eq!(run.code, code, "{words}: {}", run.stderr);
        assert!(run.stderr.contains(reason), "{words}: {}", run.stderr);
    }
    machine.run("apply in --out out --device cuda:1", "").ends_with(3).says("CUDA has 1 device, counted from 0");
}
