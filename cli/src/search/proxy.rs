//! Proxy: the small problem by which a search judges policies, as a value and as a file with its images.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, bail};
use autoaugment_search::{Child, CommandChild, Images, Limits, Reward};
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::data::{Data, DataOptions};
use super::network::{NetworkOptions, Settings};
use crate::terminal::{self, Terminal};
use crate::{read, write};

/// The numbers of a search that belong together.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub enum Preset {
    /// Measured: 400 children from scratch, the reward accuracy - 0.2 loss, ten times the paper's rate
    Fast,
    /// The same with children that begin from one shared network, in half the time; best with --strategy random
    Warm,
    /// The paper's: 15,000 children from scratch, the accuracy as reward, the controller's rate 0.00035
    Paper,
}

/// The options of a proxy.
#[derive(Args)]
pub struct ProxyOptions {
    #[command(flatten)]
    pub data: DataOptions,
    #[command(flatten)]
    pub network: NetworkOptions,
    #[command(flatten)]
    pub child: ChildOptions,
    #[command(flatten)]
    pub judging: Judging,
}

/// What decides about a proxy besides its data and its program.
#[derive(Args)]
pub struct Judging {
    /// Seed of the subset, of the children and of the search
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub seed: u64,
    /// Defaults that belong together
    #[arg(long, value_enum, default_value = "fast")]
    pub preset: Preset,
    /// What is to be raised: accuracy, or accuracy-W*loss with a number W [default: accuracy-0.2*loss, or the preset's]
    #[arg(long, value_name = "REWARD")]
    reward: Option<Raised>,
}

/// The program of children.
#[derive(Args)]
#[command(next_help_heading = "Children of a program")]
pub struct ChildOptions {
    /// Train children with this command, in place of the built-in network; the shell runs it
    ///
    /// On its standard input the command finds one line: {"policy": ..., "seed": ...}. The policy is as in a policy's
    /// JSON file, or null for none. The last line of its standard output must be {"accuracy": 0.81, "loss": 0.6}, in
    /// which the loss can be left out if the reward has none. AUTOAUGMENT_SLOT is a number below --threads that no
    /// other child has at that time, such as the number of a GPU.
    #[arg(long, value_name = "COMMAND", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    child: Option<String>,
    /// Seconds after which a child's command is ended, with all its processes
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, conflicts_with = "data")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=31_536_000))]
    timeout: u64,
    /// Further tries of a child whose command failed
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "data")]
    #[arg(value_parser = clap::value_parser!(u32).range(..=100))]
    retries: u32,
}

/// A proxy as data. The same description gives the same scores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// The seed of the subset and of what children share.
    pub seed: u64,
    pub reward: Reward,
    pub child: ChildDescription,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum ChildDescription {
    Network { settings: Settings, images: ImagesDescription },
    Command { command: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImagesDescription {
    pub training: usize,
    pub validation: usize,
    pub side: usize,
    pub channels: usize,
    pub classes: usize,
    /// Of the pixels and labels.
    pub sha256: String,
}

/// A proxy that is open.
pub struct Proxy {
    pub description: Description,
    pub limits: Limits,
    pub child: Box<dyn Child>,
    /// The parameters that children start from, if they share some.
    start: Vec<f32>,
}

/// The file of a proxy.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    proxy: Description,
    /// The file of images, beside this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    images: Option<String>,
    /// The SHA-256 of the parameters that children start from, which are at the end of the file of images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start: Option<String>,
    #[serde(default)]
    limits: Limits,
}

/// The most bytes of the parameters that children start from.
const MOST_PARAMETERS: u64 = 1 << 30;

/// The most bytes of a proxy's file.
const LARGEST: u64 = 1 << 20;

impl ProxyOptions {
    /// Reads the data, if children are trained with it. This is the only place that decodes images.
    pub fn data(&self, with_test: bool, terminal: Terminal) -> anyhow::Result<Option<Data>> {
        match self.child.child {
            Some(_) => Ok(None),
            None => self.data.read(self.judging.seed, with_test, terminal).map(Some),
        }
    }

    /// The proxy of these options. `data` is what [`ProxyOptions::data`] gave.
    pub fn proxy(&self, data: Option<&Data>) -> anyhow::Result<Proxy> {
        let (seed, reward) = (self.judging.seed, self.judging.reward());
        let child = match (&self.child.child, data) {
            (Some(command), _) => ChildDescription::Command { command: command.clone() },
            (None, Some(data)) => {
                let settings = self.network.settings(self.judging.preset, data.training.side);
                ChildDescription::Network { settings, images: ImagesDescription::of(data) }
            }
            (None, None) => bail!("children need DATA, or a command that trains them (--child)"),
        };
        let limits = Limits { timeout: self.child.timeout, retries: self.child.retries };
        Proxy::new(Description { seed, reward, child }, limits, data, None)
    }
}

impl Judging {
    pub fn reward(&self) -> Reward {
        match (self.reward, self.preset) {
            (Some(Raised(reward)), _) => reward,
            (None, Preset::Fast | Preset::Warm) => Reward::FAST,
            (None, Preset::Paper) => Reward::ACCURACY,
        }
    }
}

impl Description {
    /// What outcomes name their proxy by.
    pub fn digest(&self) -> anyhow::Result<String> {
        Ok(hex(&Sha256::digest(serde_json::to_vec(self)?)))
    }

    /// That of a file, without its images.
    pub fn of(path: &Path) -> anyhow::Result<Self> {
        Ok(File::read(path)?.proxy)
    }
}

impl File {
    fn read(path: &Path) -> anyhow::Result<Self> {
        let text = read::text(path, LARGEST, "proxy")?;
        let file: File = serde_json::from_str(&text).with_context(|| format!("proxy {}", terminal::name(path)))?;
        if file.version != 1 {
            bail!("proxy {}: version {} is not 1", terminal::name(path), file.version);
        }
        Ok(file)
    }

    /// The images beside the proxy, and the parameters that children start from.
    fn images(&self, path: &Path) -> anyhow::Result<(Option<Data>, Option<Vec<f32>>)> {
        match (&self.proxy.child, &self.images) {
            (ChildDescription::Network { images, .. }, Some(name)) => {
                let (data, start) = images.read(path, name, self.start.as_deref())?;
                Ok((Some(data), start))
            }
            _ => Ok((None, None)),
        }
    }
}

/// The images of a proxy that was written; none if its children are trained by a command.
pub fn data(path: &Path) -> anyhow::Result<Option<Data>> {
    let data = File::read(path)?.images(path).with_context(|| format!("proxy {}", terminal::name(path)))?;
    Ok(data.0)
}

impl Proxy {
    /// `start` saves the time that the epochs take which children share.
    fn new(
        description: Description,
        limits: Limits,
        data: Option<&Data>,
        start: Option<Vec<f32>>,
    ) -> anyhow::Result<Self> {
        let (child, start) = match (&description.child, data) {
            (ChildDescription::Command { command }, _) => {
                let child = CommandChild::new(command, limits, description.reward.loss != 0.0);
                (Box::new(child) as Box<dyn Child>, Vec::new())
            }
            (ChildDescription::Network { settings, .. }, Some(data)) => {
                settings.child(data, start, description.seed)?
            }
            (ChildDescription::Network { .. }, None) => bail!("the proxy's images are missing"),
        };
        Ok(Proxy { description, limits, child, start })
    }

    /// Writes the file of the proxy and, beside it, that of its images.
    pub fn write(&self, path: &Path, data: Option<&Data>, overwrites: bool) -> anyhow::Result<()> {
        let images = data.map(|_| images_path(path));
        let name = images.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        let start: Vec<u8> = self.start.iter().flat_map(|parameter| parameter.to_le_bytes()).collect();
        let sha256 = (!start.is_empty()).then(|| hex(&Sha256::digest(&start)));
        let (proxy, limits) = (self.description.clone(), self.limits);
        let file = File { version: 1, proxy, images: name, start: sha256, limits };
        if let (Some(images), Some(data)) = (&images, data) {
            write::whole(images, &[bytes(data), start].concat(), overwrites)?;
        }
        write::whole(path, format!("{}\n", serde_json::to_string_pretty(&file)?).as_bytes(), overwrites)
    }

    /// Opens a proxy that was written.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let file = File::read(path)?;
        let open = || {
            let (data, start) = file.images(path)?;
            Proxy::new(file.proxy, file.limits, data.as_ref(), start)
        };
        open().with_context(|| format!("proxy {}", terminal::name(path)))
    }
}

/// The file of images beside a proxy's.
pub fn images_path(proxy: &Path) -> PathBuf {
    proxy.with_extension("images")
}

impl ImagesDescription {
    fn of(Data { training, validation, .. }: &Data) -> Self {
        let &Images { side, channels, classes, .. } = training;
        let mut digest = Sha256::new();
        parts(training, validation).iter().for_each(|part| digest.update(part));
        let sha256 = hex(&digest.finalize());
        ImagesDescription { training: training.len(), validation: validation.len(), side, channels, classes, sha256 }
    }

    /// Reads the file of images, which has the name `name` beside the proxy, and the parameters at its end. `start` is
    /// what they must be.
    fn read(&self, proxy: &Path, name: &str, start: Option<&str>) -> anyhow::Result<(Data, Option<Vec<f32>>)> {
        if Path::new(name).file_name().is_none_or(|own| own != name) {
            bail!("the images `{}` must be a file's name, without a folder", terminal::quoted(name));
        }
        let path = proxy.with_file_name(name);
        let read = || {
            let &ImagesDescription { training, validation, side, channels, classes, .. } = self;
            let each = side.checked_mul(side).and_then(|pixels| pixels.checked_mul(channels)?.checked_add(4));
            let expected = training.checked_add(validation).and_then(|images| images.checked_mul(each?));
            let there = read::open(&path)?.1.len();
            let Some(expected) = expected.filter(|expected| {
                let rest = there.checked_sub(*expected as u64);
                rest.is_some_and(|rest| {
                    rest <= MOST_PARAMETERS && rest.is_multiple_of(4) && (rest > 0) == start.is_some()
                })
            }) else {
                bail!("{there} bytes do not fit the proxy's {training} and {validation} images");
            };
            let bytes = fs::read(&path)?;
            let (bytes, parameters) = bytes.split_at_checked(expected).context("the file has become shorter")?;
            let is_same = |bytes: &[u8], sha256: &str| hex(&Sha256::digest(bytes)) == sha256;
            if !is_same(bytes, &self.sha256) || start.is_some_and(|start| !is_same(parameters, start)) {
                bail!("the file has changed since the proxy was written");
            }
            let parameters: Vec<f32> =
                parameters.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
            let (pixels, labels) = bytes.split_at(bytes.len() - 4 * (training + validation));
            let (first, rest) = pixels.split_at(training * side * side * channels);
            let labels: Vec<u32> = labels.as_chunks().0.iter().map(|label| u32::from_le_bytes(*label)).collect();
            let (of_first, of_rest) = labels.split_at(training);
            let images =
                |pixels: &[u8], labels: &[u32]| Images::new(pixels.to_vec(), labels.to_vec(), side, channels, classes);
            let data = Data { training: images(first, of_first)?, validation: images(rest, of_rest)?, test: None };
            Ok((data, start.map(|_| parameters)))
        };
        read().with_context(|| terminal::name(&path))
    }
}

/// The bytes of the file of images: the pixels of both sets, then their labels in 4 bytes each, the lowest first.
fn bytes(Data { training, validation, .. }: &Data) -> Vec<u8> {
    parts(training, validation).concat()
}

fn parts(training: &Images, validation: &Images) -> [Vec<u8>; 4] {
    let labels = |images: &Images| images.labels.iter().flat_map(|label| label.to_le_bytes()).collect();
    [training.pixels.clone(), validation.pixels.clone(), labels(training), labels(validation)]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A reward as text: `accuracy` or `accuracy-0.2*loss`.
#[derive(Clone, Copy)]
struct Raised(Reward);

impl FromStr for Raised {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain: String = text.split_whitespace().collect();
        let weight = match plain.strip_prefix("accuracy") {
            Some("") => Some(0.0),
            Some(rest) => rest.strip_prefix('-').and_then(|rest| rest.strip_suffix("*loss")?.parse::<f64>().ok()),
            None => None,
        };
        match weight.filter(|weight| (0.0..=100.0).contains(weight)) {
            Some(loss) => Ok(Raised(Reward { loss })),
            None => Err("expected accuracy, or accuracy-W*loss with a number W of 0 to 100".to_string()),
        }
    }
}
