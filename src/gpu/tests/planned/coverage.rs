//! Coverage: whether the cases run all that there is to run.

use std::collections::BTreeSet;
use std::path::Path;

use super::super::variants;
use super::{Planned, Step, StepKernel};
use crate::OpKind;
use crate::gpu::compile::program::{Kinds, StageKind};
use crate::gpu::compile::schedule::Kernel;
use crate::gpu::compile::shader::Variant;

/// Files of `shaders` and their first lines.
fn shader_files(folder: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(shader_files(&path));
        } else {
            let text = std::fs::read_to_string(&path).unwrap();
            files.push((path.display().to_string(), text.lines().next().unwrap_or_default().to_string()));
        }
    }
    files
}

/// What the cases leave out of all that there is.
pub fn left_out(cases: &[Planned]) -> Vec<String> {
    let steps = || cases.iter().flat_map(|planned| &planned.steps);
    let variant = |step: &Step| match &step.kernel {
        StepKernel::Chains(variant) => Some(variant.clone()),
        StepKernel::Mixes(_) => None,
    };
    let run: Vec<Variant> = steps().filter_map(variant).collect();
    let rounds: BTreeSet<u32> = steps().filter_map(|step| step.round).collect();
    let files = shader_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders"));
    assert!(files.len() > 30, "{files:?}");
    let texts = super::texts(cases);
    let mut missing: Vec<String> = files
        .into_iter()
        .filter(|(_, line)| !texts.iter().any(|text| text.contains(line)))
        .map(|(name, _)| name)
        .collect();
    let planned = cases.iter().flat_map(|planned| planned.case.plan.images()).flat_map(|image| &image.ops);
    let planned: BTreeSet<OpKind> = planned.map(|op| op.kind()).collect();
    let depth = cases.iter().map(|planned| planned.case.plan.depth()).max();
    assert_eq!((depth, rounds.len()), (Some(8), 2), "the longest chain and the rounds of statistics");
    missing.extend(
        OpKind::ALL.iter().chain(OpKind::TRANSFORM_ONLY).filter(|op| !planned.contains(op)).map(|op| op.to_string()),
    );
    for kernel in variants::KERNELS {
        let mut kinds = Kinds::default();
        for variant in run.iter().filter(|v| v.kernel == kernel) {
            kinds = kinds.union(variant.kinds);
        }
        let wanted = match kernel {
            Kernel::Statistics(_) => variants::all_kinds().without(StageKind::Interpolated),
            kernel if kernel.only_sums() => Kinds::default(),
            _ => variants::all_kinds(),
        };
        if !wanted.is_within(kinds) {
            missing.push(format!("{kernel:?} with {wanted:?}, only {kinds:?}"));
        }
    }
    for kernel in [
        Kernel::Statistics(0),
        Kernel::MixtureToIntermediate,
        Kernel::Mixture,
        Kernel::ApplyToIntermediate,
        Kernel::Apply,
    ] {
        if !run.iter().any(|v| v.kernel == kernel && v.from_intermediate) {
            missing.push(format!("{kernel:?} from an intermediate image"));
        }
    }
    for kernel in [Kernel::Statistics(0), Kernel::ApplyToIntermediate, Kernel::Apply, Kernel::Small] {
        if !run.iter().any(|v| v.kernel == kernel && v.viewed && v.weighted) {
            missing.push(format!("{kernel:?} of a resized image"));
        }
    }
    for kernel in [Kernel::Apply, Kernel::Mixture, Kernel::Small] {
        for output in variants::LAYOUTS {
            for dtype in variants::DTYPES {
                for whole_quads in [false, true] {
                    let is_it = |v: &Variant| {
                        (v.kernel, v.output, v.dtype, v.whole_quads) == (kernel, output, dtype, whole_quads)
                    };
                    if !run.iter().any(is_it) {
                        missing.push(format!("{kernel:?} to {output:?} {dtype:?}, whole quads {whole_quads}"));
                    }
                }
            }
        }
    }
    missing
}
