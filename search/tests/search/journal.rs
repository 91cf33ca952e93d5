//! A journal keeps a search: it continues with the same policies, whatever stopped it.

use std::fs;
use std::path::Path;

use autoaugment::policy::SearchSpace;
use autoaugment_search::{Controller, Job, Outcome, Ppo, Reward, Search, Start};

use super::synthetic::Worth;

fn start() -> Start {
    Start { version: 1, search: serde_json::json!({"strategy": "controller", "space": "paper"}), seed: 3 }
}

fn new() -> Search {
    let space = SearchSpace::paper();
    let controller = Controller::new(&space, Ppo { rate: 1e-2, steps: 1, ..Ppo::WARM }, 3);
    Search::new(space, Box::new(controller), Reward::ACCURACY, 3)
}

fn open(path: &Path) -> Search {
    new().with_journal(path, &start()).unwrap()
}

/// Takes a batch to its end, with the outcomes in an order of their own.
fn batch(search: &mut Search, jobs: &[Job]) {
    let worth = Worth::new(&SearchSpace::paper(), 3);
    let outcomes: Vec<Outcome> = jobs.iter().rev().map(|job| worth.outcome(job)).collect();
    search.learn(outcomes).unwrap();
}

/// The journal of four batches, without a stop.
fn whole() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let mut search = open(&path);
    for _ in 0..4 {
        let jobs = search.propose(10).unwrap();
        batch(&mut search, &jobs);
    }
    fs::read(path).unwrap()
}

#[test]
fn a_search_continues_wherever_it_was_cut_off() {
    let whole = whole();
    let folder = tempfile::tempdir().unwrap();
    for part in 0..=10 {
        let path = folder.path().join(format!("journal{part}"));
        // In the middle of a line, mostly.
        fs::write(&path, &whole[..whole.len() * part / 10]).unwrap();
        let mut search = open(&path);
        while search.done() < 40 {
            let mut jobs = search.pending();
            // A batch that was handed out in part only is filled up.
            let more = search.jobs().len().next_multiple_of(10) - search.jobs().len();
            jobs.extend(search.propose(if jobs.is_empty() && more == 0 { 10 } else { more }).unwrap());
            batch(&mut search, &jobs);
        }
        let jobs = |bytes: &[u8]| -> Vec<String> {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            text.lines().filter(|line| line.contains("\"job\"")).map(ToString::to_string).collect()
        };
        assert_eq!(jobs(&fs::read(&path).unwrap()), jobs(&whole), "{part}");
    }
}

#[test]
fn a_journal_of_another_search_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    drop(open(&path));
    let other = Start { seed: 4, ..start() };
    let refused = new().with_journal(&path, &other).err().unwrap().to_string();
    assert!(refused.ends_with("it is of another search: seed is 3, and 4 was expected"), "{refused}");
    let space = Start { search: serde_json::json!({"strategy": "controller", "size": 7}), ..start() };
    let refused = new().with_journal(&path, &space).err().unwrap().to_string();
    let differences = "search.size is null, and 7 was expected; search.space is \"paper\", and null was expected";
    assert!(refused.ends_with(differences), "{refused}");
    let held = open(&path);
    let refused = new().with_journal(&path, &start()).err().unwrap().to_string();
    assert!(refused.contains("another search has it open"), "{refused}");
    drop(held);
    for (text, expected) in
        [("no journal\n", "line 1: "), ("a\nb", "line 1: "), ("mine", "it is no journal, and is left")]
    {
        fs::write(&path, text).unwrap();
        let refused = new().with_journal(&path, &start()).err().unwrap().to_string();
        assert!(refused.contains(expected), "{refused}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn lines_that_fit_nothing_are_refused_by_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let whole = String::from_utf8(whole()).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let cases: [(Vec<&str>, &str); 4] = [
        (vec![lines[0], lines[2]], "line 2: expected job 0, got 1"),
        (
            vec![lines[0], r#"{"outcome":{"id":7,"accuracy":0.5,"loss":1.0,"seconds":1.0}}"#],
            "line 2: job 7 was not proposed",
        ),
        (vec![lines[0], lines[1], lines[11], lines[11]], "was not proposed"),
        (
            vec![lines[0], r#"{"job":{"id":0,"tokens":[99],"seed":1,"log_probability":0.0}}"#],
            "expected 30 tokens, got 1",
        ),
    ];
    for (lines, expected) in cases {
        fs::write(&path, lines.join("\n") + "\n").unwrap();
        let refused = new().with_journal(&path, &start()).err().unwrap().to_string();
        assert!(refused.contains(expected), "{refused}");
    }
}

#[test]
fn outcomes_that_fit_no_job_are_refused() {
    let mut search = new();
    let outcome = |id, accuracy| Outcome { id, accuracy, loss: 1.0, seconds: 0.0 };
    search.propose(3).unwrap();
    search.learn([outcome(1, Some(0.5))]).unwrap();
    assert_eq!(search.learn([outcome(1, None)]).unwrap_err().to_string(), "outcome: job 1 has an outcome already");
    assert_eq!(search.learn([outcome(9, None)]).unwrap_err().to_string(), "outcome: job 9 was not proposed");
    for (accuracy, loss, expected) in [
        (f64::NAN, 1.0, "outcome: job 2: the accuracy NaN is outside 0..=1"),
        (-5.0, 1.0, "outcome: job 2: the accuracy -5 is outside 0..=1"),
        (0.5, f64::NAN, "outcome: job 2: the loss NaN is no number, or above 1e9"),
        (0.5, -1e300, "is no number, or above 1e9"),
    ] {
        let refused = search.learn([Outcome { loss, ..outcome(2, Some(accuracy)) }]).unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
    }
    search.learn([outcome(0, None), outcome(2, None)]).unwrap();
    assert_eq!(search.best(5).iter().map(|(job, _)| job.id).collect::<Vec<_>>(), [1]);
    assert_eq!(search.pending(), []);
}
