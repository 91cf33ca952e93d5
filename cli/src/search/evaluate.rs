//! `search evaluate`: trains children for an engine: one, those of a stream of jobs, or those of a file of jobs.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context, bail};
use autoaugment::{Scheme, Transform};
use autoaugment_search::{Outcome as Judged, Score};
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::lines::Lines;
use super::proxy::Proxy;
use crate::choices;
use crate::outcome::{EXIT_CODES, Outcome, RunFailed};
use crate::terminal::{self, Terminal, counted};

const DETAILS: &str = "\
Without --policy and --jobs, jobs are read from standard input, and outcomes are written to standard output. Both are \
one line of JSON each. A job is {\"id\": 7, \"policy\": ..., \"seed\": 1}. Its policy has the form of a policy's JSON \
file, or is a name or text as in `apply --policy`, or null for none. An outcome has the job's id and seed, accuracy, \
loss, reward and seconds, and the version and the proxy that it is of. Where a child failed, it has an \"error\" and \
no accuracy.

The same proxy, policy and seed give the same outcome on every machine.";

/// Train children with policies that are given, and print how well they do
#[derive(Args)]
#[command(after_help = EXIT_CODES, after_long_help = format!("{DETAILS}\n\n{EXIT_CODES}"))]
pub struct Evaluate {
    /// The file that `search proxy` wrote
    #[arg(long, value_name = "FILE")]
    proxy: PathBuf,
    /// One policy: a preset, scheme, file or text; `none` for none
    #[arg(long, value_name = "NAME|FILE|TEXT", conflicts_with_all = ["jobs", "out", "part", "threads"])]
    policy: Option<String>,
    /// The seed of that policy's child
    #[arg(long, value_name = "NUMBER", default_value_t = 0, requires = "policy")]
    seed: u64,
    /// A file of jobs, one line each; jobs whose outcomes are in --out already are left out
    #[arg(long, value_name = "FILE", requires = "out")]
    jobs: Option<PathBuf>,
    /// The file to which outcomes are appended
    #[arg(long, value_name = "FILE", requires = "jobs")]
    out: Option<PathBuf>,
    /// Take only each N-th job, from the I-th on, counted from 0
    #[arg(long, value_name = "I/N", requires = "jobs", value_parser = part)]
    part: Option<(usize, usize)>,
    /// Take the mean over so many seeds, from the job's on
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    seeds: u32,
    /// Children that are trained at once
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=4096))]
    threads: u32,
}

/// A child to be trained. Further fields are the engine's own matter.
#[derive(Deserialize)]
struct Job {
    /// A number or a text.
    id: Value,
    policy: Option<Scheme>,
    seed: u64,
}

/// A line of output.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(skip_serializing_if = "Value::is_null")]
    id: &'a Value,
    seed: u64,
    accuracy: Option<f64>,
    loss: Option<f64>,
    reward: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    seconds: f64,
    version: &'static str,
    proxy: &'a str,
}

/// How a line of output with an id begins.
const BEGINNING: &[u8] = b"{\"id\":";

/// What is the same for all jobs.
struct Evaluator {
    proxy: Proxy,
    digest: String,
    seeds: u32,
}

impl Evaluate {
    pub fn run(self, terminal: Terminal) -> anyhow::Result<Outcome> {
        let policy = self.policy.as_deref().map(given).transpose()?;
        let proxy = Proxy::open(&self.proxy)?;
        let evaluator = Evaluator { digest: proxy.description.digest()?, proxy, seeds: self.seeds };
        match (policy, self.jobs, self.out) {
            (Some(policy), ..) => {
                let (line, is_done) = evaluator.line(&Job { id: Value::Null, policy, seed: self.seed })?;
                terminal::data(line.trim_end())?;
                Ok(if is_done { Outcome::Done } else { Outcome::SomeFailed })
            }
            (None, Some(jobs), Some(out)) => evaluator.file(&jobs, &out, self.part, self.threads, terminal),
            _ => {
                let jobs = Lines::new(BufReader::new(io::stdin()), "standard input")
                    .map(|line| line.and_then(|line| line.json()));
                evaluator.stream(jobs, &mut io::stdout().lock(), "standard output", self.threads)
            }
        }
    }
}

impl Evaluator {
    /// Trains the children of jobs, and writes each outcome as soon as it is there.
    fn stream(
        &self,
        jobs: impl Iterator<Item = anyhow::Result<Job>> + Send,
        out: &mut impl Write,
        place: &str,
        threads: u32,
    ) -> anyhow::Result<Outcome> {
        let jobs = Mutex::new(jobs);
        let (sender, receiver) = std::sync::mpsc::sync_channel(0);
        let jobs = &jobs;
        let mut all_done = true;
        std::thread::scope(|scope| {
            for _ in 0..threads {
                let sender = sender.clone();
                scope.spawn(move || {
                    loop {
                        let Some(job) = jobs.lock().unwrap_or_else(PoisonError::into_inner).next() else { return };
                        let line = job.and_then(|job| self.line(&job));
                        let is_error = line.is_err();
                        if sender.send(line).is_err() || is_error {
                            return;
                        }
                    }
                });
            }
            drop(sender);
            for line in receiver {
                let (line, is_done) = line?;
                all_done &= is_done;
                match out.write_all(line.as_bytes()).and_then(|()| out.flush()) {
                    // The engine has gone.
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
                    written => written.map_err(|error| RunFailed(format!("{place}: {error}")))?,
                }
            }
            Ok(if all_done { Outcome::Done } else { Outcome::SomeFailed })
        })
    }

    /// Trains the children of a file's jobs that have no outcome yet.
    fn file(
        &self,
        jobs: &Path,
        out: &Path,
        part: Option<(usize, usize)>,
        threads: u32,
        terminal: Terminal,
    ) -> anyhow::Result<Outcome> {
        let (mut appended, done) = self.outcomes(out)?;
        let file = crate::read::open(jobs).with_context(|| terminal::name(jobs))?.0;
        // All are read before the first is trained, so that a wrong line is known at once.
        let lines = Lines::new(BufReader::new(file), terminal::name(jobs));
        let all: Vec<Job> = lines.map(|line| line.and_then(|line| line.json())).collect::<anyhow::Result<_>>()?;
        let (first, step) = part.unwrap_or((0, 1));
        let own: Vec<Job> = all.into_iter().skip(first).step_by(step).collect();
        let count = own.len();
        let left: Vec<_> = own.into_iter().filter(|job| !done.contains(&job.id.to_string())).map(Ok).collect();
        if left.len() < count {
            terminal.note(&format!("{} done already", counted(count - left.len(), "job is", "jobs are")));
        }
        self.stream(left.into_iter(), &mut appended, &terminal::name(out), threads)
    }

    /// Opens a file of outcomes. Returns the ids that it has; a line that a kill cut off is dropped.
    fn outcomes(&self, path: &Path) -> anyhow::Result<(File, HashSet<String>)> {
        #[derive(Deserialize)]
        struct Done {
            id: Value,
            proxy: String,
        }
        let open = || {
            let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
            file.try_lock().context("another process has it open")?;
            let mut done = HashSet::new();
            let mut whole = 0;
            let mut reader = BufReader::new(&file);
            for line in Lines::new(&mut reader, terminal::name(path)).only_whole() {
                let line = line?;
                whole = line.end;
                let Done { id, proxy } = line.json()?;
                if proxy != self.digest {
                    bail!("job {id} is of the proxy {proxy}, and this one is {}", self.digest);
                }
                done.insert(id.to_string());
            }
            drop(reader);
            // A line that a kill cut off begins as a line does. Another file stays as it is.
            let mut rest = Vec::new();
            file.seek(SeekFrom::Start(whole))?;
            (&file).take(BEGINNING.len() as u64).read_to_end(&mut rest)?;
            if !BEGINNING.starts_with(&rest) {
                bail!("its last line is no outcome, and is left as it is");
            }
            file.set_len(whole)?;
            file.seek(SeekFrom::End(0))?;
            Ok((file, done))
        };
        open().with_context(|| format!("outcomes {}", terminal::name(path)))
    }

    /// The outcome of a job as a line, and whether the child was trained.
    fn line(&self, job: &Job) -> anyhow::Result<(String, bool)> {
        let begin = Instant::now();
        let score = self.score(job);
        let seconds = begin.elapsed().as_secs_f64();
        let judged = score.as_ref().ok().map(|score| {
            let judged = Judged { id: 0, accuracy: Some(score.accuracy), loss: score.loss, seconds };
            self.proxy.description.reward.of(&judged)
        });
        let line = Line {
            id: &job.id,
            seed: job.seed,
            accuracy: score.as_ref().ok().map(|score| score.accuracy),
            loss: score.as_ref().ok().map(|score| score.loss),
            reward: judged.flatten(),
            error: score.as_ref().err().map(ToString::to_string),
            seconds,
            version: env!("CARGO_PKG_VERSION"),
            proxy: &self.digest,
        };
        Ok((serde_json::to_string(&line)? + "\n", score.is_ok()))
    }

    /// The mean over the seeds.
    fn score(&self, job: &Job) -> autoaugment_search::Result<Score> {
        let transform = job.policy.clone().map_or_else(Transform::new, Transform::from);
        let mut sum = Score { accuracy: 0.0, loss: 0.0, training_loss: 0.0 };
        for seed in 0..self.seeds {
            let score = self.proxy.child.train(&transform, job.seed.wrapping_add(u64::from(seed)))?.checked()?;
            sum.accuracy += score.accuracy;
            sum.loss += score.loss;
        }
        let count = f64::from(self.seeds);
        Ok(Score { accuracy: sum.accuracy / count, loss: sum.loss / count, ..sum })
    }
}

/// A policy of the command line; none is training without augmentation.
fn given(text: &str) -> anyhow::Result<Option<Scheme>> {
    if text == "none" { Ok(None) } else { choices::find_scheme(text).map(Some) }
}

/// `I/N`.
fn part(text: &str) -> Result<(usize, usize), String> {
    let numbers = text.split_once('/').and_then(|(first, all)| Some((first.parse().ok()?, all.parse().ok()?)));
    match numbers {
        Some((first, all)) if first < all => Ok((first, all)),
        _ => Err("expected I/N, such as 0/4 to 3/4".to_string()),
    }
}
