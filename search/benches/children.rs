//! Children: the CPU time of a search as it is recommended, and what it goes to.
//!
//! Images are noise of Fashion-MNIST's form, since contents change no time. Policies are random ones. Only the CPU time
//! of this process counts, so that other programs matter little.

use std::hint::black_box;

use autoaugment::policy::SearchSpace;
use autoaugment::{Batch, Device, Executor, Layout, Output, Sampler, Shape, Tensor, Transform};
use autoaugment_search::{Child, Controller, Images, Micro, MicroChild, Outcome, Ppo, Reward, Search};
use cpu_time::{ProcessTime, ThreadTime};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const IMAGES: usize = 512;
const VALIDATION: usize = 5000;
/// Children that are measured, and those of a whole search.
const MEASURED: u64 = 6;
const CHILDREN: u64 = 400;

fn main() -> anyhow::Result<()> {
    for channels in [1, 3] {
        let side = if channels == 1 { 28 } else { 32 };
        println!("{channels} x {side} x {side}");
        measure(side, channels)?;
    }
    let controller = controller()?;
    println!("controller: {controller:.2} CPU-seconds for {CHILDREN} policies");
    Ok(())
}

fn measure(side: usize, channels: usize) -> anyhow::Result<()> {
    let (training, validation) = noise(IMAGES + VALIDATION, side, channels)?.divided(IMAGES, VALIDATION, 1)?;
    let space = SearchSpace::paper();
    let transform = |number| anyhow::Ok(Transform::from(space.policy(&space.random(1, number))?));
    for (name, settings) in [("warm", Micro::WARM), ("fresh", Micro::FRESH)] {
        let clock = ProcessTime::now();
        let child = MicroChild::new(settings, training.clone(), validation.clone(), 1)?;
        let shared = clock.elapsed().as_secs_f64();
        let clock = ProcessTime::now();
        for number in 0..MEASURED {
            black_box(child.train(&transform(number)?, number)?);
        }
        let each = clock.elapsed().as_secs_f64() / MEASURED as f64;
        let augmentation = augmentation(&training, settings.epochs, &transform)?;
        // A child of one step has judged as much.
        let short =
            MicroChild::new(Micro { epochs: 1, warm_epochs: 0, ..settings }, training.clone(), validation.clone(), 1)?;
        let clock = ProcessTime::now();
        for number in 0..MEASURED {
            black_box(short.train(&Transform::new(), number)?);
        }
        let judging = clock.elapsed().as_secs_f64() / MEASURED as f64 - each / settings.epochs as f64;
        let images = (settings.epochs * IMAGES) as f64;
        let part = |seconds: f64| 100.0 * seconds / each;
        println!(
            "{name}: {:.3} CPU-seconds a child, {:.0} for {CHILDREN}; {:.0} training images a CPU-second; augmentation \
             {:.0} %, judging {:.0} %, training {:.0} %",
            each,
            shared + each * CHILDREN as f64,
            images / (each - judging),
            part(augmentation),
            part(judging),
            part(each - judging - augmentation),
        );
    }
    Ok(())
}

/// The CPU-seconds of a child's augmentation alone.
fn augmentation(
    images: &Images,
    epochs: usize,
    transform: &(impl Fn(u64) -> anyhow::Result<Transform> + Sync),
) -> anyhow::Result<f64> {
    let shape = Shape { images: images.len(), height: images.side, width: images.side, channels: images.channels };
    let batch = Batch::new(&images.pixels[..], shape, Layout::Nhwc)?;
    let indices: Vec<u64> = (0..images.len() as u64).collect();
    let executor = Executor::new(Device::Cpu)?;
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    alone.install(|| {
        let mut augmented = Tensor::default();
        let clock = ThreadTime::now();
        for number in 0..MEASURED {
            let sampler = Sampler::new(transform(number)?, number)?;
            for epoch in 0..epochs {
                let plan = sampler.plan(shape, epoch as u64, &indices)?;
                executor.apply_into(&batch, &plan, &Output::u8(), &mut augmented)?;
            }
        }
        Ok(clock.elapsed().as_secs_f64() / MEASURED as f64)
    })
}

/// The CPU-seconds of the controller in a search whose children cost nothing.
fn controller() -> anyhow::Result<f64> {
    let space = SearchSpace::paper();
    let clock = ThreadTime::now();
    let mut search = Search::new(space.clone(), Box::new(Controller::new(&space, Ppo::FAST, 1)), Reward::FAST, 1);
    let mut stream = ChaCha8Rng::seed_from_u64(1);
    while search.done() < CHILDREN as usize {
        for job in search.propose(search.strategy().batch())? {
            search.learn([Outcome { id: job.id, accuracy: Some(stream.random()), loss: 1.0, seconds: 0.0 }])?;
        }
    }
    Ok(clock.elapsed().as_secs_f64())
}

fn noise(count: usize, side: usize, channels: usize) -> anyhow::Result<Images> {
    let mut stream = ChaCha8Rng::seed_from_u64(1);
    let pixels = (0..count * side * side * channels).map(|_| stream.random()).collect();
    Ok(Images::new(pixels, (0..count as u32).map(|image| image % 10).collect(), side, channels, 10)?)
}
