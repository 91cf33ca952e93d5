//! Command: a child that any program trains, such as a PyTorch script.
//!
//! The program gets one line of JSON on its standard input: `{"policy": .., "seed": ..}`. The policy has the form of a
//! policy's JSON file, is the text of another scheme, or `null` for training without augmentation. The last line of its
//! standard output is `{"accuracy": 0.81, "loss": 0.6}`. What it writes to standard error is shown if it fails.
//!
//! A program that fails, hangs or says something else is tried again, and then gives an error with the end of its
//! standard error. It is ended together with all processes that it started.

mod answer;
mod group;
mod output;

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use autoaugment::{Stage, Transform};
use serde::{Deserialize, Serialize};

use crate::child::{Child, Score};
use crate::error::{Error, Result};
use group::Group;
pub use group::end_commands;
use output::Output;

/// How long a program may take, and how often it is tried.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The seconds after which it is ended.
    pub timeout: u64,
    /// Further tries after a failure.
    pub retries: u32,
}

impl Default for Limits {
    /// An hour, and one more try.
    fn default() -> Self {
        Limits { timeout: 3600, retries: 1 }
    }
}

/// Children that a program trains. The shell runs it (`sh -c`, on Windows `cmd /C`).
pub struct CommandChild {
    command: String,
    limits: Limits,
    needs_loss: bool,
    /// Which slots are taken. A slot tells apart the programs that run at once.
    slots: Mutex<Vec<bool>>,
}

/// The variable with the slot's number, from 0.
const SLOT: &str = "AUTOAUGMENT_SLOT";

/// The most bytes of standard output. Of standard error the end is kept.
const MOST_OUTPUT: usize = 1 << 20;

/// How long the end of outputs is waited for when the program has ended.
const LAST_WORDS: Duration = Duration::from_secs(2);

impl CommandChild {
    /// Children of a program. `needs_loss` says whether an answer without a loss is an error, because the reward needs
    /// one.
    pub fn new(command: impl Into<String>, limits: Limits, needs_loss: bool) -> Self {
        CommandChild { command: command.into(), limits, needs_loss, slots: Mutex::new(Vec::new()) }
    }

    /// Runs the program once. The error says what happened.
    fn run(&self, input: &str, slot: usize) -> Result<Score, String> {
        let mut command = shell(&self.command);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).env(SLOT, slot.to_string());
        let mut group = Group::start(&mut command).map_err(|error| format!("it cannot be started: {error}"))?;
        let process = group.process();
        // A program that does not read its input closes it, which is no error.
        let (stdin, input) = (process.stdin.take(), input.to_string());
        thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(input.as_bytes())));
        let answer = process.stdout.take().map(|stdout| Output::read(stdout, MOST_OUTPUT));
        let words = process.stderr.take().map(|stderr| Output::read(stderr, usize::MAX));
        let (Some(answer), Some(words)) = (answer, words) else { return Err("its outputs cannot be read".to_string()) };
        let waited = self.wait(&mut group, &answer);
        // Processes that it left behind would hold the outputs open.
        let status = group.end();
        let (last, words) = (answer.end(LAST_WORDS), words.end(LAST_WORDS));
        let failed = |reason: String| match answer::end_of(&words) {
            end if end.is_empty() => reason,
            end => format!("{reason}; its standard error ends with: {end}"),
        };
        // Its output was closed then, which it may have died of.
        if answer.is_too_long() {
            return Err(failed(format!("it printed more than {MOST_OUTPUT} bytes")));
        }
        waited.map_err(failed)?;
        let status = status.map_err(|error| failed(error.to_string()))?;
        if !status.success() {
            return Err(failed(format!("it ended with {status}")));
        }
        answer::read(&last, self.needs_loss).map_err(failed)
    }

    /// Waits for the program's end.
    fn wait(&self, group: &mut Group, answer: &Output) -> Result<(), String> {
        let limit = Duration::from_secs(self.limits.timeout);
        let start = Instant::now();
        let mut pause = Duration::from_millis(1);
        loop {
            match group.has_ended() {
                Ok(true) => return Ok(()),
                Ok(false) if answer.is_too_long() => return Err("it was ended".to_string()),
                Ok(false) if start.elapsed() > limit => {
                    return Err(format!("it ran longer than {} seconds, and was ended", self.limits.timeout));
                }
                Ok(false) => thread::sleep(pause),
                Err(error) => return Err(format!("its end cannot be waited for: {error}")),
            }
            // Short programs are noticed soon, and long ones cost nothing.
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }

    fn slots(&self) -> MutexGuard<'_, Vec<bool>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lowest slot that is free.
    fn take_slot(&self) -> usize {
        let mut slots = self.slots();
        let slot = slots.iter().position(|is_taken| !is_taken).unwrap_or(slots.len());
        if slot == slots.len() {
            slots.push(false);
        }
        slots[slot] = true;
        slot
    }
}

impl Child for CommandChild {
    fn train(&self, transform: &Transform, seed: u64) -> Result<Score> {
        let input = input(transform, seed)?;
        let slot = self.take_slot();
        let mut result = self.run(&input, slot);
        for _ in 0..self.limits.retries {
            if result.is_err() {
                result = self.run(&input, slot);
            }
        }
        self.slots()[slot] = false;
        result.map_err(|reason| match self.limits.retries {
            0 => Error::Child(format!("the command failed: {reason}")),
            again => Error::Child(format!("the command failed, and {again} times again: the last time {reason}")),
        })
    }
}

/// The line that a program gets.
fn input(transform: &Transform, seed: u64) -> Result<String> {
    #[derive(Serialize)]
    struct Input<'a> {
        policy: Option<&'a autoaugment::Scheme>,
        seed: u64,
    }
    let policy = match &transform.stages[..] {
        [] => None,
        [Stage::Policy(scheme)] => Some(scheme),
        _ => return Err(Error::Child("a command takes a policy or another scheme, and no other stages".to_string())),
    };
    let line = serde_json::to_string(&Input { policy, seed });
    line.map(|line| line + "\n").map_err(|error| Error::Child(error.to_string()))
}

#[cfg(not(windows))]
fn shell(text: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", text]);
    command
}

#[cfg(windows)]
fn shell(text: &str) -> Command {
    let mut command = Command::new("cmd");
    command.args(["/C", text]);
    command
}
