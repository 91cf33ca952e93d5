//! `search` where something is in the way: outputs in the data, pipes as journals, and programs that always fail.

#![cfg(unix)]

use std::fs;
use std::process::Command;

use crate::searches::{SMALL, data, journal};

#[test]
fn the_data_is_left_as_it_is() {
    let folder = data(40);
    let before = folder.files("data");
    for (options, expected) in [
        ("--out data/0/000.png --force", "data/0/000.png would be overwritten, and is a file of the data data"),
        ("--out p.json --journal data/0/000.png", "data/0/000.png would be overwritten"),
        ("--out p.json --report data/report", "the folder data/report lies in the data data"),
        ("--out p.json --report data/0/000.png", "--report data/0/000.png: it is no folder"),
    ] {
        folder.run(&format!("search data --children 2 --seeds 0 {SMALL} {options}")).ends_with(2).says(expected);
    }
    assert_eq!(folder.files("data"), before);
    // A policy may be there, and may be replaced.
    let call = format!("search data --children 2 --seeds 0 {SMALL} --out data/p.json");
    folder.run(&call).ends_with(0);
    folder.run(&format!("{call} --force")).ends_with(0).says("continuing data/p.journal after 2 children");
}

#[test]
fn a_pipe_is_no_journal() {
    let folder = data(40);
    assert!(Command::new("mkfifo").arg(folder.path("p.journal")).status().unwrap().success());
    for strategy in ["random", "filter"] {
        let call = format!("search data --out p.json --children 2 --strategy {strategy} {SMALL}");
        folder.run(&call).ends_with(2).says("journal p.journal: it is no regular file");
    }
    folder.run("search propose --journal p.journal --count 1").ends_with(2).says("it is no regular file");
}

#[test]
fn children_that_all_fail_are_not_lost() {
    let folder = data(1);
    let run = |seeds| {
        let fixed = [
            "search",
            "--child",
            "sh child.sh",
            "--out",
            "p.json",
            "--force",
            "--children",
            "20",
            "--strategy",
            "evolution",
        ];
        folder.run_with(&[&fixed[..], &["--retries", "0", "--threads", "1", "--seeds", seeds]].concat(), &[])
    };
    let good = r#"echo '{"accuracy": 0.5, "loss": 1}'"#;
    folder.write("child.sh", "exit 1");
    run("0").ends_with(2).says("it ended with exit status: 1");
    // The first ten succeed, and the disk of the others is full.
    folder.write("child.sh", format!("echo >>count; [ $(wc -l <count) -le 10 ] || exit 1; {good}"));
    run("0").ends_with(1).says("the last children all failed; the same command tries them again");
    folder.write("child.sh", good);
    run("0").ends_with(0).says("continuing p.journal after 10 children").says("wrote p.json after 20 children");
    let (jobs, outcomes) = journal(&folder, "p.journal");
    assert!(jobs.len() == 20 && outcomes.values().all(|outcome| outcome["accuracy"] == 0.5));
}

#[test]
fn a_full_disk_ends_a_search_that_goes_on_later() {
    let folder = data(40);
    let call = format!("search data --out p.json --children 8 --seeds 1 {SMALL}");
    // The system allows files of a kilobyte.
    let limited = format!("ulimit -f 2; exec {} {call}", env!("CARGO_BIN_EXE_autoaugment"));
    let run = Command::new("sh").args(["-c", &limited]).current_dir(folder.path("")).output().unwrap();
    let words = String::from_utf8(run.stderr).unwrap();
    assert!(run.status.code() == Some(1) && words.contains("error: journal p.journal: File too large"), "{words}");
    assert!(fs::metadata(folder.path("p.journal")).unwrap().len() > 0);
    folder.run(&call).ends_with(0);
    folder.run(&call.replace("p.json", "whole.json")).ends_with(0);
    assert_eq!(folder.read("p.json"), folder.read("whole.json"));
}
