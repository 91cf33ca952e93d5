//! A temporary folder with files for the command line, and runs of it in there.

use std::fs;
use std::path::PathBuf;

use assert_cmd::Command;
use image::{DynamicImage, GrayImage, ImageFormat, RgbImage};

pub struct Folder {
    root: tempfile::TempDir,
}

/// What a run printed and how it ended.
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    /// Standard output where it is no text.
    pub bytes: Vec<u8>,
}

impl Folder {
    pub fn new() -> Self {
        Folder { root: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    pub fn exists(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// Writes an image in the format of its extension.
    pub fn image(&self, name: &str, image: impl Into<DynamicImage>) {
        self.write(name, []);
        image.into().save(self.path(name)).unwrap();
    }

    pub fn pixels(&self, name: &str) -> DynamicImage {
        image::load_from_memory(&self.read(name)).unwrap()
    }

    /// Runs the binary in the folder; words of `command` are separated by spaces, quotes are not known.
    pub fn run(&self, command: &str) -> Run {
        self.run_with(&command.split_whitespace().collect::<Vec<_>>(), &[])
    }

    pub fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Run {
        let mut command = Command::cargo_bin("autoaugment").unwrap();
        command.current_dir(self.root.path()).args(arguments).env_remove("RUST_LOG").envs(variables.iter().copied());
        Run::of(&mut command)
    }

    /// Runs the binary with an array on standard input.
    pub fn run_fed(&self, command: &str, input: &[u8]) -> Run {
        let mut started = Command::cargo_bin("autoaugment").unwrap();
        started.current_dir(self.root.path()).args(command.split(' ')).env_remove("RUST_LOG").write_stdin(input);
        Run::of(&mut started)
    }

    /// The names of all files under `name`, sorted, with slashes.
    pub fn files(&self, name: &str) -> Vec<String> {
        let root = self.path(name);
        let entries = walkdir::WalkDir::new(&root).sort_by_file_name().into_iter().map(Result::unwrap);
        let files = entries.filter(|e| e.file_type().is_file());
        files.map(|e| e.path().strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/")).collect()
    }
}

impl Run {
    fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        let (stdout, bytes) = match String::from_utf8(output.stdout) {
            Ok(text) => (text, Vec::new()),
            Err(error) => (String::new(), error.into_bytes()),
        };
        let stderr = String::from_utf8(output.stderr).unwrap();
        Run { code: output.status.code().unwrap(), stdout, stderr, bytes }
    }

    /// Fails with everything that was printed unless the run ended so.
    pub fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "standard output:\n{}\nstandard error:\n{}", self.stdout, self.stderr);
        self
    }

    pub fn says(self, words: &str) -> Self {
        assert!(self.stderr.contains(words), "`{words}` is not in standard error:\n{}", self.stderr);
        self
    }

    pub fn prints(self, data: &str) -> Self {
        assert!(self.stdout.contains(data), "`{data}` is not in standard output:\n{}", self.stdout);
        self
    }
}

/// A color image in which no two pixels near each other are equal.
pub fn color(width: u32, height: u32, variant: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let v = x * 7 + y * 13 + variant * 29;
        image::Rgb([v as u8, (v * 3 + 5) as u8, (x * y + variant) as u8])
    })
}

pub fn gray(width: u32, height: u32) -> GrayImage {
    GrayImage::from_fn(width, height, |x, y| image::Luma([(x * 11 + y * 5) as u8]))
}

/// A JPEG's bytes.
pub fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    DynamicImage::from(color(width, height, 3)).write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
    bytes.into_inner()
}
