//! `search --strategy filter`: which policies it tries, and that its choice is kept.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::folder::Folder;
use crate::searches::{SMALL, data, journal};

const FILTER: &str = "--strategy filter --candidates 24 --children 6 --seeds 0";

/// The policies of a journal as tokens, and its first line.
fn policies(folder: &Folder, name: &str) -> (Vec<Value>, Value) {
    let text = String::from_utf8(folder.read(name)).unwrap();
    let first = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    (journal(folder, name).0.iter().map(|job| job["tokens"].clone()).collect(), first)
}

#[test]
fn a_filter_tries_the_policies_that_it_chose() {
    let folder = data(40);
    folder.run(&format!("search data --out a.json {FILTER} {SMALL}")).ends_with(0).says("after 6 children");
    folder.run(&format!("search data --out all.json --strategy random --children 24 --seeds 0 {SMALL}")).ends_with(0);
    let (chosen, first) = policies(&folder, "a.journal");
    let (candidates, _) = policies(&folder, "all.journal");
    let place = |tokens: &Value| candidates.iter().position(|candidate| candidate == tokens).unwrap() as u64;
    let places: Vec<u64> = chosen.iter().map(place).collect();
    assert_eq!(first["search"]["filter"]["ranked"], serde_json::json!(places));
    assert!(places.len() == 6 && places.iter().any(|place| *place > 5), "{places:?}");
    // An engine gives out the same ones.
    folder.run(&format!("search proxy data --out proxy.json {SMALL}")).ends_with(0);
    folder.run(&format!("search start --proxy proxy.json --journal e.journal {FILTER}")).ends_with(0);
    folder.run("search propose --journal e.journal --count 100").ends_with(0);
    assert_eq!(policies(&folder, "e.journal").0, chosen);
}

#[test]
fn the_choice_of_a_filter_is_in_its_journal() {
    let folder = data(40);
    let call = format!("search data --out a.json --force {FILTER} {SMALL}");
    folder.run(&call).ends_with(0);
    let (chosen, mut first) = policies(&folder, "a.journal");
    // Another choice, which no scores would give, and no children yet.
    first["search"]["filter"]["ranked"].as_array_mut().unwrap().reverse();
    folder.write("a.journal", format!("{first}\n"));
    folder.run(&call).ends_with(0);
    assert_eq!(policies(&folder, "a.journal").0, chosen.into_iter().rev().collect::<Vec<_>>());
    let other = call.replace("24", "25");
    folder.run(&other).ends_with(2).says("search.filter.candidates is 24, and 25 was expected\n");
}

#[test]
fn a_filter_needs_images_and_enough_candidates() {
    let folder = data(40);
    folder.run("search proxy --child true --out program.json").ends_with(0);
    for (call, expected) in [
        ("search data --out p.json --candidates 9", "--candidates is a setting of the strategy filter"),
        (
            "search data --out p.json --strategy filter --candidates 9 --children 10",
            "--candidates 9: these are fewer than the 10 policies to try",
        ),
        (
            "search data --out p.json --strategy filter --children 100001",
            "--children 100001: a filter chooses 100000 policies at most",
        ),
        ("search --child true --out p.json --strategy filter", "--strategy filter looks at images"),
        ("search start --proxy program.json --journal p.json --strategy filter", "--strategy filter looks at images"),
    ] {
        folder.run(call).ends_with(2).says(expected);
        assert!(!folder.exists("p.json") && !folder.exists("p.journal"), "{call}");
    }
}

#[test]
fn a_filter_ends_in_time() {
    let folder = data(40);
    let begin = Instant::now();
    let filter = "--strategy filter --candidates 10000000 --children 1000 --seeds 0 --minutes 0.15";
    folder.run(&format!("search data --out p.json {filter} {SMALL}")).ends_with(0).says("wrote p.json after");
    assert!(begin.elapsed() < Duration::from_secs(60));
}
