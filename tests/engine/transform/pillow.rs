//! The CPU executor against an installed Pillow: resizing, and chains with crops, flips and resizes.

use std::path::Path;

use autoaugment::{Device, Executor, Output, Plan, RaggedBatch, Size};

use crate::support::chains::{Chains, chains, resizes, some_op};
use crate::support::conformance::{Python, say};

/// What Pillow makes of a batch; with `normalize` as the bytes of binary32, N x C x H x W.
pub fn replayed(
    python: &Python,
    folder: &Path,
    batch: &RaggedBatch<'_>,
    plan: &Plan,
    normalize: Option<&str>,
) -> Vec<u8> {
    let [plan_file, images_file, out_file] = ["plan.json", "images", "out"].map(|f| folder.join(f));
    std::fs::write(&plan_file, plan.to_json()).unwrap();
    let end = batch.sizes().iter().map(|s| s.pixels() * batch.channels()).sum::<usize>();
    assert_eq!(end, batch.data().len(), "the images must be packed");
    std::fs::write(&images_file, batch.data()).unwrap();
    let sizes: Vec<_> = batch.sizes().iter().map(|Size { width, height }| format!("{width}x{height}")).collect();
    let [plan_file, images_file, out] = [&plan_file, &images_file, &out_file].map(|f| f.to_string_lossy().into_owned());
    let mut arguments = vec![plan_file, images_file, "--sizes".into(), sizes.join(",")];
    arguments.extend(["--channels".into(), batch.channels().to_string(), "--out".into(), out]);
    if let Some(normalize) = normalize {
        arguments.extend(["--normalize".into(), normalize.into()]);
    }
    python.run("replay.py", arguments);
    std::fs::read(&out_file).unwrap()
}

/// One line for each image whose bytes differ.
pub fn compare(batch: &RaggedBatch<'_>, plan: &Plan, expected: &[u8], got: &[u8]) -> Vec<String> {
    assert_eq!(expected.len(), got.len());
    let n = expected.len() / plan.images().len();
    let mut lines = Vec::new();
    for (i, image) in plan.images().iter().enumerate() {
        let (e, g) = (&expected[i * n..(i + 1) * n], &got[i * n..(i + 1) * n]);
        if let Some(at) = (0..n).find(|&at| e[at] != g[at]) {
            let wrong = e.iter().zip(g).filter(|(e, g)| e != g).count();
            let ops: Vec<_> = image.ops.iter().map(|op| op.to_string()).collect();
            lines.push(format!(
                "image {i} of {:?}: {wrong} of {n} bytes, first at {at}: expected {} got {}: {}",
                batch.sizes()[i],
                e[at],
                g[at],
                ops.join(" + ")
            ));
        }
    }
    lines
}

/// Runs batches here and by Pillow, and panics with all that differ.
fn compare_all(what: &str, batches: impl Iterator<Item = Chains>) {
    let Some(python) = Python::find_for(what) else { return };
    let folder = tempfile::tempdir().unwrap();
    let executor = Executor::new(Device::Cpu).unwrap();
    let mut images = 0;
    let mut failures = Vec::new();
    for Chains { batch, plan, size } in batches {
        let expected = replayed(&python, folder.path(), &batch, &plan, None);
        // What Pillow ran went through JSON; so does what runs here.
        let plan = Plan::from_json(&plan.to_json()).unwrap();
        let (tensor, _) = executor.apply(&batch, &plan, &Output::u8()).unwrap();
        assert_eq!(tensor.shape.size(), size);
        failures.extend(compare(&batch, &plan, &expected, tensor.data.as_u8().unwrap()));
        images += plan.images().len();
    }
    let count = failures.len();
    failures.truncate(20);
    assert!(count == 0, "{what}: {count} of {images} images differ\n{}", failures.join("\n"));
    say(&format!("{what}: {images} images: 0 differing bytes"));
}

fn seed() -> u64 {
    std::env::var("AUTOAUGMENT_SEED").map_or(7, |text| text.parse().unwrap())
}

#[test]
fn resizing() {
    compare_all("resizing", (0..60).map(|k| resizes(50, [3, 1][k % 2], 1000 * seed() + k as u64)));
}

#[test]
fn chains_of_crops_flips_resizes_and_others() {
    compare_all("framing", (0..40).map(|k| chains(50, [3, 1][k % 2], 5, 1000 * seed() + k as u64, some_op)));
}

#[test]
fn one_differing_byte_is_found() {
    let Chains { batch, plan, .. } = resizes(3, 3, 5);
    let (tensor, _) = Executor::new(Device::Cpu).unwrap().apply(&batch, &plan, &Output::u8()).unwrap();
    let expected = tensor.data.as_u8().unwrap();
    assert!(compare(&batch, &plan, expected, expected).is_empty());
    let mut got = expected.to_vec();
    *got.last_mut().unwrap() ^= 1;
    assert_eq!(compare(&batch, &plan, expected, &got).len(), 1);
}
