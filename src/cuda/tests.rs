//! Whole batches through the engine on the emulator: the CPU executor's bytes, and no memory that is not given back.

use super::driver::{Driver, Part, Stream};
use super::emulator::driver::Emulated;
use super::engine::Engine;
use super::{Cuda, CudaBatch, CudaMemory, apply_into};
use crate::batch::Images;
use crate::gpu::tests::support::batches::differences;
use crate::{
    Batch, Device, Executor, ImageView, Layout, Normalize, Output, Plan, Policy, RaggedBatch, Sampler, Shape, Size,
    Tensor, TensorMut,
};

fn pixels(count: usize) -> Vec<u8> {
    (0..count).map(|i| (i * i / 7 + i * 13) as u8).collect()
}

fn on_cpu<'a>(batch: impl Into<Images<'a>>, plan: &Plan, output: &Output) -> Tensor {
    Executor::new(Device::Cpu).unwrap().apply(batch, plan, output).unwrap().0
}

fn same(plan: &Plan, expected: &Tensor, got: &Tensor) {
    let differences = differences(expected.shape, plan, &expected.data, &got.data);
    assert_eq!(differences, [""; 0]);
}

/// Runs a plan from host memory to host memory, and compares.
fn check_host<'a>(engine: &Engine<Emulated>, batch: impl Into<Images<'a>>, plan: &Plan, output: &Output) {
    let batch = batch.into();
    let expected = on_cpu(batch, plan, output);
    let mut got = expected.clone();
    let memory = TensorMut::from(&mut got.data).into_bytes();
    memory.fill(0x5a);
    let report = engine.through_host(batch, plan.checked_for(&batch).unwrap(), output, memory).unwrap();
    assert_eq!((report.chunks, report.device.as_str(), report.images), (1, "emulator", expected.shape.images));
    assert!(report.dispatches > 0 && report.bytes_uploaded > 0 && report.bytes_downloaded > 0, "{report:?}");
    same(plan, &expected, &got);
    assert_eq!(engine.driver.in_use(), 0);
}

fn policy_plan(policy: Policy, shape: Shape) -> Plan {
    let indices: Vec<u64> = (0..shape.images as u64).collect();
    Sampler::new(policy, 7).unwrap().plan(shape, 0, &indices).unwrap()
}

#[test]
fn batches_in_host_memory_have_the_bytes_of_the_cpu() {
    let engine = Engine::new(Emulated::default());
    let shape = Shape { images: 9, height: 37, width: 45, channels: 3 };
    let batch = Batch::new(pixels(shape.values()), shape, Layout::Nhwc).unwrap();
    let plan = policy_plan(Policy::cifar10(), shape);
    check_host(&engine, &batch, &plan, &Output::u8());
    check_host(&engine, &batch, &plan, &Output::f32(Layout::Nchw, Normalize::IMAGENET));
    let compiled = engine.driver.compiled.lock().unwrap().len();
    // The same kernels serve the next batch.
    check_host(&engine, &batch, &plan, &Output::u8());
    assert_eq!(engine.driver.compiled.lock().unwrap().len(), compiled);
    // Larger than the kernel for small images takes, with statistics and partners.
    let shape = Shape { images: 3, height: 97, width: 131, channels: 3 };
    let batch = Batch::new(pixels(shape.values()), shape, Layout::Nchw).unwrap();
    let ops = ["Equalize", "SamplePairing(weight=0.3, partner=2)", "Rotate(degrees=20, interpolation=bilinear)"];
    let plan = Plan::uniform(3, ops.map(|op| op.parse().unwrap()).to_vec());
    check_host(&engine, &batch, &plan, &Output::u8());
}

#[test]
fn images_of_different_sizes_and_with_gaps_have_the_bytes_of_the_cpu() {
    let engine = Engine::new(Emulated::default());
    let sizes = [(5, 9), (33, 1), (64, 48)].map(|(width, height)| Size { width, height });
    let bytes = sizes.map(|size| 3 * size.pixels()).iter().sum();
    let batch = RaggedBatch::packed(pixels(bytes), &sizes, 3).unwrap();
    let plan = Plan::uniform(3, vec!["Resize(width=20, height=16)".parse().unwrap(), "Invert".parse().unwrap()]);
    check_host(&engine, &batch, &plan, &Output::u8());
    let memory = pixels(50 * 40);
    let views = [0, 1, 7].map(|start| {
        let size = Size { width: 13, height: 30 };
        ImageView::with_row_stride(&memory[start..], size, 3, 50).unwrap()
    });
    let plan = Plan::uniform(3, vec!["Posterize(bits=3)".parse().unwrap()]);
    check_host(&engine, &views, &plan, &Output::u8());
}

/// A batch on the emulator, `shift` bytes behind the begin of its memory, with room for results.
fn resident(engine: &Engine<Emulated>, batch: &Batch<'_>, shift: usize, results: usize) -> [Part; 2] {
    let stream = Stream(0);
    let images = engine.driver.allocate("test", shift + batch.data().len() + 4, stream).unwrap();
    engine
        .driver
        .upload(images, stream, &mut |m| m[shift..][..batch.data().len()].copy_from_slice(batch.data()))
        .unwrap();
    [images, engine.driver.allocate("test", results + 8, stream).unwrap()]
}

#[test]
fn batches_on_the_device_go_to_the_callers_memory_and_nothing_else_changes() {
    let engine = Engine::new(Emulated::default());
    let shape = Shape { images: 5, height: 9, width: 11, channels: 3 };
    let batch = Batch::new(pixels(shape.values()), shape, Layout::Nhwc).unwrap();
    let plan = policy_plan(Policy::imagenet(), shape);
    for (shift, output) in [(0, Output::u8()), (3, Output::f16(Layout::Nchw, Normalize::UNIT))] {
        let expected = on_cpu(&batch, &plan, &output);
        let mut got = expected.clone();
        let bytes = TensorMut::from(&mut got.data).into_bytes();
        let [images, results] = resident(&engine, &batch, shift, bytes.len());
        let from = CudaBatch { address: images.address + shift as u64, shape, layout: Layout::Nhwc };
        let into = CudaMemory { address: results.address + 4, bytes: bytes.len() as u64 };
        let report = apply_into(&engine, &from, &plan, &output, into, 0).unwrap();
        assert_eq!((report.chunks, report.bytes_downloaded), (1, 0));
        let mut all = vec![0; bytes.len() + 8];
        engine.driver.download(results, &mut all, Stream(0)).unwrap();
        assert_eq!((&all[..4], &all[4 + bytes.len()..]), (&[0xa5; 4][..], &[0xa5; 4][..]));
        bytes.copy_from_slice(&all[4..4 + bytes.len()]);
        same(&plan, &expected, &got);
        assert_eq!(engine.driver.in_use(), 2);
        [images, results].into_iter().for_each(|part| engine.driver.free(part, Stream(0)));
    }
}

#[test]
fn memory_that_cannot_be_used_is_refused() {
    let engine = Engine::new(Emulated::default());
    let shape = Shape { images: 2, height: 4, width: 4, channels: 3 };
    let plan = Plan::uniform(2, vec!["Invert".parse().unwrap()]);
    let refused = |from: u64, into: u64, bytes: u64| {
        let batch = CudaBatch { address: from, shape, layout: Layout::Nhwc };
        let into = CudaMemory { address: into, bytes };
        apply_into(&engine, &batch, &plan, &Output::u8(), into, 0).unwrap_err().to_string()
    };
    assert_eq!(refused(64, 1024, 95), "buffer: the results are 96 bytes, and the memory has 95");
    assert_eq!(refused(64, 1026, 96), "buffer: address 0x402 is not a multiple of 4");
    assert_eq!(refused(0, 1024, 96), "buffer: an address is 0");
    assert_eq!(refused(64, 128, 96), "buffer: the results must be in other memory than the batch");
    assert_eq!(refused(u64::MAX - 8, 128, 96), "buffer: the memory goes beyond the last address");
}

/// Each allocation of a batch can be the one that finds no room. The batch is then an error with its size, no memory is
/// held, and the next batch runs.
#[test]
fn memory_that_runs_out_is_an_error_with_its_size_and_the_next_batch_runs() {
    let shape = Shape { images: 2, height: 97, width: 90, channels: 3 };
    let batch = Batch::new(pixels(shape.values()), shape, Layout::Nhwc).unwrap();
    let plan = Plan::uniform(2, ["Equalize", "Rotate(degrees=20)"].map(|op| op.parse().unwrap()).to_vec());
    let mut engine = Engine::new(Emulated::default());
    let refused: Vec<String> = (0..5)
        .map(|most| {
            engine.driver.most = Some(most);
            let checked = plan.checked_for(&(&batch).into()).unwrap();
            let error = engine.through_host((&batch).into(), checked, &Output::u8(), &mut vec![0; shape.values()]);
            assert_eq!(engine.driver.in_use(), 0);
            error.unwrap_err().to_string()
        })
        .collect();
    let parts = ["augmented images", "programs, tables and images", "statistics", "intermediate images"];
    for (message, part) in refused.iter().zip(parts.into_iter().chain(["intermediate images"])) {
        let bytes = message.strip_prefix(&format!("the device is out of memory: {part} need "));
        let bytes = bytes.and_then(|rest| rest.strip_suffix(" bytes")).and_then(|bytes| bytes.parse::<usize>().ok());
        assert!(bytes.is_some_and(|bytes| bytes >= 16), "{part}: {message}");
    }
    assert_eq!(refused[0], format!("the device is out of memory: augmented images need {} bytes", shape.values()));
    engine.driver.most = Some(5);
    check_host(&engine, &batch, &plan, &Output::u8());
}

/// Where there is no CUDA, what is missing is said. Where there is, this test has nothing to say.
#[test]
fn a_machine_without_cuda_is_told_what_to_do() {
    let Err(error) = Cuda::new(0) else { return };
    assert_eq!(super::devices().err(), Some(error.clone()));
    let error = error.to_string();
    let driver = "no usable GPU: CUDA's driver (`libcuda.so.1`) is not there; install NVIDIA's driver, or start the \
                  container with GPUs";
    match super::nvidia::has_driver() {
        false => assert_eq!(error, driver),
        true => assert!(error.starts_with("no usable GPU: "), "{error}"),
    }
}
