//! Read: files that the user names, no more of them than a bound.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, anyhow, bail};

use crate::terminal;

/// Reading a pipe or a device may never end.
pub const NOT_REGULAR: &str = "not a regular file, but a pipe, a socket or a device";

/// The most bytes of a policy's file.
pub const POLICY: u64 = 1 << 20;
/// The most bytes of a plan's file. In memory it takes some ten times as much.
pub const PLAN: u64 = 1 << 30;

/// Standard input or output where a file can stand.
pub fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Opens a regular file.
pub fn open(path: &Path) -> anyhow::Result<(File, Metadata)> {
    // Opening a pipe waits for its writer, so the path is looked at first.
    check(&path.metadata()?)?;
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    check(&metadata)?;
    Ok((file, metadata))
}

fn check(metadata: &Metadata) -> anyhow::Result<()> {
    if metadata.is_dir() {
        bail!("not a file, but a folder");
    }
    if !metadata.is_file() {
        bail!(NOT_REGULAR);
    }
    Ok(())
}

#[cfg(unix)]
fn is_device(metadata: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    metadata.file_type().is_char_device() || metadata.file_type().is_block_device()
}

#[cfg(not(unix))]
fn is_device(_: &Metadata) -> bool {
    false
}

/// The text of a file, a pipe, or standard input.
pub fn text(path: &Path, most: u64, what: &str) -> anyhow::Result<String> {
    let read = |source: &mut dyn Read| {
        let mut bytes = Vec::new();
        source.take(most + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > most {
            bail!("there are more than {most} bytes, which is the most that is read");
        }
        Ok(String::from_utf8(bytes)?)
    };
    let text = match is_standard(path) {
        true => read(&mut io::stdin().lock()),
        // A pipe may be the output of another program. A device may have no end.
        false if path.metadata().is_ok_and(|metadata| is_device(&metadata)) => {
            Err(anyhow!("it is a device; a file, a pipe or - for standard input can be read"))
        }
        false => File::open(path).map_err(Into::into).and_then(|mut file| read(&mut file)),
    };
    text.with_context(|| format!("{what} {}", terminal::name(path)))
}

/// Room for `bytes` bytes, or an error if there is no memory for them.
pub fn reserved(bytes: usize) -> anyhow::Result<Vec<u8>> {
    let mut room = Vec::new();
    room.try_reserve_exact(bytes).map_err(|_| crate::outcome::RunFailed(format!("no memory for {bytes} bytes")))?;
    Ok(room)
}

/// As many zeros.
pub fn zeros(bytes: usize) -> anyhow::Result<Vec<u8>> {
    let mut zeros = reserved(bytes)?;
    zeros.resize(bytes, 0);
    Ok(zeros)
}
