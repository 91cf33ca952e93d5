//! A row: a shell script that calls the program in a folder of its own, and what must come of it.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Instant;

use image::{ImageFormat, Rgb, RgbImage};
use tempfile::TempDir;

/// The address space of a run in KiB, and the CPU seconds of each of its processes.
const MEMORY: u64 = 1_500_000;
const CPU_SECONDS: u64 = 60;

/// The seconds after which a run hangs. A busy machine or a slow disk must not fail a run, so there are many.
const SECONDS: u64 = 900;

/// A user without rights.
const NOBODY: &str = "65534";
const AS_NOBODY: [&str; 4] = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

/// What scripts call. `$AA` is the program. `await_file FILE PID` waits for a file while a process runs.
pub const PRELUDE: &str = r#"
aa() { "$AA" "$@"; }
apply() { "$AA" apply --device cpu "$@"; }
invert() { "$AA" apply --device cpu --op Invert "$@"; }
preview() { "$AA" preview --device cpu "$@"; }
bench() { "$AA" bench --device cpu --seconds 0.001 "$@"; }
await_file() { until [ -e "$1" ] || ! kill -0 "$2"; do sleep 0.1; done; }
"#;

pub struct Row {
    name: String,
    files: Box<dyn Fn(&Path) + Send + Sync>,
    script: String,
    code: i32,
    says: Vec<String>,
    leaves: Option<Vec<String>>,
    memory: u64,
    peak: u64,
    is_bound: bool,
}

/// A row in a folder with the images `in/a.png` and `in/c.png`, that ends with 0.
pub fn row(name: &str, script: &str) -> Row {
    Row {
        name: name.to_string(),
        files: Box::new(|_| {}),
        script: script.to_string(),
        code: 0,
        says: Vec::new(),
        leaves: None,
        memory: MEMORY,
        peak: MEMORY,
        is_bound: false,
    }
}

impl Row {
    /// Makes more files first.
    pub fn with(mut self, files: impl Fn(&Path) + Send + Sync + 'static) -> Self {
        self.files = Box::new(files);
        self
    }

    /// Writes one more file first.
    pub fn file(self, name: &'static str, bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Self {
        self.with(move |folder| put(folder, name, bytes.as_ref()))
    }

    /// The exit code.
    pub fn ends(mut self, code: i32) -> Self {
        self.code = code;
        self
    }

    /// What standard error contains.
    pub fn says(mut self, words: &str) -> Self {
        self.says.push(words.to_string());
        self
    }

    /// The files of the folder `out` afterwards.
    pub fn leaves(mut self, files: &[&str]) -> Self {
        self.leaves = Some(files.iter().map(ToString::to_string).collect());
        self
    }

    /// The address space in MiB.
    pub fn memory(mut self, mebibytes: u64) -> Self {
        self.memory = mebibytes << 10;
        self
    }

    /// The most memory that may really be used, in MiB.
    pub fn peak(mut self, mebibytes: u64) -> Self {
        self.peak = mebibytes << 10;
        self
    }

    /// Runs as a user whom rights bind, if this one is root.
    pub fn without_rights(mut self) -> Self {
        self.is_bound = true;
        self
    }

    fn run(&self) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "in/a.png", &png(8, 8));
        put(folder.path(), "in/c.png", &png(8, 8));
        (self.files)(folder.path());
        if self.is_bound && is_root() {
            let given = Command::new("chown").args(["-R", NOBODY]).arg(folder.path()).status();
            assert!(given.unwrap().success());
        }
        let began = Instant::now();
        let (code, kibibytes, stderr) = self.child(&folder);
        let seconds = began.elapsed().as_secs_f64();
        let summary = format!("{:6.0} MiB {seconds:5.1} s  {}", kibibytes as f64 / 1024.0, self.name);
        let mut wrong = Vec::new();
        if code != self.code {
            wrong.push(format!("it ends with {code} and not {}", self.code));
        }
        for words in self.says.iter().filter(|words| !stderr.contains(*words)) {
            wrong.push(format!("it does not say `{words}`"));
        }
        if kibibytes > self.peak {
            wrong.push(format!("it takes {kibibytes} KiB and may take {}", self.peak));
        }
        if stderr.contains("panicked") || stderr.contains('\x1b') {
            wrong.push("it panics, or commands the terminal".to_string());
        }
        if stderr.lines().any(|line| line.chars().count() > 2500) {
            wrong.push("a message has no bound".to_string());
        }
        wrong.extend(self.left(folder.path()));
        // What a row locked has to be removable.
        let _ = Command::new("chmod").args(["-R", "u+rwx"]).arg(folder.path()).stderr(Stdio::null()).status();
        match wrong.is_empty() {
            true => Ok(summary),
            false => Err(format!("{summary}\n    {}\n    {}\n{stderr}", self.script.trim(), wrong.join("\n    "))),
        }
    }

    /// Exit code, peak memory in KiB, and standard error. A child's peak begins at that of this process.
    fn child(&self, folder: &TempDir) -> (i32, u64, String) {
        let script = format!("ulimit -v {}\nulimit -t {CPU_SECONDS}\n{PRELUDE}\n{}", self.memory, self.script);
        let errors = folder.path().join(".stderr");
        #[allow(clippy::zombie_processes)] // wait4 waits for it.
        let child = Command::new("timeout")
            .arg(SECONDS.to_string())
            .args(if self.is_bound && is_root() { &AS_NOBODY[..] } else { &[] })
            .args(["sh", "-c", &script])
            .current_dir(folder.path())
            .env("AA", env!("CARGO_BIN_EXE_autoaugment"))
            .env_remove("RUST_LOG")
            .env_remove("RUST_BACKTRACE")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&errors).unwrap())
            .spawn()
            .unwrap();
        let (mut status, mut usage) = (0, std::mem::MaybeUninit::<libc::rusage>::zeroed());
        // SAFETY: the child is ours and nobody else waits for it; both places live long enough, and zeros are a usage.
        let usage = unsafe {
            libc::wait4(child.id() as libc::pid_t, &mut status, 0, usage.as_mut_ptr());
            usage.assume_init()
        };
        let status = std::process::ExitStatus::from_raw(status);
        let stderr = String::from_utf8_lossy(&fs::read(&errors).unwrap()).into_owned();
        fs::remove_file(errors).unwrap();
        (status.code().unwrap_or(-1), usage.ru_maxrss as u64, stderr)
    }

    /// What is wrong with the files that are left: an unfinished one, a half one, one too many or too few.
    fn left(&self, folder: &Path) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut out = Vec::new();
        for entry in walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|e| e == "part") {
                wrong.push(format!("{} is left", path.display()));
            }
            let Ok(inside) = path.strip_prefix(folder.join("out")) else { continue };
            if !entry.file_type().is_file() {
                continue;
            }
            out.push(inside.to_string_lossy().into_owned());
            if path.extension().is_some_and(|e| e == "png") {
                let image = image::load_from_memory_with_format(&fs::read(path).unwrap(), ImageFormat::Png);
                if let Err(error) = image {
                    wrong.push(format!("{} is no whole image: {error}", path.display()));
                }
            }
        }
        if let Some(expected) = self.leaves.as_ref().filter(|expected| **expected != out) {
            wrong.push(format!("out has {out:?} and not {expected:?}"));
        }
        wrong
    }
}

/// Runs rows in as many threads as there are processors, and fails with all that went wrong.
pub fn run_all(rows: &[Row]) {
    let next = Mutex::new(rows.iter());
    let (summaries, failures) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let Some(row) = next.lock().unwrap().next() else { return };
                    match row.run() {
                        Ok(summary) => summaries.lock().unwrap().push(summary),
                        Err(failure) => failures.lock().unwrap().push(failure),
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    // Hundreds of good rows would hide a failure.
    if failures.is_empty() {
        println!("{}", summaries.into_inner().unwrap().join("\n"));
    }
    assert!(failures.is_empty(), "{} of {} rows:\n{}", failures.len(), rows.len(), failures.join("\n\n"));
}

/// Whether rights do not bind this user.
fn is_root() -> bool {
    fs::read_to_string("/proc/self/status").unwrap().lines().any(|line| line.starts_with("Uid:\t0\t"))
}

/// Writes a file and its folders.
pub fn put(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// A whole image in which no two pixels near each other are equal.
pub fn image(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| Rgb([(x * 7 + y * 13) as u8, (x * 21 + y) as u8, (x * y) as u8]))
}

/// The same as the bytes of a file.
pub fn encoded(image: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

pub fn png(width: u32, height: u32) -> Vec<u8> {
    encoded(&image(width, height), ImageFormat::Png)
}
