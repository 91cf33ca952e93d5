//! Choices: the options that commands share, and how their values are read.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use autoaugment::{
    Convention, Device, Executor, Interpolation, Layout, Normalize, Output, Policy, Sampler, Scheme, Size, Transform,
};
use clap::{Args, ValueEnum};

use crate::terminal::Terminal;

/// What is drawn, and how.
#[derive(Args)]
#[command(next_help_heading = "What is drawn")]
pub struct Drawing {
    /// Preset (imagenet, cifar10, svhn, v0), scheme (randaugment, trivialaugment, ...), file, or text [default: imagenet]
    ///
    /// `autoaugment policy list` has all names. Schemes are written "randaugment(n=2, m=9)", trivialaugment,
    /// "uniformaugment(n=2)", or as timm's configuration strings: rand-m9-mstd0.5-inc1, original-mstd0.5.
    ///
    /// Of a learned policy the text form has one sub-policy a line (or between semicolons), steps joined by `+`, a step being
    /// OPERATION PROBABILITY MAGNITUDE: "Rotate 0.6 9 + Solarize 0.4 5; Invert 1 0".
    #[arg(long, value_name = "NAME|FILE|TEXT")]
    pub policy: Option<String>,
    /// Read a learned policy's magnitudes as torchvision, timm or others do, not as the policy says
    ///
    /// The README names all conventions; `autoaugment ops --convention NAME` shows what magnitudes mean in one.
    #[arg(long, value_name = "NAME")]
    pub convention: Option<Convention>,
    /// nearest, bilinear or bicubic for every warp, not the convention's
    #[arg(long, value_name = "NAME")]
    pub interpolation: Option<Interpolation>,
    /// Color of what comes from outside an image, R,G,B or one gray number, not the convention's
    #[arg(long, value_name = "R,G,B", value_parser = fill)]
    pub fill: Option<[u8; 3]>,
    /// Seed of every draw
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub seed: u64,
    /// Number of the pass over the data; each draws anew
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub epoch: u64,
}

/// Where plans run.
#[derive(Args)]
pub struct Where {
    /// auto, gpu, cpu, or an adapter: its number in `devices` or a part of its name. Without a GPU auto takes the CPU
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    pub device: Device,
}

/// The order of an array's axes.
#[derive(Clone, Copy, ValueEnum)]
pub enum Axes {
    Nhwc,
    Nchw,
}

/// The type of the values that are written.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub enum DtypeChoice {
    U8,
    F32,
    F16,
}

impl Axes {
    pub fn layout(self) -> Layout {
        match self {
            Axes::Nhwc => Layout::Nhwc,
            Axes::Nchw => Layout::Nchw,
        }
    }
}

impl DtypeChoice {
    /// The form of output; bytes are not normalized.
    pub fn output(self, layout: Layout, normalize: Normalize) -> Output {
        match self {
            DtypeChoice::U8 => Output::u8_as(layout),
            DtypeChoice::F32 => Output::f32(layout, normalize),
            DtypeChoice::F16 => Output::f16(layout, normalize),
        }
    }
}

/// The policy where none is named.
pub const DEFAULT_POLICY: &str = "imagenet";

impl Drawing {
    /// What the policy or scheme is called.
    pub fn policy_name(&self) -> &str {
        self.policy.as_deref().unwrap_or(DEFAULT_POLICY)
    }

    /// The policy or scheme, a policy in the convention that was asked for.
    pub fn scheme(&self) -> anyhow::Result<Scheme> {
        let mut scheme = find_scheme(self.policy_name())?;
        match (&mut scheme, self.convention) {
            (_, None) => {}
            (Scheme::Policy(policy), Some(convention)) => {
                policy.convention = convention;
                policy.check()?;
            }
            (other, Some(_)) => bail!("--convention is for learned policies, and {other} has {}", other.convention()),
        }
        Ok(scheme)
    }

    /// What draws from a policy or a transform.
    pub fn sampler(&self, transform: impl Into<Transform>) -> anyhow::Result<Sampler> {
        let mut sampler = Sampler::new(transform, self.seed)?;
        if let Some(interpolation) = self.interpolation {
            sampler = sampler.interpolation(interpolation);
        }
        if let Some(fill) = self.fill {
            sampler = sampler.fill(fill);
        }
        Ok(sampler)
    }
}

impl Where {
    /// Opens the device and says which one it is.
    pub fn open(&self, terminal: Terminal) -> anyhow::Result<Executor> {
        let executor = Executor::new(self.device.clone())?;
        let description = executor.description();
        match self.device {
            // The library itself warns where it looked for a GPU and found none.
            Device::Auto if description == "CPU" && cfg!(feature = "gpu") => {}
            Device::Auto if description == "CPU" => {
                terminal.note("running on the CPU: this build has no feature `gpu`");
            }
            _ if description == "CPU" => terminal.note("running on the CPU"),
            _ => terminal.note(&format!("running on {description}")),
        }
        Ok(executor)
    }
}

/// A policy or scheme by name, file or text.
pub fn find_scheme(text: &str) -> anyhow::Result<Scheme> {
    let path = Path::new(text);
    if path.metadata().is_ok_and(|m| !m.is_dir()) {
        return read_scheme(path);
    }
    let is_one_word = !text.trim().contains(char::is_whitespace);
    // A number's fraction, as in `rand-m9-mstd0.5`, is no file's extension.
    let has_extension =
        path.extension().is_some_and(|e| !e.to_string_lossy().starts_with(|c: char| c.is_ascii_digit()));
    if is_one_word && (text.contains(['/', '\\']) || has_extension) {
        bail!("policy: there is no file `{text}`");
    }
    Ok(if text.trim_start().starts_with('{') { Policy::from_json(text)?.into() } else { text.parse()? })
}

/// A file with a policy in JSON or text, or with a scheme's text; `-` is standard input.
pub fn read_scheme(path: &Path) -> anyhow::Result<Scheme> {
    let text = read(path)?;
    let scheme =
        if text.trim_start().starts_with('{') { Policy::from_json(&text).map(Into::into) } else { text.parse() };
    scheme.with_context(|| path.display().to_string())
}

/// A policy file in JSON or text; `-` is standard input.
pub fn read_policy(path: &Path) -> anyhow::Result<Policy> {
    match read_scheme(path)? {
        Scheme::Policy(policy) => Ok(policy),
        other => bail!("{}: {other} is not a learned policy", path.display()),
    }
}

/// A policy file's text; `-` is standard input.
pub fn read(path: &Path) -> anyhow::Result<String> {
    let text = match path.to_str() {
        Some("-") => std::io::read_to_string(std::io::stdin()),
        _ => fs::read_to_string(path),
    };
    text.with_context(|| format!("policy {}", path.display()))
}

/// `R,G,B` or one number.
fn fill(text: &str) -> Result<[u8; 3], String> {
    three(text, "whole numbers of 0..=255")
}

/// Three numbers between commas, or one that stands for all three.
pub fn three<T: std::str::FromStr + Copy>(text: &str, of: &str) -> Result<[T; 3], String> {
    let numbers: Result<Vec<T>, _> = text.split(',').map(|part| part.trim().parse()).collect();
    match numbers.as_deref() {
        Ok(&[one]) => Ok([one; 3]),
        Ok(&[red, green, blue]) => Ok([red, green, blue]),
        _ => Err(format!("`{text}` must be three {of}, R,G,B, or one")),
    }
}

/// `WIDTHxHEIGHT`.
pub fn size(text: &str) -> Result<Size, String> {
    let sides = text.split_once(['x', 'X']).and_then(|(w, h)| Some((w.trim().parse().ok()?, h.trim().parse().ok()?)));
    match sides {
        Some((width @ 1.., height @ 1..)) => Ok(Size { width, height }),
        _ => Err(format!("`{text}` must be WIDTHxHEIGHT in pixels, such as 224x224")),
    }
}
