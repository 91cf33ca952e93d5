//! Regular file: opens the files of data sets. A pipe or a device may never end, and opening one may never return.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Opens a file for reading, with its length. Links are followed.
///
/// # Errors
/// The system's, and one that says what stands there if that is no regular file.
pub(super) fn open(path: &Path) -> io::Result<(File, u64)> {
    check(&fs::metadata(path)?)?;
    let file = File::open(path)?;
    // Another file may have taken its place.
    let metadata = file.metadata()?;
    check(&metadata)?;
    Ok((file, metadata.len()))
}

fn check(metadata: &fs::Metadata) -> io::Result<()> {
    let what = match metadata {
        file if file.is_file() => return Ok(()),
        folder if folder.is_dir() => "a folder",
        _ => "a pipe, a socket or a device",
    };
    Err(io::Error::other(format!("expected a regular file, got {what}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_are_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        fs::write(&path, "four").unwrap();
        assert_eq!(open(&path).unwrap().1, 4);
        assert_eq!(open(folder.path()).unwrap_err().to_string(), "expected a regular file, got a folder");
        assert_eq!(open(&folder.path().join("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[cfg(unix)]
    #[test]
    fn what_may_never_end_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
        for path in [pipe, link] {
            let error = open(&path).unwrap_err().to_string();
            assert_eq!(error, "expected a regular file, got a pipe, a socket or a device");
        }
    }
}
