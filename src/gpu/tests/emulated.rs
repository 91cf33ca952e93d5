//! Emulated: the kernels as CUDA C++, run on the host by a fiber for each thread. The bytes must be the CPU executor's.

use std::collections::{BTreeMap, HashMap};

use super::planned::{Case, Got, Planned, cases, coverage, texts};
use crate::cuda::emulator::{self, Bound, Memory};
use crate::cuda::source::{CudaSource, translate};
use crate::gpu::compile::commands::{PARAMETERS_STRIDE, Role};

/// The kernels of these cases, by their WGSL.
fn translated(planned: &[Planned]) -> BTreeMap<&str, CudaSource> {
    texts(planned).into_iter().map(|text| (text, translate(text).unwrap_or_else(|e| panic!("{e}\n{text}")))).collect()
}

/// Runs a case as CUDA would.
fn run(planned: &Planned, sources: &BTreeMap<&str, CudaSource>) -> Result<Got, String> {
    let buffers = planned.buffers.iter().map(|(role, bytes)| (*role, (Memory::new(bytes), bytes.len())));
    let mut buffers: HashMap<Role, (Memory, usize)> = buffers.collect();
    for step in &planned.steps {
        let bound = step.bindings.iter().map(|&(binding, role)| {
            let (memory, bytes) = &buffers[&role];
            let (from, bytes) =
                if role == Role::Parameters { (step.parameters_at, PARAMETERS_STRIDE) } else { (0, *bytes) };
            Bound { binding, memory, from, bytes }
        });
        emulator::run(&sources[&*step.text], step.grid, &bound.collect::<Vec<_>>()).map_err(|e| {
            let sizes: Vec<_> = step.bindings.iter().map(|(_, role)| (role, buffers[role].1)).collect();
            format!("{e}\n  in {:?} with {sizes:?}", step.kernel)
        })?;
    }
    let (memory, bytes) = buffers.get_mut(&Role::Destination).ok_or("nothing to write to")?;
    Ok(Got(memory.bytes(*bytes)))
}

/// One line for each case that went wrong.
fn failures(planned: &[Planned]) -> Vec<String> {
    let sources = translated(planned);
    let all: Vec<CudaSource> = sources.values().cloned().collect();
    emulator::compile(&all).unwrap();
    let failure = |planned: &Planned| match run(planned, &sources) {
        Ok(got) => {
            let differences = planned.differences(&got);
            let first = differences.first()?;
            Some(format!("{}: {} images differ; {first}", planned.case.name, differences.len()))
        }
        Err(error) => Some(format!("{}: {error}", planned.case.name)),
    };
    planned.iter().filter_map(failure).collect()
}

#[test]
fn every_kernel_computes_the_same_bytes_as_cuda() {
    let mut planned = cases::planned();
    assert_eq!(coverage::left_out(&planned), [""; 0]);
    planned.extend(cases::more().into_iter().map(Planned::of));
    let failures = failures(&planned);
    let images: usize = planned.iter().map(|planned| planned.case.batch.shape().images).sum();
    let bytes: usize = planned.iter().map(|planned| planned.case.batch.data().len()).sum();
    let steps: usize = planned.iter().map(|planned| planned.steps.len()).sum();
    let kernels = texts(&planned).len();
    println!("{} batches, {images} images, {bytes} bytes, {steps} dispatches of {kernels} kernels", planned.len());
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}

/// The test above must be able to fail: by a wrong kernel, and by a buffer that is too short.
#[test]
fn what_goes_wrong_in_cuda_is_reported() {
    let spoiled = |change: fn(&mut Planned)| {
        let mut planned = Planned::of(Case { name: "tiny".to_string(), ..cases::tiny() });
        change(&mut planned);
        failures(&[planned]).join("\n")
    };
    assert_eq!(spoiled(|_| {}), "");
    let wrong = spoiled(|planned| {
        let text = &mut planned.steps[0].text;
        *text = text.replace("return 255u - value", "return 254u - value");
    });
    assert!(wrong.starts_with("tiny: 3 images differ; image 0: "), "{wrong}");
    let short = spoiled(|planned| {
        let source = planned.buffers.iter_mut().find(|(role, _)| *role == Role::Source);
        source.unwrap().1.truncate(64);
    });
    assert!(short.starts_with("tiny: index 16 of 16 in "), "{short}");
}
