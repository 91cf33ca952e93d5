//! Device: where the network trains and where images are augmented for it.

use std::sync::Arc;

use anyhow::Result;
use autoaugment::burn::join;
use autoaugment::{Augmenter, Gpu, Output, Transform};
use burn::tensor::Device;
use clap::ValueEnum;

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum On {
    /// The CPU.
    Flex,
    /// A GPU through wgpu, software adapters included.
    Wgpu,
}

/// An open device.
pub struct Opened {
    pub burn: Device,
    /// The same device for augmenters; none on the CPU.
    gpu: Option<Gpu>,
}

impl On {
    /// Opens it, before burn has made any tensor.
    pub fn open(self) -> Result<Opened> {
        match self {
            On::Flex => Ok(Opened { burn: Device::flex(), gpu: None }),
            On::Wgpu => {
                let (burn, gpu) = autoaugment::burn::open()?;
                eprintln!("on {}", gpu.description());
                Ok(Opened { burn, gpu: Some(gpu) })
            }
        }
    }
}

impl Opened {
    /// An augmenter whose batches are made where burn takes them as they are.
    pub fn augmenter(&self, transform: Transform, seed: u64, output: Output) -> Result<Arc<Augmenter>> {
        let builder = Augmenter::builder(transform).seed(seed).output(output);
        let builder = match &self.gpu {
            Some(gpu) => builder.gpu(join(&self.burn, gpu.device().clone(), gpu.queue().clone())?),
            None => builder.device(autoaugment::Device::Cpu),
        };
        Ok(Arc::new(builder.build()?))
    }
}
