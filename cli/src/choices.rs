//! Choices: the options that several commands share.

use std::path::Path;

use anyhow::{Context, bail};
use autoaugment::transform::Recipe;
use autoaugment::{
    Convention, Device, Dtype, Executor, Interpolation, Layout, Normalize, Output, Plan, Policy, Sampler, Scheme,
    Transform,
};
use clap::Args;

use crate::terminal::{self, Terminal};
use crate::{read, values};

/// The options of the random augmentation.
#[derive(Args)]
#[command(next_help_heading = "Augmentation")]
pub struct Drawing {
    /// Preset (imagenet, cifar10, svhn, v0), scheme (randaugment, trivialaugment, ...), file, or text [default:
    /// imagenet]
    ///
    /// - is standard input. A file that is called like a preset or a scheme is given with its folder: ./imagenet.
    ///
    /// `autoaugment policy list` prints all names. Examples of schemes: "randaugment(n=2, m=9)", trivialaugment,
    /// "uniformaugment(n=2)", and timm's configuration strings: rand-m9-mstd0.5-inc1, original-mstd0.5.
    ///
    /// A learned policy is text, one sub-policy per line or between semicolons. `+` joins its steps. A step is
    /// OPERATION PROBABILITY MAGNITUDE: "Rotate 0.6 9 + Solarize 0.4 5; Invert 1 0".
    #[arg(long, value_name = "NAME|FILE|TEXT", value_parser = values::policies(), hide_possible_values = true)]
    pub policy: Option<String>,
    /// Read a learned policy's magnitudes in this convention, not in its own
    ///
    /// `autoaugment ops --convention NAME` lists the values of the magnitudes in a convention.
    #[arg(long, value_name = "NAME", value_parser = values::conventions())]
    pub convention: Option<Convention>,
    /// Interpolation of every warp, instead of the convention's
    #[arg(long, value_name = "NAME", value_parser = values::interpolations())]
    pub interpolation: Option<Interpolation>,
    /// Color outside the image, R,G,B or one gray number, instead of the convention's
    #[arg(long, value_name = "R,G,B", value_parser = fill)]
    pub fill: Option<[u8; 3]>,
    /// Seed of all random draws
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub seed: u64,
    /// Number of the pass over the data; each pass has its own draws
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub epoch: u64,
}

/// The device.
#[derive(Args)]
pub struct Where {
    /// auto, gpu, cpu, cuda:0 (experimental), or an adapter: its number in `devices` or a part of its name. Without a
    /// GPU auto takes the CPU
    #[arg(long, value_name = "DEVICE", default_value = "auto", value_parser = values::devices())]
    #[arg(hide_possible_values = true)]
    pub device: Device,
}

/// The length of a command's run.
#[derive(Clone, Copy, PartialEq)]
pub enum Runs {
    Briefly,
    /// So long that a user with a GPU wants it used.
    Long,
}

/// The policy of a command without `--policy`.
pub const DEFAULT_POLICY: &str = "imagenet";

impl Drawing {
    /// The policy or scheme as it was given.
    pub fn policy_name(&self) -> &str {
        self.policy.as_deref().unwrap_or(DEFAULT_POLICY)
    }

    /// The policy or scheme. A policy has the convention of `--convention`, if that is given.
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

    /// The sampler of a policy or a transform.
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
    /// Opens the device and prints its name. If the user demanded no device, a short run on the CPU prints nothing.
    pub fn open(&self, terminal: Terminal, runs: Runs) -> anyhow::Result<Executor> {
        let executor = Executor::new(self.device.clone())?;
        let is_cpu = executor.description() == "CPU";
        match self.device {
            // The library says which device it chose, and why.
            Device::Auto if terminal.is_verbose() && cfg!(feature = "gpu") => {}
            Device::Auto if is_cpu && runs == Runs::Briefly && !terminal.is_verbose() => {}
            Device::Auto if is_cpu && cfg!(feature = "gpu") => {
                terminal.note("running on the CPU: there is no GPU (see `autoaugment devices`)");
            }
            Device::Auto if is_cpu => terminal.note("running on the CPU: this build has no feature `gpu`"),
            _ if is_cpu => terminal.note("running on the CPU"),
            _ => terminal.note(&format!("running on {}", executor.description())),
        }
        Ok(executor)
    }
}

/// A policy or scheme by name or text, or else in a file; `-` is standard input. A file that is called like a preset is
/// named with its folder: `./imagenet`.
pub fn find_scheme(text: &str) -> anyhow::Result<Scheme> {
    let path = Path::new(text);
    let found = if read::is_standard(path) { return read_scheme(path) } else { Scheme::from_json_or_text(text) };
    if found.is_ok() {
        return Ok(found?);
    }
    if path.metadata().is_ok_and(|m| !m.is_dir()) {
        return read_scheme(path);
    }
    let is_one_word = !text.trim().contains(char::is_whitespace);
    // A number's fraction, as in `rand-m9-mstd0.5`, is no file's extension.
    let has_extension =
        path.extension().is_some_and(|e| !e.to_string_lossy().starts_with(|c: char| c.is_ascii_digit()));
    if is_one_word && (text.contains(['/', '\\']) || has_extension) {
        bail!("policy: there is no file `{}`", terminal::quoted(text));
    }
    Ok(found?)
}

/// Whether a policy's text names a file, or standard input.
pub fn is_file(text: &str) -> bool {
    read::is_standard(Path::new(text)) || (Scheme::from_json_or_text(text).is_err() && Path::new(text).is_file())
}

/// A file with a policy in JSON or text, or with a scheme's text; `-` is standard input.
pub fn read_scheme(path: &Path) -> anyhow::Result<Scheme> {
    Scheme::from_json_or_text(&read(path)?).with_context(|| terminal::name(path))
}

/// A policy file in JSON or text; `-` is standard input.
pub fn read_policy(path: &Path) -> anyhow::Result<Policy> {
    match read_scheme(path)? {
        Scheme::Policy(policy) => Ok(policy),
        other => bail!("{}: {other} is not a learned policy", terminal::name(path)),
    }
}

/// A scheme alone, or inside the usual transform of a recipe.
pub fn transform(scheme: Scheme, recipe: Option<Recipe>) -> Transform {
    match recipe {
        Some(recipe) => recipe.training().policy(scheme).into(),
        None => scheme.into(),
    }
}

/// A plan's file; `-` is standard input.
pub fn read_plan(path: &Path) -> anyhow::Result<Plan> {
    Plan::from_json(&read::text(path, read::PLAN, "plan")?).with_context(|| terminal::name(path))
}

/// A policy file's text; `-` is standard input.
pub fn read(path: &Path) -> anyhow::Result<String> {
    read::text(path, read::POLICY, "policy")
}

/// The form of the output; bytes are not normalized.
pub fn output(dtype: Dtype, layout: Layout, normalize: Normalize) -> anyhow::Result<Output> {
    match dtype {
        Dtype::U8 => Ok(Output::u8_as(layout)),
        Dtype::F32 => Ok(Output::f32(layout, normalize)),
        Dtype::F16 => Ok(Output::f16(layout, normalize)),
        other => bail!("--dtype {other}: this version of the command line cannot write it"),
    }
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
