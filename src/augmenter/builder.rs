//! AugmenterBuilder: fills a configuration step by step, and refuses steps that contradict each other.

use super::{Augmenter, AugmenterConfig};
use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::executor::Device;
#[cfg(feature = "gpu")]
use crate::gpu::Gpu;
use crate::interpolation::Interpolation;
use crate::output::Output;
use crate::schemes::Scheme;
use crate::transform::{Stage, Transform};

/// Fills an [`AugmenterConfig`] and builds an [`Augmenter`] from it; made by [`Augmenter::builder`].
#[derive(Debug)]
#[must_use]
pub struct AugmenterBuilder {
    config: AugmenterConfig,
    convention: Option<Convention>,
    device: Option<Device>,
    #[cfg(feature = "gpu")]
    gpu: Option<Gpu>,
}

impl AugmenterBuilder {
    pub(super) fn new(transform: Transform) -> Self {
        AugmenterBuilder {
            config: AugmenterConfig::new(transform),
            convention: None,
            device: None,
            #[cfg(feature = "gpu")]
            gpu: None,
        }
    }

    /// The seed of every draw; 0 unless set.
    pub fn seed(mut self, seed: u64) -> Self {
        self.config.seed = seed;
        self
    }

    /// Reads the magnitudes of a learned policy in another convention than its own. Other schemes have fixed
    /// conventions, and [`AugmenterBuilder::build`] refuses one for them.
    pub fn convention(mut self, convention: Convention) -> Self {
        self.convention = Some(convention);
        self
    }

    /// The interpolation of every warp; the convention's unless set.
    pub fn interpolation(mut self, interpolation: Interpolation) -> Self {
        self.config.interpolation = Some(interpolation);
        self
    }

    /// The fill (red, green, blue); the convention's unless set.
    pub fn fill(mut self, fill: [u8; 3]) -> Self {
        self.config.fill = Some(fill);
        self
    }

    /// Where to run; [`Device::Auto`] unless set. It cannot be combined with `gpu`.
    pub fn device(mut self, device: Device) -> Self {
        self.device = Some(device);
        self
    }

    /// Runs on a GPU that is already open, for example a training framework's or another augmenter's. It cannot be
    /// combined with [`AugmenterBuilder::device`].
    #[cfg(feature = "gpu")]
    pub fn gpu(mut self, gpu: Gpu) -> Self {
        self.gpu = Some(gpu);
        self
    }

    /// The output form; bytes in the input's layout unless set.
    pub fn output(mut self, output: Output) -> Self {
        self.config.output = output;
        self
    }

    /// Checks everything and opens the device.
    ///
    /// # Errors
    /// Those of [`AugmenterConfig::build`], and [`Error::Config`] if the options contradict each other: a convention
    /// without a learned policy, or a device beside a GPU.
    #[cfg(not(all(feature = "gpu", target_arch = "wasm32")))]
    pub fn build(mut self) -> Result<Augmenter> {
        self.settle()?;
        #[cfg(feature = "gpu")]
        if let Some(gpu) = self.gpu {
            return self.config.build_on(gpu);
        }
        self.config.build()
    }

    /// Checks everything and opens the device, as [`AugmenterBuilder::build`], without blocking.
    ///
    /// # Errors
    /// Those of [`AugmenterBuilder::build`].
    #[cfg(feature = "gpu")]
    pub async fn build_async(mut self) -> Result<Augmenter> {
        self.settle()?;
        match self.gpu {
            Some(gpu) => self.config.build_on(gpu),
            None => self.config.build_async().await,
        }
    }

    /// Completes the configuration, or refuses options that contradict each other.
    fn settle(&mut self) -> Result<()> {
        if let Some(convention) = self.convention {
            set_convention(&mut self.config.transform, convention)?;
        }
        #[cfg(feature = "gpu")]
        if let Some(gpu) = &self.gpu {
            if let Some(device) = &self.device {
                let reason = format!("`.gpu(..)` and `.device({device})` both say where to run; leave one out");
                return Err(Error::Config { option: "device", reason });
            }
            // A browser can keep the name to itself.
            let name = &gpu.adapter().name;
            self.config.device = if name.is_empty() { Device::Gpu } else { Device::adapter(name.clone()) };
            return Ok(());
        }
        self.config.device = self.device.take().unwrap_or_default();
        Ok(())
    }
}

/// Gives the learned policies of a transform another convention; refuses a transform that has none.
fn set_convention(transform: &mut Transform, convention: Convention) -> Result<()> {
    let refused = |reason| Err(Error::Config { option: "convention", reason });
    let mut policies = 0;
    for stage in &mut transform.stages {
        match stage {
            Stage::Policy(Scheme::Policy(policy)) => {
                policy.convention = convention;
                policies += 1;
            }
            Stage::Policy(other) => {
                return refused(format!(
                    "`{convention}` is for learned policies, and {other} has its own, `{}`; leave it out",
                    other.convention()
                ));
            }
            _ => {}
        }
    }
    if policies == 0 {
        return refused(format!("`{convention}` is for learned policies, and the transform has none; leave it out"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;
    use crate::schemes::TrivialAugment;

    #[test]
    fn a_convention_is_for_learned_policies() {
        let build = |transform: Transform| {
            let builder = Augmenter::builder(transform).device(Device::Cpu).convention(Convention::DeepVoltaire);
            builder.build().map(|augmenter| augmenter.config().transform)
        };
        let policy = Policy { convention: Convention::DeepVoltaire, ..Policy::cifar10() };
        assert_eq!(build(Policy::cifar10().into()), Ok(policy.into()));
        for (transform, message) in [
            (
                TrivialAugment::default().into(),
                "convention: `deepvoltaire` is for learned policies, and trivialaugment has its own, \
                 `torchvision-trivialaugment`; leave it out",
            ),
            (
                Transform::new().random_horizontal_flip(0.5),
                "convention: `deepvoltaire` is for learned policies, and the transform has none; leave it out",
            ),
            (
                Transform::new().policy(Policy::cifar10()).policy(TrivialAugment::default()),
                "convention: `deepvoltaire` is for learned policies, and trivialaugment has its own, \
                 `torchvision-trivialaugment`; leave it out",
            ),
        ] {
            assert_eq!(build(transform).unwrap_err().to_string(), message);
        }
    }

    #[cfg(feature = "gpu")]
    #[test]
    fn a_gpu_and_a_device_contradict_each_other() {
        let Ok(gpu) = Gpu::new() else {
            assert_ne!(std::env::var("AUTOAUGMENT_REQUIRE_GPU").as_deref(), Ok("1"), "a GPU is required");
            eprintln!("skipped: no adapter");
            return;
        };
        let refused = Augmenter::builder(Policy::cifar10()).gpu(gpu.clone()).device(Device::Gpu).build();
        let message = "device: `.gpu(..)` and `.device(gpu)` both say where to run; leave one out";
        assert_eq!(refused.map(|_| ()).unwrap_err().to_string(), message);

        let config = AugmenterConfig { device: Device::Cpu, ..AugmenterConfig::new(Policy::cifar10()) };
        let refused = config.clone().build_on(gpu.clone()).map(|_| ()).unwrap_err();
        assert!(matches!(refused, Error::Config { option: "gpu", .. }), "{refused}");
        // The configuration of an augmenter on a shared GPU builds on that GPU again.
        let augmenter = Augmenter::builder(Policy::cifar10()).gpu(gpu.clone()).build().unwrap();
        assert!(augmenter.config().build_on(gpu).is_ok());
    }
}
