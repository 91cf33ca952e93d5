//! Attacks: hostile files, calls and surroundings, each with how the command line has to end and what it may leave.
//!
//! Every row runs the program under a limit of memory and time. `--nocapture` prints the peak memory of each.

#![cfg(target_os = "linux")]

mod environment;
mod files;
mod images;
mod kills;
mod names;
mod outputs;
mod row;
mod sizes;
mod special_files;
mod texts;

use row::Row;

#[test]
fn every_attack_ends_as_documented() {
    let groups = [
        images::rows(),
        special_files::rows(),
        sizes::rows(),
        outputs::rows(),
        names::rows(),
        texts::rows(),
        environment::rows(),
    ];
    let rows: Vec<Row> = groups.into_iter().flatten().collect();
    assert!(rows.len() >= 150, "{} rows", rows.len());
    row::run_all(&rows);
}
