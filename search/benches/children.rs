//! Children: the CPU time of a search as it is recommended, and what it goes to.
//!
//! Images are noise of Fashion-MNIST's form, since contents change no time. Policies are random ones. Only the CPU time
//! of this process counts, so that other programs matter little.

use std::fs;
use std::hint::black_box;

use autoaugment::loader::{self, ColorMode};
use autoaugment::policy::SearchSpace;
use autoaugment::{Batch, Device, Executor, Layout, Output, Sampler, Shape, Tensor, Transform};
use autoaugment_search::{Child, Controller, Images, Micro, MicroChild, Outcome, Ppo, Reward, Search};
use cpu_time::{ProcessTime, ThreadTime};
use image::ExtendedColorType;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const IMAGES: usize = 512;
const VALIDATION: usize = 5000;
/// Children that are measured, and those of a whole search, with those that try the best again.
const MEASURED: u64 = 6;
const CHILDREN: u64 = 400 + 60;

fn main() -> anyhow::Result<()> {
    let controller = controller()?;
    println!(
        "| images | children | CPU-seconds of a search | decoding | augmentation | training | judging | controller |\n\
         {}|",
        "|--".repeat(8)
    );
    for (side, channels) in [(28, 1), (32, 3)] {
        let all = noise(IMAGES + VALIDATION, side, channels)?;
        let decoding = decoding(&all)?;
        let (training, validation) = all.divided(IMAGES, VALIDATION, 1)?;
        for (name, settings) in [("warm", Micro::WARM), ("fresh", Micro::FRESH)] {
            let Parts { shared, augmentation, training, judging } = measured(settings, &training, &validation)?;
            let of_all = |seconds: f64| seconds * CHILDREN as f64;
            let parts = [decoding, of_all(augmentation), shared + of_all(training), of_all(judging), controller];
            let sum: f64 = parts.iter().sum();
            print!("| {side} x {side} x {channels} | {name} | {sum:.0} |");
            parts.iter().for_each(|part| print!(" {part:.1} s, {:.1} % |", 100.0 * part / sum));
            println!();
        }
    }
    Ok(())
}

/// The CPU-seconds of the epochs that children share, and of a child.
struct Parts {
    shared: f64,
    augmentation: f64,
    training: f64,
    judging: f64,
}

fn measured(settings: Micro, training: &Images, validation: &Images) -> anyhow::Result<Parts> {
    let space = SearchSpace::paper();
    let transform = |number| anyhow::Ok(Transform::from(space.policy(&space.random(1, number))?));
    let clock = ProcessTime::now();
    let child = MicroChild::new(settings, training.clone(), validation.clone(), 1)?;
    let shared = clock.elapsed().as_secs_f64();
    let clock = ProcessTime::now();
    for number in 0..MEASURED {
        black_box(child.train(&transform(number)?, number)?);
    }
    let each = clock.elapsed().as_secs_f64() / MEASURED as f64;
    let augmentation = augmentation(training, settings.epochs, &transform)?;
    // A child of one epoch has judged as much.
    let short =
        MicroChild::new(Micro { epochs: 1, warm_epochs: 0, ..settings }, training.clone(), validation.clone(), 1)?;
    let clock = ProcessTime::now();
    for number in 0..MEASURED {
        black_box(short.train(&Transform::new(), number)?);
    }
    let judging = clock.elapsed().as_secs_f64() / MEASURED as f64 - each / settings.epochs as f64;
    Ok(Parts { shared, augmentation, training: each - judging - augmentation, judging })
}

/// The CPU-seconds of decoding the images as PNG files, which a search does once.
fn decoding(images: &Images) -> anyhow::Result<f64> {
    let folder = tempfile::tempdir()?;
    let (side, channels) = (images.side, images.channels);
    let color = if channels == 1 { ExtendedColorType::L8 } else { ExtendedColorType::Rgb8 };
    for (index, (pixels, label)) in images.pixels.chunks_exact(side * side * channels).zip(&images.labels).enumerate() {
        let class = folder.path().join(label.to_string());
        fs::create_dir_all(&class)?;
        image::save_buffer(class.join(format!("{index}.png")), pixels, side as u32, side as u32, color)?;
    }
    let clock = ThreadTime::now();
    let dataset = loader::open([folder.path()])?;
    let mut pixels = vec![0; side * side * channels];
    let mode = if channels == 1 { ColorMode::GrayOnly } else { ColorMode::Rgb };
    for index in 0..dataset.len() {
        dataset.read(index)?.decode_into(mode, &mut pixels)?;
        black_box(&pixels);
    }
    Ok(clock.elapsed().as_secs_f64())
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
