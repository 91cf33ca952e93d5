//! Browser: the kernels through a second compiler, Tint, and a second implementation of WebGPU, in headless Chromium.
//!
//! Batches are planned as for wgpu, with the same code, and written down; a page runs them and posts the bytes, which
//! must be the CPU executor's. Needs `chromium` on the path or `AUTOAUGMENT_CHROMIUM`; where neither is there the tests
//! say that they were skipped, and fail if `AUTOAUGMENT_REQUIRE_CHROMIUM=1`.

mod cases;
mod chromium;
mod coverage;
mod recording;

use chromium::Session;
use recording::{Case, Expected, Got, Recordings};

use super::variants;
use crate::{Batch, Layout, Output, Plan, Shape};

/// One line for each thing that went wrong.
fn failures(recordings: &Recordings, cases: &[(Case, Expected)], session: &Session) -> Vec<String> {
    let mut failures = session.failures.clone();
    let message = |(shader, text): &(usize, String)| format!("Tint: {text}\n  in {}", recordings.label(*shader));
    failures.extend(session.messages.iter().map(message));
    for (number, (case, expected)) in cases.iter().enumerate() {
        match session.results.get(&number) {
            None => failures.push(format!("{}: no result", case.name)),
            Some(got) => {
                let differences = expected.differences(case, got);
                if let Some(first) = differences.first() {
                    failures.push(format!("{}: {} images differ; {first}", case.name, differences.len()));
                }
            }
        }
    }
    failures
}

fn record(recordings: &mut Recordings, cases: Vec<Case>) -> Vec<(Case, Expected)> {
    let pair = |case: Case| {
        let expected = recordings.case(&case);
        (case, expected)
    };
    cases.into_iter().map(pair).collect()
}

/// A case that takes no time.
fn tiny() -> Case {
    let shape = Shape { images: 3, height: 4, width: 5, channels: 3 };
    Case {
        name: "tiny".to_string(),
        batch: Batch::new((0..180).collect::<Vec<u8>>(), shape, Layout::Nhwc).unwrap(),
        plan: Plan::uniform(3, vec!["Invert".parse().unwrap(), "Posterize(bits=4)".parse().unwrap()]),
        output: Output::u8(),
        grouping: crate::gpu::Grouping::Auto,
        shift: 4,
    }
}

#[test]
fn chromium_computes_the_same_bytes() {
    let mut recordings = Recordings::default();
    let mut cases = record(&mut recordings, cases::all());
    for (case, mix) in cases::mixed() {
        let expected = recordings.mix(&case, &mix);
        cases.push((case, expected));
    }
    assert_eq!(coverage::left_out(&recordings, &cases), [""; 0]);
    let Some(chromium) = chromium::find() else { return };
    for (text, variant) in variants::every() {
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
    let mut cases = record(&mut recordings, vec![tiny(), tiny(), tiny()]);
    // What naga lets pass: a barrier that hangs on a private variable.
    let divergent = "var<private> p: u32;
        @compute @workgroup_size(4) fn f() { if (p == 1u) { workgroupBarrier(); } }";
    naga::front::wgsl::parse_str(divergent).unwrap();
    recordings.shader("divergent", divergent);
    recordings.change_case(1, |case| case["steps"][0]["grid"] = serde_json::json!([70000, 1, 1]));
    cases[2].1.flip_first_byte();
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

#[test]
fn a_single_wrong_byte_is_reported() {
    let case = tiny();
    let expected = Recordings::default().case(&case);
    assert_eq!(expected.differences(&case, &expected.as_got()), [""; 0]);
    let with = |at: usize| {
        let Got(mut bytes) = expected.as_got();
        bytes[at] ^= 1;
        expected.differences(&case, &Got(bytes))
    };
    assert_eq!(with(64), ["image 1: 1 of 60, first at value 0: CPU 192 GPU 193: Invert + Posterize(bits=4)"]);
    assert_eq!(with(3), ["byte 3 of the destination is outside the images and was written"]);
    assert_eq!(with(184), ["byte 184 of the destination is outside the images and was written"]);
    assert_eq!(expected.differences(&case, &Got(vec![])), ["0 bytes and not 192"]);
}
