//! Cache: compiled kernels on disk, each by the hash of all that it is made from.
//!
//! Processes share it. A file is written beside its place and then moved there, so that none is ever half written. When
//! the files exceed a limit, those that were made first are removed.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use sha2::{Digest, Sha256};

use crate::error::Result;

/// The most bytes that are kept. A kernel has 20 to 200 kB.
const MOST: u64 = 256 << 20;
/// Bytes of the hash in front of a kernel.
const HASH: usize = 32;

/// A folder of compiled kernels, or none if the system has no place for it.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: Option<PathBuf>,
    most: u64,
}

impl Cache {
    /// The folder `autoaugment/cuda` of the user's cache: `XDG_CACHE_HOME`, `LOCALAPPDATA`, or `.cache` at home.
    pub fn of_user() -> Self {
        let variable = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let cache = variable("XDG_CACHE_HOME")
            .or_else(|| variable("LOCALAPPDATA"))
            .or_else(|| variable("HOME").map(|home| home.join(".cache")));
        // A relative path would mean another folder in each working directory.
        Cache { folder: cache.filter(|path| path.is_absolute()).map(|path| path.join("autoaugment/cuda")), most: MOST }
    }

    /// A name for what is made from these texts.
    pub fn key(parts: &[&str]) -> String {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn place(&self, key: &str) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join(format!("{key}.cubin")))
    }

    /// A kernel that was kept, and is whole: the driver trusts the lengths in it.
    fn get(&self, key: &str) -> Option<Vec<u8>> {
        let file = fs::read(self.place(key)?).ok()?;
        let (hash, bytes) = file.split_at_checked(HASH)?;
        (Sha256::digest(bytes).as_slice() == hash).then(|| bytes.to_vec())
    }

    /// A kernel, loaded from here or else made and kept. One that cannot be loaded is made again.
    pub fn loaded<T>(
        &self,
        key: &str,
        make: impl FnOnce() -> Result<Vec<u8>>,
        load: impl Fn(&[u8]) -> Result<T>,
    ) -> Result<T> {
        if let Some(loaded) = self.get(key).and_then(|kept| load(&kept).ok()) {
            return Ok(loaded);
        }
        let made = make()?;
        let loaded = load(&made)?;
        self.put(key, &made);
        Ok(loaded)
    }

    /// Keeps a kernel. Without it the next process compiles again, and so a full disk is no error.
    fn put(&self, key: &str, bytes: &[u8]) {
        let (Some(folder), Some(place)) = (&self.folder, self.place(key)) else { return };
        if let Err(error) = write(folder, &place, bytes).and_then(|()| bound(folder, self.most)) {
            tracing::debug!("compiled kernels are not kept in {}: {error}", folder.display());
        }
    }
}

fn write(folder: &Path, place: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(&Sha256::digest(bytes))?;
    file.write_all(bytes)?;
    file.persist(place)?;
    Ok(())
}

/// Removes the oldest files until the rest has at most so many bytes.
fn bound(folder: &Path, most: u64) -> io::Result<()> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        // Another process may have removed it meanwhile.
        let Ok(data) = entry.as_ref().map_err(|_| ()).and_then(|entry| entry.metadata().map_err(|_| ())) else {
            continue;
        };
        if data.is_file() {
            files.push((data.modified()?, data.len(), entry?.path()));
        }
    }
    let mut bytes: u64 = files.iter().map(|(_, length, _)| length).sum();
    files.sort();
    for (_, length, path) in files {
        if bytes <= most {
            break;
        }
        let _ = fs::remove_file(path);
        bytes -= length;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn cache(folder: &Path, most: u64) -> Cache {
        Cache { folder: Some(folder.join("made/later")), most }
    }

    #[test]
    fn kernels_are_found_by_all_that_they_are_made_from() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path(), 100);
        let (one, other) = (Cache::key(&["sm_80", "a"]), Cache::key(&["sm_90", "a"]));
        assert_ne!(Cache::key(&["ab", "c"]), Cache::key(&["a", "bc"]));
        cache.put(&one, b"first");
        assert_eq!((cache.get(&one).as_deref(), cache.get(&other)), (Some(&b"first"[..]), None));
        cache.put(&one, b"second");
        assert_eq!(cache.get(&one).as_deref(), Some(&b"second"[..]));
    }

    /// What is loaded, and whether it had to be made.
    fn loaded(cache: &Cache, key: &str, usable: &[u8]) -> (Vec<u8>, bool) {
        let is_made = std::cell::Cell::new(false);
        let make = || {
            is_made.set(true);
            Ok(b"new".to_vec())
        };
        let load = |code: &[u8]| match code == usable || code == b"new" {
            true => Ok(code.to_vec()),
            false => Err(Error::Device("the image is invalid".to_string())),
        };
        (cache.loaded(key, make, load).unwrap(), is_made.get())
    }

    #[test]
    fn what_is_damaged_or_refused_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path(), 100);
        cache.put("a", b"old");
        assert_eq!(loaded(&cache, "a", b"old"), (b"old".to_vec(), false));
        let path = cache.place("a").unwrap();
        let whole = fs::read(&path).unwrap();
        let mut wrong = whole.clone();
        wrong[HASH] ^= 1;
        for damaged in [&whole[..whole.len() - 1], &whole[..9], &[], &wrong] {
            fs::write(&path, damaged).unwrap();
            assert_eq!(loaded(&cache, "a", b"old"), (b"new".to_vec(), true));
            assert_eq!(loaded(&cache, "a", b"old"), (b"new".to_vec(), false));
        }
        fs::write(&path, &whole).unwrap();
        assert_eq!(loaded(&cache, "a", b"another"), (b"new".to_vec(), true));
        assert_eq!(loaded(&cache, "a", b"another"), (b"new".to_vec(), false));
    }

    /// What the driver refuses is no kernel for the next process.
    #[test]
    fn what_cannot_be_loaded_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path(), 100);
        let refused = || Error::Device("the image is invalid".to_string());
        assert_eq!(cache.loaded("a", || Ok(b"new".to_vec()), |_| Err::<(), _>(refused())), Err(refused()));
        assert_eq!(cache.loaded("a", || Err(refused()), |_| Ok(())), Err(refused()));
        assert_eq!(cache.get("a"), None);
    }

    #[test]
    fn the_oldest_are_removed_and_no_other_file_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path(), 150);
        for (i, key) in ["a", "b", "c"].into_iter().enumerate() {
            cache.put(key, &[0; 40]);
            let path = cache.place(key).unwrap();
            if let Ok(file) = fs::File::options().write(true).open(path) {
                let time = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(i as u64);
                file.set_modified(time).unwrap();
            }
        }
        let names = fs::read_dir(cache.folder.as_ref().unwrap()).unwrap().map(|e| e.unwrap().file_name());
        let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names, ["b.cubin", "c.cubin"]);
    }

    #[test]
    fn a_folder_that_cannot_be_made_only_costs_time() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("made"), "a file").unwrap();
        for cache in [cache(folder.path(), 100), Cache { folder: None, most: 100 }] {
            assert_eq!(loaded(&cache, "a", b"old"), (b"new".to_vec(), true));
            assert_eq!(loaded(&cache, "a", b"old"), (b"new".to_vec(), true));
        }
    }
}
