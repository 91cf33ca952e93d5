//! Write: a file appears under its name only when it is complete, and takes the place of another only if asked. What
//! goes to standard output is complete too before its first byte does.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, IsTerminal, Seek, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use tempfile::NamedTempFile;

use crate::outcome::RunFailed;
use crate::read::is_standard;
use crate::{stop, terminal};

/// A file under construction. It has a short hidden name beside its target, and is renamed when it is complete.
pub struct Pending {
    target: PathBuf,
    overwrites: bool,
    /// None once it has its name.
    file: Option<Unfinished>,
}

enum Unfinished {
    Named(NamedTempFile),
    /// What is copied to standard output.
    Unnamed(File),
}

impl Pending {
    /// Creates the file, and its folder if need be. The target `-` is standard output.
    pub fn create(target: &Path, overwrites: bool) -> io::Result<Self> {
        if is_standard(target) {
            let file = Some(Unfinished::Unnamed(tempfile::tempfile()?));
            return Ok(Pending { target: target.to_path_buf(), overwrites, file });
        }
        if is_special(target) {
            return Err(io::Error::other("it is a folder, a pipe or a device"));
        }
        let folder = folder_of(target);
        fs::create_dir_all(folder)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(".").suffix(".part");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut unfinished = stop::unfinished();
        let file = builder.tempfile_in(folder)?;
        unfinished.insert(file.path().to_path_buf());
        Ok(Pending { target: target.to_path_buf(), overwrites, file: Some(Unfinished::Named(file)) })
    }

    /// The file under construction.
    pub fn file(&mut self) -> io::Result<&mut File> {
        match &mut self.file {
            Some(Unfinished::Named(file)) => Ok(file.as_file_mut()),
            Some(Unfinished::Unnamed(file)) => Ok(file),
            None => Err(io::Error::other("the file is finished")),
        }
    }

    /// Gives the file its name.
    pub fn finish(mut self) -> io::Result<()> {
        let file = match self.file.take() {
            Some(Unfinished::Named(file)) => file,
            Some(Unfinished::Unnamed(file)) => return to_standard_output(file),
            None => return Ok(()),
        };
        let mut unfinished = stop::unfinished();
        unfinished.remove(file.path());
        let named = if self.overwrites { file.persist(&self.target) } else { file.persist_noclobber(&self.target) };
        named.map(drop).map_err(|failed| failed.error)
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(Unfinished::Named(file)) = self.file.take() {
            stop::unfinished().remove(file.path());
            // What cannot be removed stays under its hidden name; the target was not touched.
            let _ = file.close();
        }
    }
}

/// A reader that stops early is no error.
fn to_standard_output(mut file: File) -> io::Result<()> {
    file.rewind()?;
    let mut out = io::stdout().lock();
    match io::copy(&mut file, &mut out).and_then(|_| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

/// Writes a whole file at once.
pub fn whole(target: &Path, bytes: &[u8], overwrites: bool) -> anyhow::Result<()> {
    with(target, overwrites, |file| file.write_all(bytes))
}

/// Writes a file by a function, which appears when it is complete.
pub fn with(target: &Path, overwrites: bool, fill: impl FnOnce(&mut File) -> io::Result<()>) -> anyhow::Result<()> {
    let write = || -> io::Result<()> {
        let mut pending = Pending::create(target, overwrites)?;
        fill(pending.file()?)?;
        pending.finish()
    };
    write().with_context(|| failed(target))
}

/// The error of a file that could not be written. The system's reason follows it.
pub fn failed(target: &Path) -> RunFailed {
    RunFailed(format!("{} could not be written", place(target)))
}

/// The name of a target in a message.
pub fn place(target: &Path) -> String {
    if is_standard(target) { "standard output".to_string() } else { terminal::name(target) }
}

/// Whether something is there that is no file, which even `--force` does not replace.
fn is_special(target: &Path) -> bool {
    target.metadata().is_ok_and(|metadata| !metadata.is_file())
}

/// Refuses to overwrite, and to write bytes to a terminal.
pub fn check_free(target: &Path, overwrites: bool) -> anyhow::Result<()> {
    if is_standard(target) {
        if io::stdout().is_terminal() {
            bail!("-: an array is not written to a terminal; redirect standard output to a file or a program");
        }
        return Ok(());
    }
    if is_special(target) || target.file_name().is_none() {
        bail!("{} is no file that could be written, but a folder, a pipe or a device", terminal::name(target));
    }
    if !overwrites && target.symlink_metadata().is_ok() {
        bail!("{} exists; --force overwrites it", terminal::name(target));
    }
    Ok(())
}

/// Creates the folder of a file that another one writes.
pub fn create_folder(target: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder_of(target)).with_context(|| failed(target))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The absolute path of a file without links, also of one that is not there yet.
pub fn resolved(path: &Path) -> PathBuf {
    match (fs::canonicalize(path), path.file_name()) {
        (Ok(resolved), _) => resolved,
        (Err(_), Some(name)) if path.parent().is_some() => resolved(folder_of(path)).join(name),
        _ => path.to_path_buf(),
    }
}

/// Which file it is, however it is named. `None` if it is not there.
#[cfg(unix)]
pub fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

/// The same where files have no numbers: a hard link counts as another file.
#[cfg(not(unix))]
pub fn identity(path: &Path) -> Option<PathBuf> {
    fs::canonicalize(path).ok()
}

#[cfg(unix)]
type Identity = (u64, u64);
#[cfg(not(unix))]
type Identity = PathBuf;

/// The files that a run reads, which no output may replace.
pub struct Kept<'a>(HashMap<Identity, &'a Path>);

impl<'a> Kept<'a> {
    pub fn new(paths: impl IntoIterator<Item = &'a Path>) -> Self {
        Kept(paths.into_iter().filter_map(|path| Some((identity(path)?, path))).collect())
    }

    /// Refuses an output that is one of the files, by any name or link, with or without `--force`.
    pub fn check(&self, output: &Path) -> anyhow::Result<()> {
        match identity(output).and_then(|identity| self.0.get(&identity)) {
            None => Ok(()),
            Some(input) => bail!(
                "{} would be overwritten, and the run reads it as {}; write to another folder or name",
                terminal::name(output),
                terminal::name(input)
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_every_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a"), "a").unwrap();
        fs::write(path("b"), "b").unwrap();
        fs::create_dir(path("c")).unwrap();
        let own = path("a");
        let kept = Kept::new([own.as_path()]);
        for (name, is_kept) in [("a", true), ("c/../a", true), ("b", false), ("none", false)] {
            assert_eq!(kept.check(&path(name)).is_err(), is_kept, "{name}");
        }
        assert_eq!(resolved(&path("c/../a")), resolved(&path("a")));
        assert_eq!(resolved(&path("d/e/f")), resolved(folder.path()).join("d/e/f"));
    }

    #[test]
    fn nothing_is_replaced_unasked() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a");
        whole(&target, b"first", false).unwrap();
        assert!(whole(&target, b"second", false).is_err());
        assert_eq!(fs::read(&target).unwrap(), b"first");
        whole(&target, b"third", true).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"third");
        drop(Pending::create(&folder.path().join("b"), false).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
