//! `search` for engines: children by call, stream and file; jobs out and outcomes in; and the recipes.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::folder::Folder;
use crate::searches::{SMALL, command, data, has, journal};

/// A folder with a proxy, and the journal `whole.journal` of a search by one process.
fn searched() -> Folder {
    let folder = data(40);
    folder.run(&format!("search data --preset warm --out whole.json --children 20 --seeds 1 {SMALL}")).ends_with(0);
    folder.run(&format!("search proxy data --preset warm --out proxy.json {SMALL}")).ends_with(0);
    start(&folder, "journal");
    folder
}

/// Begins a journal of the same search.
fn start(folder: &Folder, name: &str) {
    let call = format!("search start --preset warm --proxy proxy.json --journal {name} --children 20 --seeds 1");
    folder.run(&call).ends_with(0).says(&format!("{name} has 0 jobs"));
}

fn lines(text: &[u8]) -> Vec<Value> {
    String::from_utf8_lossy(text).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn without_seconds(mut outcome: Value) -> Value {
    assert!(outcome.as_object_mut().unwrap().remove("seconds").unwrap().as_f64().unwrap() > 0.0);
    outcome
}

/// A process that takes lines and gives lines.
struct Filter {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Filter {
    fn start(folder: &Folder, words: &str) -> Self {
        let mut process = command(folder, words).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Filter { input: process.stdin.take(), output, process }
    }

    fn give(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{}", line.trim_end()).unwrap();
    }

    /// The next line; empty at the end.
    fn take(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line
    }
}

#[test]
fn a_child_says_the_same_by_call_stream_and_file() {
    let folder = searched();
    let policy = json!({"version": 1, "convention": "torchvision", "sub_policies":
        [[{"op": "Rotate", "probability": 0.5, "magnitude": 3}]]});
    folder.write("p.json", policy.to_string());
    let call = |words: &str| {
        let run = folder.run(&format!("search evaluate --proxy proxy.json {words}")).ends_with(0);
        without_seconds(serde_json::from_str(&run.stdout).unwrap())
    };
    let one = call("--policy p.json --seed 7");
    assert_eq!(one, call("--policy p.json --seed 7"));
    assert_ne!(one["accuracy"], Value::Null);
    let reward = one["accuracy"].as_f64().unwrap() - 0.2 * one["loss"].as_f64().unwrap();
    assert!((one["reward"].as_f64().unwrap() - reward).abs() < 1e-12);
    let none = call("--policy none --seed 7");
    assert_ne!(none["loss"], one["loss"]);
    let mean = call("--policy p.json --seed 7 --seeds 2")["loss"].as_f64().unwrap();
    let next = call("--policy p.json --seed 8")["loss"].as_f64().unwrap();
    assert!((mean - (one["loss"].as_f64().unwrap() + next) / 2.0).abs() < 1e-12);
    let jobs = [
        json!({"id": 0, "policy": policy, "seed": 7, "more": [1]}),
        json!({"id": "b", "policy": null, "seed": 7}),
        json!({"id": 2, "policy": "Rotate 0.5 3", "seed": 7}),
    ];
    let text: String = jobs.iter().map(|job| format!("{job}\n")).collect();
    let mut filter = Filter::start(&folder, "search evaluate --proxy proxy.json");
    // Each outcome comes before the next job goes in.
    let mut of_stream = Vec::new();
    for job in text.lines() {
        filter.give(job);
        of_stream.push(without_seconds(serde_json::from_str(&filter.take()).unwrap()));
    }
    filter.input = None;
    assert!(filter.take().is_empty() && filter.process.wait().unwrap().success());
    for (outcome, (id, expected)) in of_stream.iter().zip([(json!(0), &one), (json!("b"), &none), (json!(2), &one)]) {
        let mut expected = expected.clone();
        expected["id"] = id;
        assert_eq!(*outcome, expected);
    }
    folder.write("jobs", &text);
    let file = "search evaluate --proxy proxy.json --jobs jobs --out outcomes";
    folder.run(&format!("{file} --part 1/2")).ends_with(0);
    folder.run(file).ends_with(0).says("1 job is done already");
    let of_file = |text: &[u8]| lines(text).into_iter().map(without_seconds).collect::<Vec<_>>();
    let whole = folder.read("outcomes");
    assert_eq!(of_file(&whole), [1, 0, 2].map(|i: usize| of_stream[i].clone()));
    // A line that a kill cut off is done again.
    folder.write("outcomes", &whole[..whole.len() - 9]);
    folder.run(&format!("{file} --threads 2")).ends_with(0).says("2 jobs are done already");
    assert_eq!(of_file(&folder.read("outcomes")), of_file(&whole));
    folder.run(file).ends_with(0).says("3 jobs are done already");
    assert_eq!(of_file(&folder.read("outcomes")), of_file(&whole));
}

#[test]
fn jobs_and_outcomes_by_single_calls_give_the_same_journal() {
    let folder = searched();
    let mut batches = 0;
    loop {
        let jobs = folder.run("search propose --journal journal --count 1000").ends_with(0).stdout;
        if jobs.is_empty() {
            break;
        }
        batches += 1;
        assert_eq!(folder.run("search propose --journal journal --count 1").ends_with(0).stdout, "");
        assert_eq!(folder.run("search propose --journal journal --pending").ends_with(0).stdout, jobs);
        folder.write("jobs", &jobs);
        let _ = fs::remove_file(folder.path("outcomes"));
        folder.run("search evaluate --proxy proxy.json --jobs jobs --out outcomes").ends_with(0);
        // The last comes first, and one comes twice.
        let mut outcomes: Vec<String> =
            String::from_utf8(folder.read("outcomes")).unwrap().lines().rev().map(|line| format!("{line}\n")).collect();
        outcomes.push(outcomes[0].clone());
        let mut learn = command(&folder, "search learn --journal journal").stdin(Stdio::piped()).spawn().unwrap();
        learn.stdin.take().unwrap().write_all(outcomes.concat().as_bytes()).unwrap();
        assert!(learn.wait().unwrap().success());
    }
    // Two batches of 10, and the best 20 again.
    assert_eq!(batches, 3);
    assert_eq!(journal(&folder, "journal"), journal(&folder, "whole.journal"));
    // What PPO needs of the time when a job was drawn is in the journal.
    let of_jobs: Vec<f64> =
        journal(&folder, "journal").0.iter().map(|j| j["log_probability"].as_f64().unwrap()).collect();
    assert!(of_jobs.iter().all(|log| (-80.0..-60.0).contains(log)) && of_jobs[0] != of_jobs[15], "{of_jobs:?}");
    folder.run("search policy --journal journal --out policy.json").ends_with(0);
    assert_eq!(folder.read("policy.json"), folder.read("whole.json"));
}

#[test]
fn an_engine_with_lost_workers_and_a_kill_gets_the_same_journal() {
    let folder = searched();
    let worker = || Filter::start(&folder, "search evaluate --proxy proxy.json");
    let mut workers = [worker(), worker()];
    let mut killed = false;
    'engines: loop {
        let mut engine = Filter::start(&folder, "search drive --journal journal");
        for turn in 0.. {
            let job = engine.take();
            if job.is_empty() {
                assert!(engine.process.wait().unwrap().success());
                break 'engines;
            }
            if turn == 7 && !killed {
                // The engine is killed too, in the middle of a batch.
                engine.process.kill().unwrap();
                engine.process.wait().unwrap();
                killed = true;
                continue 'engines;
            }
            let worker_of_turn = &mut workers[turn % 2];
            worker_of_turn.give(&job);
            if turn % 9 == 5 {
                worker_of_turn.process.kill().unwrap();
                worker_of_turn.process.wait().unwrap();
                *worker_of_turn = worker();
                worker_of_turn.give(&job);
            }
            let outcome = worker_of_turn.take();
            engine.give(&outcome);
        }
    }
    assert_eq!(journal(&folder, "journal"), journal(&folder, "whole.journal"));
}

/// The recipe of this name, and a PATH on which the command line is found.
fn recipe(folder: &Folder, name: &str) -> Command {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../search/recipes").join(name);
    let mut command = Command::new(path);
    let own: PathBuf = Path::new(env!("CARGO_BIN_EXE_autoaugment")).parent().unwrap().into();
    let paths = [folder.path("bin"), own];
    let all = std::env::var_os("PATH").unwrap_or_default();
    let all = std::env::join_paths(paths.into_iter().chain(std::env::split_paths(&all))).unwrap();
    command.current_dir(folder.path("")).env("PATH", all);
    command
}

fn check_recipe(folder: &Folder, run: &mut Command) {
    let output = run.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(journal(folder, "journal"), journal(folder, "whole.journal"));
}

#[cfg(unix)]
#[test]
fn the_recipe_for_parallel_gives_the_same_journal() {
    if !has(Command::new("parallel").arg("--version"), "AUTOAUGMENT_REQUIRE_PARALLEL") {
        return;
    }
    let folder = searched();
    check_recipe(&folder, recipe(&folder, "parallel.sh").args(["journal", "proxy.json", "--jobs", "2"]));
    // A search that is over is left as it is.
    check_recipe(&folder, recipe(&folder, "parallel.sh").args(["journal", "proxy.json"]));
}

#[cfg(unix)]
#[test]
fn the_recipe_for_slurm_gives_the_same_journal() {
    use std::os::unix::fs::PermissionsExt;

    let folder = searched();
    // A stand-in for the cluster runs the tasks of an array. The second array has lost a task.
    folder.write(
        "bin/sbatch",
        r#"#!/usr/bin/env bash
set -euo pipefail
[ "$1 $2 $3 $4" = "--wait --array=0-2 --time=1 --wrap" ]
echo array >>arrays
for task in 0 1 2; do
  [ "$(wc -l <arrays) $task" = "2 1" ] || SLURM_ARRAY_TASK_ID=$task sh -c "$5"
done
"#,
    );
    fs::set_permissions(folder.path("bin/sbatch"), fs::Permissions::from_mode(0o755)).unwrap();
    check_recipe(&folder, recipe(&folder, "slurm.sh").args(["journal", "proxy.json", "3", "--time=1"]));
    assert_eq!(folder.read("arrays"), b"array\n".repeat(4));
}

#[test]
fn wrong_calls_and_lines_are_refused_with_the_reason() {
    let folder = searched();
    folder.run(&format!("search proxy data --out other.json --seed 1 {SMALL}")).ends_with(0);
    folder.write(
        "bad.jobs",
        "{\"id\": 1, \"policy\": null, \"seed\": 1}\n{\"id\": 2, \"policy\": \"Rotat 1 1\", \"seed\": 1}\n",
    );
    folder.write("good.jobs", "\n{\"id\": 1, \"policy\": null, \"seed\": 1}\n");
    folder.write("changed.json", folder.read("proxy.json"));
    folder.write("mine", "mine");
    folder.write("no-version.json", "{\"version\": 2}");
    let text = String::from_utf8(folder.read("proxy.json")).unwrap();
    folder.write("outside.json", text.replace("proxy.images", "../proxy.images"));
    folder.write("claims.json", text.replace("\"training\": 64", "\"training\": 18446744073709551615"));
    folder.write("moved.json", text.replace("proxy.images", "moved.images"));
    let mut images = folder.read("proxy.images");
    images[5] ^= 1;
    folder.write("moved.images", &images);
    images[5] ^= 1;
    *images.last_mut().unwrap() ^= 1;
    folder.write("start.images", images);
    folder.write("start.json", text.replace("proxy.images", "start.images"));
    folder.run("search evaluate --proxy other.json --jobs good.jobs --out other.outcomes").ends_with(0);
    for (call, expected) in [
        ("search evaluate --proxy none.json", "proxy none.json: No such file"),
        ("search evaluate --proxy no-version.json", "proxy no-version.json: missing field"),
        ("search evaluate --proxy outside.json", "`../proxy.images` must be a file's name, without a folder"),
        ("search evaluate --proxy claims.json", "bytes do not fit the proxy's 18446744073709551615 and 64 images"),
        ("search evaluate --proxy moved.json", "moved.images: the file has changed since the proxy was written"),
        ("search evaluate --proxy start.json", "start.images: the file has changed since the proxy was written"),
        ("search evaluate --proxy proxy.json --policy Rotat", "there is no `Rotat`"),
        ("search evaluate --proxy proxy.json --jobs bad.jobs --out o", "bad.jobs: line 2: "),
        ("search evaluate --proxy proxy.json --jobs good.jobs", "--out <FILE>"),
        ("search evaluate --proxy proxy.json --jobs good.jobs --out o --part 2/2", "expected I/N, such as 0/4 to 3/4"),
        (
            "search evaluate --proxy proxy.json --jobs good.jobs --out other.outcomes",
            "outcomes other.outcomes: job 1 is of the proxy ",
        ),
        (
            "search evaluate --proxy proxy.json --jobs good.jobs --out mine",
            "outcomes mine: its last line is no outcome",
        ),
        (
            "search start --preset warm --proxy other.json --journal journal",
            "it is of another search: search.children is 20",
        ),
        (
            "search start --proxy proxy.json --journal n --strategy random --batch 5",
            "--batch is a setting of the strategy ppo",
        ),
        ("search propose --journal none --count 1", "there is none; `autoaugment search start` begins one"),
        ("search propose --journal proxy.json --count 1", "journal proxy.json: line 1: "),
        ("search policy --journal journal --out policy.json", "journal journal: no child is done"),
        ("search policy --journal whole.journal --out whole.json", "whole.json exists; --force overwrites it"),
    ] {
        folder.run(call).ends_with(2).says(expected);
    }
    assert_eq!(folder.read("mine"), b"mine");
    assert!(!folder.exists("o") || folder.read("o").is_empty());
    folder.run("search propose --journal journal --count 1").ends_with(0);
    for (line, expected) in [
        ("{\"id\": 1}", "outcome: job 1 was not proposed"),
        ("{\"id\": 0, \"accuracy\": 0.5}", "the outcome of job 0 has no `loss`, which the reward needs"),
        ("{\"id\": 0, \"accuracy\": 2, \"loss\": 1}", "outcome: job 0: the accuracy 2 is outside 0..=1"),
        ("{\"accuracy\": 1}", "standard input: line 1: missing field `id`"),
        (
            "{\"id\": 0, \"accuracy\": 1, \"proxy\": \"x\"}",
            "the outcome of job 0 is of the proxy x, and the search's is ",
        ),
    ] {
        let mut learn = command(&folder, "search learn --journal journal");
        let mut learn = learn.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        writeln!(learn.stdin.take().unwrap(), "{line}").unwrap();
        let output = learn.wait_with_output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && words.contains(expected), "{line}: {words}");
    }
}
