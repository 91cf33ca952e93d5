//! Searches of a few seconds: their data, and journals as values that can be compared.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use image::{GrayImage, Luma};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use crate::folder::Folder;

/// A bar in noise. The class says how the bar lies.
pub fn bar(class: usize, number: u64) -> GrayImage {
    let mut stream = ChaCha8Rng::seed_from_u64(number);
    let place = stream.random_range(4..12);
    GrayImage::from_fn(16, 16, |x, y| {
        let is_bar = [y == place, x == place, x == y, x + y == 15][class];
        Luma([stream.random_range(0..120) + if is_bar { 100 } else { 0 }])
    })
}

/// A folder with `data`: four classes of `images` each.
pub fn data(images: u64) -> Folder {
    let folder = Folder::new();
    for class in 0..4 {
        (0..images).for_each(|i| folder.image(&format!("data/{class}/{i:03}.png"), bar(class, i)));
    }
    folder
}

/// The images of a search that takes a second.
pub const SMALL: &str = "--train 64 --validation 64";

/// A journal: its jobs, and the outcomes by job without their times.
pub fn journal(folder: &Folder, name: &str) -> (Vec<Value>, BTreeMap<u64, Value>) {
    let (mut jobs, mut outcomes) = (Vec::new(), BTreeMap::new());
    for line in String::from_utf8(folder.read(name)).unwrap().lines().skip(1) {
        let mut line: Value = serde_json::from_str(line).unwrap();
        if let Some(outcome) = line["outcome"].as_object_mut() {
            assert!(outcome.remove("seconds").unwrap().as_f64().unwrap() >= 0.0);
            let id = outcome["id"].as_u64().unwrap();
            assert!(outcomes.insert(id, line["outcome"].take()).is_none(), "job {id} has two outcomes");
        } else {
            jobs.push(line["job"].take());
        }
    }
    (jobs, outcomes)
}

/// The command line as a process that is not waited for.
pub fn command(folder: &Folder, words: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_autoaugment"));
    command.current_dir(folder.path("")).args(words.split_whitespace()).env_remove("RUST_LOG");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Whether a program that tests need is there. Without it they are skipped, unless `variable` is 1.
pub fn has(program: &mut Command, variable: &str) -> bool {
    let is_there = program.output().is_ok_and(|output| output.status.success());
    let is_required = std::env::var(variable).is_ok_and(|value| value == "1");
    assert!(is_there || !is_required, "{variable}=1, and {program:?} fails");
    if !is_there {
        println!("skipped: {program:?} fails");
    }
    is_there
}
