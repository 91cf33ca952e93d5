//! The GPU without blocking: futures that any executor runs, several at a time, and the bytes of the blocking calls.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use autoaugment::gpu::Grouping;
use autoaugment::{
    Augmenter, Device, Error, Executor, Gpu, Layout, Normalize, Output, Plan, Policy, Report, Result, Sampler, Shape,
    Tensor, TensorData,
};

use crate::support::batches::{batch_of, differences, drawn, rgb};
use crate::support::gpu::{gpu, gpu_with, on_cpu};

const F16: Output = Output::f16(Layout::Nchw, Normalize::IMAGENET);

/// A future that may go to another thread, as an executor with several threads needs it.
type Task<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// Runs all of them at the same time: whenever one is woken, each that is not done is polled.
async fn joined<T>(mut tasks: Vec<Task<'_, T>>) -> Vec<Result<T>> {
    let mut results: Vec<Option<Result<T>>> = tasks.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (task, result) in tasks.iter_mut().zip(&mut results) {
            if result.is_none()
                && let Poll::Ready(value) = task.as_mut().poll(context)
            {
                *result = Some(value);
            }
        }
        if results.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    results.into_iter().flatten().collect()
}

/// A batch, its plan, and what must come of it.
fn case(shape: Shape, seed: u64, output: &Output) -> (autoaugment::Batch<'static>, Plan, TensorData) {
    let batch = batch_of(shape, Layout::Nhwc, seed);
    let plan = drawn(Policy::imagenet(), shape, seed);
    let expected = on_cpu(&batch, &plan, output);
    (batch, plan, expected)
}

#[test]
fn two_batches_in_flight_have_the_bytes_of_one_after_the_other() {
    let Some(gpu) = gpu() else { return };
    let shape = rgb(20, 40, 33);
    for output in [Output::u8(), F16] {
        let cases = [1, 2].map(|seed| case(shape, seed, &output));
        // How many have begun and are not done.
        let (under_way, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let task = |(batch, plan, _): &(autoaugment::Batch<'static>, Plan, TensorData)| {
            let (gpu, batch, plan) = (gpu.clone(), batch.clone(), plan.clone());
            let (under_way, most) = (&under_way, &most);
            Box::pin(async move {
                let pending = gpu.begin_async(&batch, &plan, &output).await?;
                most.fetch_max(under_way.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                let result = pending.fetch().await;
                under_way.fetch_sub(1, Ordering::Relaxed);
                result
            }) as Task<'_, (Tensor, Report)>
        };
        // `pollster` has no thread and knows nothing of devices: it sleeps until it is woken.
        let results = pollster::block_on(joined(cases.iter().map(task).collect()));
        assert_eq!(most.load(Ordering::Relaxed), 2, "both were begun before one was done");
        for ((_, plan, expected), result) in cases.iter().zip(results) {
            let (tensor, report) = result.unwrap();
            assert_eq!(differences(shape, plan, expected, &tensor.data), [""; 0]);
            assert_eq!((report.images, report.chunks), (20, 1));
        }
    }
}

/// Each batch has new tables, which one batch at a time sends, and several chunks, of which two are under way at a
/// time.
#[test]
fn many_batches_share_tables_and_staging() {
    let Some(gpu) = gpu_with(|limits| limits.max_storage_buffer_binding_size = 1 << 17) else { return };
    let shape = rgb(40, 40, 40);
    let batch = batch_of(shape, Layout::Nhwc, 3);
    let sampler = Sampler::new("rand-m9-mstd0.5".parse::<autoaugment::Scheme>().unwrap(), 5).unwrap();
    let plans: Vec<Plan> =
        (0..6).map(|epoch| sampler.plan(shape, epoch, &(0..40).collect::<Vec<_>>()).unwrap()).collect();
    let task = |plan| Box::pin(gpu.apply_async(&batch, plan, &F16)) as Task<'_, (Tensor, Report)>;
    let results = pollster::block_on(joined(plans.iter().map(task).collect()));
    for (plan, result) in plans.iter().zip(results) {
        let (tensor, report) = result.unwrap();
        assert_eq!(differences(shape, plan, &on_cpu(&batch, plan, &F16), &tensor.data), [""; 0]);
        assert!(report.chunks > 1, "{report:?}");
    }
}

#[test]
fn everything_opens_and_runs_without_blocking() {
    let Some(_) = gpu() else { return };
    let shape = rgb(6, 8, 8);
    let (batch, plan, expected) = case(shape, 4, &Output::u8());
    let all: Task<'_, ()> = Box::pin(async {
        let gpu = Gpu::new_async().await?.grouping(Grouping::Whole);
        let named = Gpu::with_adapter_async(&gpu.adapter().name).await?;
        assert_eq!(named.adapter(), gpu.adapter());
        let sent = gpu.upload_async(&batch).await?;
        let (there, _) = gpu.apply_resident_async(&sent, &plan, &Output::u8()).await?;
        assert_eq!(gpu.download_async(&there).await?.data, expected);
        for device in [Device::Gpu, Device::Cpu] {
            let executor = Executor::new_async(device).await?;
            assert_eq!(executor.apply_async(&batch, &plan, &Output::u8()).await?.0.data, expected);
        }
        let augmenter = Augmenter::builder(Policy::cifar10()).seed(3).gpu(gpu).build_async().await?;
        let augmented = augmenter.augment_async(&batch, 0, &[0, 1, 2, 3, 4, 5]).await?;
        assert_eq!(augmented.tensor.data, on_cpu(&batch, &augmented.plan, &Output::u8()));
        Ok(())
    });
    pollster::block_on(all).unwrap();
}

/// A future that is dropped before it is done takes only its own batch along.
#[test]
fn who_gives_up_disturbs_nobody() {
    let Some(gpu) = gpu() else { return };
    let shape = rgb(20, 40, 33);
    let (batch, plan, expected) = case(shape, 6, &Output::u8());
    let output = Output::u8();
    for polls in 0..4 {
        let mut given_up = Box::pin(gpu.apply_async(&batch, &plan, &output));
        pollster::block_on(async {
            for _ in 0..polls {
                let polled = poll_fn(|context| Poll::Ready(given_up.as_mut().poll(context))).await;
                if polled.is_ready() {
                    return;
                }
            }
        });
    }
    let (tensor, _) = gpu.apply(&batch, &plan, &Output::u8()).unwrap();
    assert_eq!(differences(shape, &plan, &expected, &tensor.data), [""; 0]);
}

/// A future that is not polled for a while, at whatever place, keeps no other user of the device waiting.
#[test]
fn who_pauses_keeps_nobody_waiting() {
    let Some(gpu) = gpu() else { return };
    let shape = rgb(20, 40, 33);
    let output = Output::u8();
    let batch = batch_of(shape, Layout::Nhwc, 8);
    // Continuous magnitudes: each plan has blends that no table has yet.
    let sampler = Sampler::new("rand-m9-mstd0.5".parse::<autoaugment::Scheme>().unwrap(), 9).unwrap();
    let plans: Vec<Plan> =
        (0..16).map(|epoch| sampler.plan(shape, epoch, &(0..20).collect::<Vec<_>>()).unwrap()).collect();
    for (polls, plans) in plans.chunks(2).enumerate() {
        let mut paused = Box::pin(gpu.apply_async(&batch, &plans[0], &output));
        let mut done = None;
        for _ in 0..polls {
            let polled = pollster::block_on(poll_fn(|context| Poll::Ready(paused.as_mut().poll(context))));
            if let Poll::Ready(result) = polled {
                done = Some(result);
                break;
            }
        }
        let (other, _) = gpu.apply(&batch, &plans[1], &output).unwrap();
        assert_eq!(differences(shape, &plans[1], &on_cpu(&batch, &plans[1], &output), &other.data), [""; 0]);
        let (own, _) = done.unwrap_or_else(|| pollster::block_on(paused)).unwrap();
        assert_eq!(differences(shape, &plans[0], &on_cpu(&batch, &plans[0], &output), &own.data), [""; 0]);
    }
}

#[test]
fn a_lost_device_ends_what_waits_for_it() {
    let Some(gpu) = gpu() else { return };
    let shape = rgb(4, 8, 8);
    let (batch, plan, expected) = case(shape, 7, &Output::u8());
    let lost = async {
        let pending = gpu.begin_async(&batch, &plan, &Output::u8()).await?;
        gpu.device().destroy();
        // Whether it was done before is a matter of time; if not, that is an error.
        match pending.fetch().await {
            Ok((tensor, _)) => assert_eq!(tensor.data, expected),
            Err(error) => assert!(matches!(error, Error::DeviceLost(_)), "{error}"),
        }
        gpu.apply_async(&batch, &plan, &Output::u8()).await
    };
    let error = pollster::block_on(lost).unwrap_err();
    assert!(matches!(error, Error::DeviceLost(_)), "{error}");
}
