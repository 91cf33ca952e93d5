//! Ours: the loader as one of the workers that `benches/files/run.py` compares.
//!
//! It reads requests and writes answers, a line of JSON each, as the workers in Python do; `workers/epochs.py` says
//! what they are. Before anything is timed, the first batches of each source are compared with the images decoded whole
//! and augmented by hand.

use std::collections::HashMap;
use std::error::Error;
use std::hint::black_box;
use std::io::{BufRead, IsTerminal, Write};
use std::sync::Arc;
use std::time::Instant;

use autoaugment::loader::{ColorMode, Dataset, ImageFolder, LoadedBatch, Loader, TarShards};
use autoaugment::transform::Recipe;
use autoaugment::{Augmenter, Device, Layout, Output, Place, Policy, RaggedBatch};
use cpu_time::ProcessTime;
use serde_json::{Value, json};

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

/// How many batches are compared with images augmented by hand.
const COMPARED: usize = 2;

fn main() -> Result<()> {
    if std::io::stdin().is_terminal() {
        println!("this is the worker of benches/files/run.py, which sends it requests: python3 benches/files/run.py");
        return Ok(());
    }
    let mut worker = Worker::default();
    answer(&json!({"versions": concat!("autoaugment ", env!("CARGO_PKG_VERSION"))}))?;
    for line in std::io::stdin().lock().lines() {
        answer(&worker.answer(&serde_json::from_str(&line?)?)?)?;
    }
    Ok(())
}

fn answer(answer: &Value) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{answer}")?;
    Ok(out.flush()?)
}

#[derive(Default)]
struct Worker {
    /// The data sets by source, with the size of a batch.
    sources: HashMap<String, Arc<dyn Dataset>>,
    batch: usize,
    /// By source and number of threads.
    loaders: HashMap<(String, usize), Loader>,
    /// Counts epochs, so that each has draws of its own.
    epoch: u64,
}

impl Worker {
    fn answer(&mut self, request: &Value) -> Result<Value> {
        match text(request, "do")? {
            "load" => {
                let shards = request["shards"].as_array().ok_or("the request has no shards")?;
                let folder = ImageFolder::open(text(request, "folder")?)?;
                let shards = TarShards::open(shards.iter().filter_map(Value::as_str))?;
                self.batch = number(request, "batch")?;
                self.sources.insert("folder".to_string(), Arc::new(folder));
                self.sources.insert("shards".to_string(), Arc::new(shards));
                Ok(json!({}))
            }
            "check" => self.check(request),
            "run" if request["io"] == "whole" => self.decode(),
            "run" => self.time(request),
            other => Err(format!("no request is called {other}").into()),
        }
    }

    fn loader(&mut self, request: &Value) -> Result<&Loader> {
        let (source, threads) = (text(request, "io")?.to_string(), number(request, "threads")?);
        let dataset = self.sources.get(&source).ok_or("no such source")?.clone();
        let key = (source, threads);
        if !self.loaders.contains_key(&key) {
            let output = Output::f32(Layout::Nchw, Recipe::ImageNet.normalize());
            let transform = Recipe::ImageNet.training().policy(Policy::imagenet());
            let augmenter = Augmenter::builder(transform).device(Device::Cpu).output(output).build()?;
            let loader = Loader::builder(dataset, augmenter).batch_size(self.batch).shuffle(true).threads(threads);
            self.loaders.insert(key.clone(), loader.build()?);
        }
        Ok(&self.loaders[&key])
    }

    /// A sample: one epoch.
    fn time(&mut self, request: &Value) -> Result<Value> {
        self.epoch += 1;
        let epoch = self.epoch;
        let loader = self.loader(request)?;
        let (wall, cpu) = (Instant::now(), ProcessTime::now());
        let mut images = 0;
        for batch in loader.epoch(epoch) {
            images += black_box(batch?).indices.len();
        }
        Ok(json!({"images": images, "wall": wall.elapsed().as_secs_f64(), "cpu": cpu.elapsed().as_secs_f64()}))
    }

    /// Compares the first batches, and gives the mean and the deviation of an epoch's values.
    fn check(&mut self, request: &Value) -> Result<Value> {
        let loader = self.loader(request)?;
        let (mut images, mut values, mut total, mut squares, mut shape) = (0, 0usize, 0.0, 0.0, None);
        for (number, batch) in loader.epoch(0).enumerate() {
            let batch = batch?;
            if number < COMPARED {
                assert_bytes(loader, &batch)?;
            }
            let tensor = batch.images.host().ok_or("the images are not in host memory")?;
            let floats = tensor.data.as_f32().ok_or("the output is not of f32")?;
            shape.get_or_insert([tensor.shape.channels, tensor.shape.height, tensor.shape.width]);
            images += batch.indices.len();
            values += floats.len();
            total += floats.iter().map(|&v| f64::from(v)).sum::<f64>();
            squares += floats.iter().map(|&v| f64::from(v) * f64::from(v)).sum::<f64>();
        }
        let mean = total / values as f64;
        let deviation = (squares / values as f64 - mean * mean).sqrt();
        Ok(json!({"images": images, "shape": shape, "mean": mean, "deviation": deviation}))
    }

    /// A sample of our own decoder alone: all files decoded whole, on one thread and to memory that is there.
    fn decode(&self) -> Result<Value> {
        let dataset = self.sources.get("folder").ok_or("the files are not loaded")?;
        let samples: Vec<_> = (0..dataset.len()).map(|index| dataset.read(index)).collect::<Result<_, _>>()?;
        let mut pixels = Vec::new();
        let (wall, cpu) = (Instant::now(), ProcessTime::now());
        for sample in &samples {
            pixels.resize(sample.size().pixels() * 3, 0);
            sample.decode_into(ColorMode::Rgb, &mut pixels)?;
            black_box(&pixels);
        }
        Ok(json!({"images": samples.len(), "wall": wall.elapsed().as_secs_f64(), "cpu": cpu.elapsed().as_secs_f64()}))
    }
}

/// Nothing is timed that is not right: whole images under the batch's plan give the batch.
fn assert_bytes(loader: &Loader, batch: &LoadedBatch) -> Result<()> {
    let (mut pixels, mut places) = (Vec::new(), Vec::new());
    for &index in &batch.indices {
        let sample = loader.dataset().read(index as usize)?;
        let place = Place { offset: pixels.len(), size: sample.size() };
        pixels.resize(place.offset + place.size.pixels() * 3, 0);
        sample.decode_into(ColorMode::Rgb, &mut pixels[place.offset..])?;
        places.push(place);
    }
    let whole = RaggedBatch::new(pixels, &places, 3)?;
    let (expected, _) = loader.augmenter().apply(&whole, &batch.plan)?;
    assert!(batch.images.host() == Some(&expected), "a batch has other bytes than its images augmented by hand");
    Ok(())
}

fn text<'a>(request: &'a Value, name: &str) -> Result<&'a str> {
    request[name].as_str().ok_or_else(|| format!("the request has no {name}").into())
}

fn number(request: &Value, name: &str) -> Result<usize> {
    Ok(request[name].as_u64().ok_or_else(|| format!("the request has no {name}"))? as usize)
}
