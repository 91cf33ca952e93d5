//! Browser: the kernels through a second compiler, Tint, and a second implementation of WebGPU, in headless Chromium.
//!
//! Batches are planned as for wgpu, with the same code, and written down; a page runs them and posts the bytes, which
//! must be the CPU executor's. Needs `chromium` on the path or `AUTOAUGMENT_CHROMIUM`; where neither is there the tests
//! say that they were skipped, and fail if `AUTOAUGMENT_REQUIRE_CHROMIUM=1`.
//!
//! To run all batches takes six minutes. So by default a part is run, and the kernels of the others are compiled.
//! `AUTOAUGMENT_CHROMIUM_ALL=1` asks for all.

mod chromium;
mod recording;

use chromium::Session;
use recording::Recordings;

use super::planned::{Planned, cases, coverage, texts};
use super::variants;

/// Of the batches, one of so many is run by default.
const RUN: usize = 3;
/// Of the kernels that no batch has, one of so many is compiled by default.
const COMPILED: usize = 8;

/// One line for each thing that went wrong.
fn failures(recordings: &Recordings, cases: &[Planned], session: &Session) -> Vec<String> {
    let mut failures = session.failures.clone();
    let message = |(shader, text): &(usize, String)| format!("Tint: {text}\n  in {}", recordings.label(*shader));
    failures.extend(session.messages.iter().map(message));
    for (number, planned) in cases.iter().enumerate() {
        let name = &planned.case.name;
        match session.results.get(&number) {
            None => failures.push(format!("{name}: no result")),
            Some(got) => {
                let differences = planned.differences(got);
                if let Some(first) = differences.first() {
                    failures.push(format!("{name}: {} images differ; {first}", differences.len()));
                }
            }
        }
    }
    failures
}

#[test]
fn chromium_computes_the_same_bytes() {
    let planned = cases::planned();
    assert_eq!(coverage::left_out(&planned), [""; 0]);
    let Some(chromium) = chromium::find() else { return };
    let all = std::env::var("AUTOAUGMENT_CHROMIUM_ALL").is_ok_and(|value| value == "1");
    let [run, compiled] = if all { [1; 2] } else { [RUN, COMPILED] };
    let mut recordings = Recordings::default();
    let (mut cases, mut others) = (Vec::new(), Vec::new());
    for (i, planned) in planned.into_iter().enumerate() {
        if i % run == 0 { cases.push(planned) } else { others.push(planned) }
    }
    cases.iter().for_each(|planned| recordings.case(planned));
    for text in texts(&others) {
        recordings.shader("a batch that is not run", text);
    }
    for (text, variant) in variants::every().into_iter().step_by(compiled) {
        recordings.shader(&format!("{variant:?}"), &text);
    }
    for (text, variant) in variants::every_mix() {
        recordings.shader(&format!("{variant:?}"), &text);
    }
    println!("{} cases, {} kernels, {} bytes", cases.len(), recordings.shaders(), recordings.bytes.len());
    let session = chromium::run(&chromium, &recordings);
    println!("{}", session.notes.join("\n"));
    let failures = failures(&recordings, &cases, &session);
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}

/// The page must report what Tint and the device refuse, and the comparison a single wrong byte.
#[test]
fn what_goes_wrong_in_chromium_is_reported() {
    let Some(chromium) = chromium::find() else { return };
    let mut recordings = Recordings::default();
    let mut cases = [cases::tiny(), cases::tiny(), cases::tiny()].map(Planned::of);
    cases.iter().for_each(|planned| recordings.case(planned));
    // What naga lets pass: a barrier that hangs on a private variable.
    let divergent = "var<private> p: u32;
        @compute @workgroup_size(4) fn f() { if (p == 1u) { workgroupBarrier(); } }";
    naga::front::wgsl::parse_str(divergent).unwrap();
    recordings.shader("divergent", divergent);
    recordings.change_case(1, |case| case["steps"][0]["grid"] = serde_json::json!([70000, 1, 1]));
    cases[2].expected.flip_first_byte();
    let session = chromium::run(&chromium, &recordings);
    let failures = failures(&recordings, &cases, &session).join("\n");
    for part in [
        "reading from module-scope private variable",
        "70000",
        "tiny: no result",
        "tiny: 1 images differ; image 0: 1 of 60, first at value 0: CPU 241 GPU 240: Invert + Posterize(bits=4)",
    ] {
        assert!(failures.contains(part), "{part} is not in\n{failures}");
    }
}
