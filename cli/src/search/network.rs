//! Network: the built-in children, by name.

use autoaugment_search::{Child, Micro, MicroChild};
#[cfg(feature = "burn-children")]
use autoaugment_search::{Large, LargeChild};
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use super::data::Data;
use super::proxy::Preset;

/// The network of children.
#[derive(Args)]
#[command(next_help_heading = "Children")]
pub struct NetworkOptions {
    /// Network of the children, and how it is trained
    #[arg(long, value_enum, default_value = "micro", conflicts_with = "child")]
    network: Network,
    /// Where networks other than micro are trained
    #[cfg(feature = "burn-children")]
    #[arg(long, value_enum, default_value = "flex", conflicts_with = "child")]
    on: On,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Network {
    /// Three convolutions of 8, 16 and 32 channels on the CPU, which take about a CPU-second
    Micro,
    /// Three convolutions of 16, 32 and 32 channels
    #[cfg(feature = "burn-children")]
    Small,
    /// The paper's child on reduced CIFAR-10: a WRN-40-2, 120 epochs, with crops, flips and Cutout; for GPUs
    #[cfg(feature = "burn-children")]
    ReducedCifar10,
    /// The paper's child on reduced SVHN: a WRN-40-2, 160 epochs, with Cutout; for GPUs
    #[cfg(feature = "burn-children")]
    ReducedSvhn,
}

/// A device of burn.
#[cfg(feature = "burn-children")]
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum On {
    /// The CPU, with one thread for each child
    Flex,
    /// A GPU
    Wgpu,
}

/// A built-in child as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Settings {
    Micro(Micro),
    #[cfg(feature = "burn-children")]
    Large {
        training: Box<Large>,
        on: On,
    },
}

impl NetworkOptions {
    /// The settings for images of a side.
    #[cfg_attr(not(feature = "burn-children"), allow(unused_variables))]
    pub fn settings(&self, preset: Preset, side: usize) -> Settings {
        #[cfg(feature = "burn-children")]
        let large = |training: Large| Settings::Large { training: Box::new(training), on: self.on };
        match (self.network, preset) {
            (Network::Micro, Preset::Fast | Preset::Paper) => Settings::Micro(Micro::FRESH),
            (Network::Micro, Preset::Warm) => Settings::Micro(Micro::WARM),
            #[cfg(feature = "burn-children")]
            (Network::Small, _) => large(Large::small(16)),
            #[cfg(feature = "burn-children")]
            (Network::ReducedCifar10, _) => large(Large::reduced_cifar10(side)),
            #[cfg(feature = "burn-children")]
            (Network::ReducedSvhn, _) => large(Large::reduced_svhn(side)),
        }
    }
}

impl Settings {
    /// The child of these settings, and the numbers that its networks start from, if they are not drawn by the seed of
    /// each. `start` are those of an earlier child, `seed` is that of what children share.
    pub fn child(&self, data: &Data, start: Option<Vec<f32>>, seed: u64) -> anyhow::Result<(Box<dyn Child>, Vec<f32>)> {
        let (training, validation) = (data.training.clone(), data.validation.clone());
        match self {
            Settings::Micro(settings) => {
                let child = match start {
                    Some(start) => MicroChild::with_start(*settings, training, validation, start)?,
                    None => MicroChild::new(*settings, training, validation, seed)?,
                };
                let start = child.start().unwrap_or_default().to_vec();
                Ok((Box::new(child), start))
            }
            #[cfg(feature = "burn-children")]
            Settings::Large { training: settings, on } => {
                let device = match on {
                    On::Flex => autoaugment_search::burn::tensor::Device::flex(),
                    On::Wgpu => autoaugment::burn::open()?.0,
                };
                let child = LargeChild::new(Large::clone(settings), training, validation, device)?;
                Ok((Box::new(child), Vec::new()))
            }
        }
    }
}
