//! Kills: a run that is ended at any moment leaves whole files, and the same call with `--resume` finishes it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::files::array;
use crate::row::{png, put};

fn apply(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_autoaugment"));
    command.current_dir(folder).args(["apply", "--device", "cpu", "--quiet"]).args(words);
    command.env_remove("RUST_LOG").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// The files of a folder, but for the record of `--resume`.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let named = entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()));
    named.filter(|(name, _)| name != ".autoaugment-resume").collect()
}

/// How many files a folder has, unfinished ones too.
fn count(folder: &Path) -> usize {
    fs::read_dir(folder).into_iter().flatten().count()
}

#[test]
fn killed_runs_leave_whole_files_and_are_finished() {
    let folder = tempfile::tempdir().unwrap();
    (0..12).for_each(|i| put(folder.path(), &format!("in/{i}.png"), &png(120, 90 + i)));
    let call = |out| ["in", "--copies", "30", "--seed", "3", "--out", out];
    assert!(apply(folder.path(), &call("whole")).status().unwrap().success());
    let whole = files(&folder.path().join("whole"));
    assert_eq!(whole.len(), 360);
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let mut ended_early = 0;
    for kill in 0..20 {
        let signal = ["TERM", "INT", "HUP", "KILL"][kill % 4];
        let out = folder.path().join("out");
        let before = count(&out);
        let mut child = apply(folder.path(), &call("out")).arg("--resume").spawn().unwrap();
        // It listens to signals once it has begun a file.
        while count(&out) == before && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(random.random_range(0..300)));
        Command::new("kill")
            .args([&format!("-{signal}"), &child.id().to_string()])
            .stderr(Stdio::null())
            .status()
            .unwrap();
        let code = child.wait().unwrap().code();
        assert!(matches!((signal, code), ("KILL", None | Some(0)) | (_, Some(0 | 1))), "{signal}: {code:?}");
        ended_early += usize::from(code != Some(0));
        for (name, bytes) in files(&out) {
            let is_unfinished = name.starts_with('.') && name.ends_with(".part");
            match is_unfinished {
                // Nothing runs after SIGKILL. What it leaves is removed here, as a user would.
                true if signal == "KILL" => fs::remove_file(out.join(name)).unwrap(),
                true => panic!("SIG{signal} leaves {name}"),
                false => assert!(whole.get(&name) == Some(&bytes), "SIG{signal} leaves a wrong {name}"),
            }
        }
    }
    assert!(ended_early > 0, "every run ended before its signal");
    assert!(apply(folder.path(), &call("out")).arg("--resume").status().unwrap().success());
    assert!(files(&folder.path().join("out")) == whole, "the finished run differs");
}

#[test]
fn killed_arrays_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "x.npy", &array("200,100,100,3", 6_000_000));
    for signal in ["TERM", "INT"] {
        let words = ["x.npy", "--out", "out/x.npy", "--op", "GaussianBlur(radius=60)", "--plan-out", "out/p.json"];
        let mut child = apply(folder.path(), &words).spawn().unwrap();
        let out = folder.path().join("out");
        // It has begun once its file under construction is there.
        while count(&out) == 0 && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap();
        let code = child.wait().unwrap().code();
        let left = files(&out);
        assert!(
            code == Some(0) && left.len() == 2 || code == Some(1) && left.is_empty(),
            "{code:?}: {:?}",
            left.keys()
        );
        let _ = fs::remove_dir_all(&out);
    }
}
