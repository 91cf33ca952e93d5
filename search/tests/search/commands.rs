//! Children of a program: what it gets, what it may answer, and that nothing it does is lost or left running.

#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use autoaugment::{Policy, Transform};
use autoaugment_search::{Child, CommandChild, Limits, Result, Score};

const ONCE: Limits = Limits { timeout: 20, retries: 0 };

fn train(command: &str) -> Result<Score> {
    CommandChild::new(command, ONCE, true).train(&Transform::from(Policy::cifar10()), 7)
}

fn refused(command: &str) -> String {
    train(command).unwrap_err().to_string()
}

const GOOD: &str = r#"echo '{"accuracy": 0.5, "loss": 1.5, "epochs": 3}'"#;

#[test]
fn the_last_line_is_the_score() {
    let score = Score { accuracy: 0.5, loss: 1.5, training_loss: 0.0 };
    for command in
        [GOOD, &format!("echo Downloading; {GOOD}; echo"), &format!("exec <&-; {GOOD}"), &format!("cat; {GOOD}")]
    {
        assert_eq!(train(command).unwrap(), score, "{command}");
    }
    let by_accuracy = CommandChild::new("echo '{\"accuracy\": 1}'", ONCE, false);
    assert_eq!(by_accuracy.train(&Transform::new(), 1).unwrap().accuracy, 1.0);
}

#[test]
fn the_program_gets_policy_and_seed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("input");
    let child = CommandChild::new(format!("cat > '{}'; {GOOD}", path.display()), ONCE, true);
    let input = |transform: Transform, seed| -> serde_json::Value {
        child.train(&transform, seed).unwrap();
        serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap()
    };
    let policy = input(Policy::cifar10().into(), u64::MAX);
    assert_eq!(policy["seed"], u64::MAX);
    assert_eq!(Policy::from_json(&policy["policy"].to_string()), Ok(Policy::cifar10()));
    assert_eq!(input(Transform::new(), 3), serde_json::json!({"policy": null, "seed": 3}));
    let flips = Transform::new().random_horizontal_flip(0.5);
    let refused = child.train(&flips, 1).unwrap_err().to_string();
    assert_eq!(refused, "child: a command takes a policy or another scheme, and no other stages");
}

#[test]
fn what_is_no_score_is_refused_with_the_end_of_standard_error() {
    for (command, expected) in [
        ("echo no >&2; exit 3", "it ended with exit status: 3; its standard error ends with: no"),
        (
            "printf 'one\\n\\ntwo\\n' >&2; kill -9 $$",
            "it ended with signal: 9 (SIGKILL); its standard error ends with: one | two",
        ),
        ("true", "it printed nothing; its last line must be {\"accuracy\": .., \"loss\": ..}"),
        ("echo done", "its last line is `done`: expected value at line 1 column 1"),
        ("echo '{\"accuracy\": 81, \"loss\": 1}'", "the accuracy 81 is outside 0..=1"),
        ("echo '{\"accuracy\": NaN, \"loss\": 1}'", "its last line is `{\"accuracy\": NaN, \"loss\": 1}`: "),
        ("echo '{\"accuracy\": 0.5}'", "it has no `loss`, which the reward needs"),
        ("echo '{\"loss\": 0.5}'", "missing field `accuracy`"),
        ("yes", "it printed more than 1048576 bytes"),
        (&format!("yes | head -c 2000000; {GOOD}"), "it printed more than 1048576 bytes"),
        ("autoaugment-no-such-program", "it ended with exit status: 127; its standard error ends with: "),
    ] {
        let refused = refused(command);
        assert!(refused.starts_with("child: the command failed: "), "{refused}");
        assert!(refused.contains(expected), "{command}: {refused}");
    }
    let long = refused("yes word | head -n 100000 >&2; exit 1");
    assert!(long.len() < 700 && long.ends_with("word | word"), "{long}");
}

#[test]
fn a_failure_is_tried_again_and_the_tries_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let tries = folder.path().join("tries");
    let count = |limit: u32| {
        fs::write(&tries, "").unwrap();
        // The third try is good.
        let command = format!("echo >> '{0}'; test $(wc -l < '{0}') -gt 2 && {GOOD}", tries.display());
        let result = CommandChild::new(command, Limits { retries: limit, ..ONCE }, true).train(&Transform::new(), 1);
        (result.is_ok(), fs::read_to_string(&tries).unwrap().len())
    };
    assert_eq!((count(0), count(1), count(2), count(5)), ((false, 1), (false, 2), (true, 3), (true, 3)));
}

fn is_running(marker: &Path) -> bool {
    let id = fs::read_to_string(marker).unwrap();
    Command::new("kill").args(["-0", id.trim()]).output().unwrap().status.success()
}

#[test]
fn a_program_that_hangs_is_ended_with_all_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let marker = folder.path().join("process");
    for end in ["wait", "exit 1"] {
        let command = format!("sleep 100 & echo $! > '{}'; {end}", marker.display());
        let begin = Instant::now();
        let child = CommandChild::new(command, Limits { timeout: 1, retries: 0 }, true);
        let refused = child.train(&Transform::new(), 1).unwrap_err().to_string();
        let expected = if end == "wait" { "it ran longer than 1 seconds, and was ended" } else { "exit status: 1" };
        assert!(refused.contains(expected), "{refused}");
        assert!(begin.elapsed() < Duration::from_secs(20));
        // Somebody has to take note of its end, which may be a moment later.
        let is_gone = (0..200).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            !is_running(&marker)
        });
        assert!(is_gone, "{end}");
    }
}

#[test]
fn programs_at_once_have_different_slots() {
    let command = "read line; sleep 0.3; echo \"{\\\"accuracy\\\": 0.$AUTOAUGMENT_SLOT, \\\"loss\\\": 1}\"";
    let child = CommandChild::new(command, ONCE, true);
    for _ in 0..2 {
        let accuracies = std::thread::scope(|scope| {
            let train = |seed| child.train(&Transform::new(), seed).unwrap().accuracy;
            let running: Vec<_> = (0..3).map(|seed| scope.spawn(move || train(seed))).collect();
            let mut all: Vec<f64> = running.into_iter().map(|child| child.join().unwrap()).collect();
            all.sort_by(f64::total_cmp);
            all
        });
        assert_eq!(accuracies, [0.0, 0.1, 0.2]);
    }
}
