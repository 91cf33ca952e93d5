//! Ours: the CPU executor as one of the workers that `benches/peers/run.py` compares.
//!
//! It reads requests and writes answers, a line of JSON each, as the workers in Python do; `workers/protocol.py` says
//! what they are. Besides, it gives the driver the policies and magnitudes that all compute. The bytes are asserted
//! before anything is timed; plans are drawn inside the timed loop, as the other libraries draw inside theirs.

use std::collections::HashMap;
use std::error::Error;
use std::hint::black_box;
use std::io::{BufRead, IsTerminal, Write};
use std::time::{Duration, Instant};

use autoaugment::{
    Batch, Device, Executor, Layout, Op, OpKind, Output, Plan, Policy, Sampler, Shape, Size, Tensor, reference,
};
use cpu_time::ProcessTime;
use memmap2::MmapMut;
use rayon::{ThreadPool, ThreadPoolBuilder};
use serde_json::{Value, json};

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

/// The magnitude of single operations, in the policies' convention.
const MAGNITUDE: u32 = 5;
/// How many images are compared with other libraries'.
const COMPARED: usize = 16;

fn main() -> Result<()> {
    if std::io::stdin().is_terminal() {
        println!("this is the worker of benches/peers/run.py, which sends it requests: python3 benches/peers/run.py");
        return Ok(());
    }
    let mut worker =
        Worker { executor: Executor::new(Device::Cpu)?, images: HashMap::new(), pools: HashMap::new(), epoch: 0 };
    answer(&json!({"versions": concat!("autoaugment ", env!("CARGO_PKG_VERSION"))}))?;
    for line in std::io::stdin().lock().lines() {
        answer(&worker.run(&serde_json::from_str(&line?)?)?)?;
    }
    Ok(())
}

fn answer(answer: &Value) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{answer}")?;
    Ok(out.flush()?)
}

struct Worker {
    executor: Executor,
    /// Sets of images by name.
    images: HashMap<String, Batch<'static>>,
    /// By their number of threads.
    pools: HashMap<usize, ThreadPool>,
    /// Counts batches, so that each has draws of its own.
    epoch: u64,
}

impl Worker {
    fn run(&mut self, request: &Value) -> Result<Value> {
        match text(request, "do")? {
            "tables" => tables(Size { width: number(request, "width")?, height: number(request, "height")? }),
            "load" => {
                let batch = load(text(request, "path")?, request)?;
                self.assert_bytes(&batch)?;
                self.images.insert(text(request, "images")?.to_string(), batch);
                Ok(json!({}))
            }
            "run" => self.time(request),
            "apply" => {
                std::fs::write(text(request, "out")?, self.first(request)?)?;
                Ok(json!({}))
            }
            "compare" => {
                let (got, expected) = (self.first(request)?, std::fs::read(text(request, "with")?)?);
                let differences = || got.iter().zip(&expected).map(|(&a, &b)| u64::from(a.abs_diff(b)));
                let share = |n: u64| n as f64 / expected.len() as f64;
                let off = differences().filter(|&d| d > 1).count() as u64;
                Ok(json!({"mean": share(differences().sum()), "off": share(off)}))
            }
            other => Err(format!("no request is called {other}").into()),
        }
    }

    /// Our own form is the array of bytes. `array` is the whole batch a call into one array that is there; `native` is
    /// the others' best case, calls of a few images whose results may stay in the cache.
    fn time(&mut self, request: &Value) -> Result<Value> {
        let batch = self.images.get(text(request, "images")?).ok_or("no such images")?;
        let shape = batch.shape();
        let test = Test::of(text(request, "test")?, shape)?;
        let seconds = Duration::from_secs_f64(request["seconds"].as_f64().ok_or("the request has no seconds")?);
        let pool = pool(&mut self.pools, number(request, "threads")?)?;
        let together = match text(request, "io")? {
            "native" => pool.current_num_threads() * if shape.width > 64 { 16 } else { 128 },
            _ => shape.images,
        };
        let part = |bytes| {
            let images = <[u8]>::len(bytes) / shape.values_per_image();
            Batch::new(bytes, Shape { images, ..shape }, Layout::Nhwc)
        };
        let parts = batch.data().chunks(together * shape.values_per_image());
        let parts: Vec<Batch<'_>> = parts.map(part).collect::<Result<_, _>>()?;
        let mut parts = parts.iter().cycle();
        let mut tensor = Tensor::default();
        let mut images = 0;
        // A single operation has nothing to draw.
        let mut plan = test.plan(Shape { images: together.min(shape.images), ..shape }, 0)?;
        let (executor, epoch) = (&self.executor, &mut self.epoch);
        let (wall, cpu) = (Instant::now(), ProcessTime::now());
        // In one of the pool's threads, as entering it takes longer than a few small images do.
        let done = pool.install(|| -> Result<(), String> {
            while images == 0 || wall.elapsed() < seconds {
                let Some(batch) = parts.next() else { break };
                *epoch += 1;
                if matches!(test, Test::Policy(_)) || plan.images().len() != batch.shape().images {
                    plan = test.plan(batch.shape(), *epoch).map_err(|e| e.to_string())?;
                }
                executor.apply_into(batch, &plan, &Output::u8(), &mut tensor).map_err(|e| e.to_string())?;
                black_box(&tensor);
                images += batch.shape().images;
            }
            Ok(())
        });
        done?;
        Ok(json!({"images": images, "wall": wall.elapsed().as_secs_f64(), "cpu": cpu.elapsed().as_secs_f64()}))
    }

    /// What the first images become.
    fn first(&self, request: &Value) -> Result<Vec<u8>> {
        let batch = self.images.get(text(request, "images")?).ok_or("no such images")?;
        let shape = Shape { images: COMPARED.min(batch.shape().images), ..batch.shape() };
        let batch = Batch::new(&batch.data()[..shape.values()], shape, Layout::Nhwc)?;
        let plan = Test::of(text(request, "test")?, shape)?.plan(shape, 0)?;
        let (tensor, _) = self.executor.apply(&batch, &plan, &Output::u8())?;
        Ok(bytes(&tensor).to_vec())
    }

    /// Nothing is timed that is not right: with one thread and with all, a policy and a rotation give what is expected.
    fn assert_bytes(&mut self, batch: &Batch<'_>) -> Result<()> {
        let shape = batch.shape();
        for name in [policy_for(shape.width), "rotate_bilinear"] {
            let plan = Test::of(name, shape)?.plan(shape, 0)?;
            let expected = reference::apply(batch, &plan, &Output::u8())?;
            for threads in [1, std::thread::available_parallelism()?.get()] {
                let pool = pool(&mut self.pools, threads)?;
                let (tensor, _) = pool.install(|| self.executor.apply(batch, &plan, &Output::u8()))?;
                assert!(tensor == expected, "{name} has other bytes under {threads} threads");
            }
        }
        Ok(())
    }
}

/// What is applied to a batch.
enum Test {
    /// Drawn for each image.
    Policy(Sampler),
    /// The same for all.
    Operation(Op),
}

impl Test {
    /// `aa_imagenet` is a policy, `shear_x` an operation, and `rotate_bilinear` one in another interpolation.
    fn of(name: &str, shape: Shape) -> Result<Self> {
        if let Some(policy) = name.strip_prefix("aa_") {
            return Ok(Test::Policy(Sampler::new(Policy::preset(policy)?, 42)?));
        }
        let (name, is_bilinear) = name.strip_suffix("_bilinear").map_or((name, false), |name| (name, true));
        let kind: OpKind = name.replace('_', "").parse()?;
        let convention = Policy::imagenet().convention;
        let op = Sampler::resolve(convention, kind, MAGNITUDE.into(), false, shape.size())?;
        let bilinear = || op.to_string().replace("interpolation=nearest", "interpolation=bilinear").parse();
        Ok(Test::Operation(if is_bilinear { bilinear()? } else { op }))
    }

    fn plan(&self, shape: Shape, epoch: u64) -> Result<Plan> {
        Ok(match self {
            Test::Policy(sampler) => sampler.plan(shape, epoch, &(0..shape.images as u64).collect::<Vec<_>>())?,
            Test::Operation(op) => Plan::uniform(shape.images, vec![op.clone()]),
        })
    }
}

/// The policies, and single operations' values, for images of `size`: what the others are told to compute.
fn tables(size: Size) -> Result<Value> {
    let policy = Policy::preset(policy_for(size.width).trim_start_matches("aa_"))?;
    let convention = policy.convention;
    // Both where a sign is drawn.
    let values = |kind: OpKind, magnitude| -> Result<Vec<f64>> {
        let signs: &[bool] = match (convention.has_magnitude(kind), convention.is_signed(kind)) {
            (false, _) => &[],
            (true, false) => &[false],
            (true, true) => &[false, true],
        };
        signs.iter().map(|&negative| Ok(convention.value(kind, magnitude, negative, size)?)).collect()
    };
    let step = |step: &autoaugment::Step| -> Result<Value> {
        let values = values(step.op, step.magnitude)?;
        Ok(json!({"op": step.op, "probability": step.probability, "magnitude": step.magnitude, "values": values}))
    };
    let sub_policies = policy.sub_policies.iter().map(|s| s.steps.iter().map(step).collect::<Result<Vec<_>>>());
    let operations = OpKind::ALL.iter().map(|&kind| Ok((kind.name(), values(kind, MAGNITUDE.into())?)));
    Ok(json!({
        "policy": sub_policies.collect::<Result<Vec<_>>>()?,
        "magnitude": MAGNITUDE,
        "operations": operations.collect::<Result<HashMap<_, _>>>()?,
    }))
}

/// The policy that images of this width are tested with.
fn policy_for(width: usize) -> &'static str {
    if width <= 64 { "aa_cifar10" } else { "aa_imagenet" }
}

fn pool(pools: &mut HashMap<usize, ThreadPool>, threads: usize) -> Result<&ThreadPool> {
    if let std::collections::hash_map::Entry::Vacant(vacant) = pools.entry(threads) {
        vacant.insert(ThreadPoolBuilder::new().num_threads(threads).build()?);
    }
    Ok(&pools[&threads])
}

/// A file of NumPy's that has N x H x W x 3 bytes in order; the request says how many.
///
/// In memory of large pages where there are any, as NumPy's own arrays are.
fn load(path: &str, request: &Value) -> Result<Batch<'static>> {
    let shape = Shape {
        images: number(request, "count")?,
        height: number(request, "height")?,
        width: number(request, "width")?,
        channels: 3,
    };
    let file = std::fs::read(path)?;
    // What stands in front says the same.
    let header = file.len().checked_sub(shape.values()).ok_or("the file is shorter than its images")?;
    let memory = Box::leak(Box::new(MmapMut::map_anon(shape.values())?));
    #[cfg(target_os = "linux")]
    memory.advise(memmap2::Advice::HugePage)?;
    memory.copy_from_slice(&file[header..]);
    Ok(Batch::new(&memory[..], shape, Layout::Nhwc)?)
}

fn bytes(tensor: &Tensor) -> &[u8] {
    tensor.data.as_u8().expect("the output is of bytes")
}

fn text<'a>(request: &'a Value, name: &str) -> Result<&'a str> {
    request[name].as_str().ok_or_else(|| format!("the request has no {name}").into())
}

fn number(request: &Value, name: &str) -> Result<usize> {
    Ok(request[name].as_u64().ok_or_else(|| format!("the request has no {name}"))? as usize)
}
