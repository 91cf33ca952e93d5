//! AugmenterConfig: everything that makes an augmenter, as plain data that prints, compares, and saves as JSON.

use serde::{Deserialize, Serialize};

use super::Augmenter;
use crate::error::{Error, Result};
use crate::executor::{Device, Executor};
#[cfg(feature = "gpu")]
use crate::gpu::Gpu;
use crate::interpolation::Interpolation;
use crate::output::Output;
use crate::sampler::Sampler;
use crate::transform::Transform;

/// Everything that makes an [`Augmenter`], as plain data.
///
/// Save it with a model, or send it to a worker process: two augmenters of one configuration give the same bytes. In
/// JSON every field may be left out. [`Augmenter::builder`] fills one step by step.
///
/// ```
/// use autoaugment::{AugmenterConfig, Device, Policy};
/// let config = AugmenterConfig { seed: 42, device: Device::Cpu, ..AugmenterConfig::new(Policy::cifar10()) };
/// let augmenter = config.clone().build()?;
/// assert_eq!(augmenter.config(), config);
///
/// let json = r#"{"transform": [{"policy": "trivialaugment"}], "output": "f32 nchw imagenet", "device": "cpu"}"#;
/// let config = AugmenterConfig::from_json(json)?;
/// assert_eq!(AugmenterConfig::from_json(&config.to_json())?, config);
/// # Ok::<(), autoaugment::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AugmenterConfig {
    /// The stages; none leaves images unchanged.
    pub transform: Transform,
    /// The seed of every draw; 0 by default.
    pub seed: u64,
    /// The interpolation of every warp; by default that of the policy's convention.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interpolation: Option<Interpolation>,
    /// The fill (red, green, blue) of a policy's operations; by default that of its convention.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fill: Option<[u8; 3]>,
    /// The output form; by default bytes in the input's layout.
    pub output: Output,
    /// Where to run; [`Device::Auto`] by default.
    pub device: Device,
}

impl AugmenterConfig {
    /// The configuration of a policy, another scheme, or a transform; all else has its default.
    pub fn new(transform: impl Into<Transform>) -> Self {
        AugmenterConfig { transform: transform.into(), ..AugmenterConfig::default() }
    }

    /// Checks everything and opens the device.
    ///
    /// # Errors
    /// Those of [`Transform::check`], [`Error::Output`] and [`Executor::new`].
    #[cfg(not(all(feature = "gpu", target_arch = "wasm32")))]
    pub fn build(self) -> Result<Augmenter> {
        let sampler = self.checked()?;
        let executor = Executor::new(self.device.clone())?;
        Ok(Augmenter { sampler, executor, output: self.output, device: self.device })
    }

    /// Checks everything and opens the device, as [`AugmenterConfig::build`], without blocking.
    ///
    /// # Errors
    /// Those of [`AugmenterConfig::build`].
    #[cfg(feature = "gpu")]
    pub async fn build_async(self) -> Result<Augmenter> {
        let sampler = self.checked()?;
        let executor = Executor::new_async(self.device.clone()).await?;
        Ok(Augmenter { sampler, executor, output: self.output, device: self.device })
    }

    /// Checks everything and runs on a GPU that is already open: augmenters that share one share its pipelines and
    /// tables.
    ///
    /// # Errors
    /// Those of [`AugmenterConfig::build`], and [`Error::Config`] if `device` is the CPU or names another adapter. A
    /// number is compared as a name here.
    #[cfg(feature = "gpu")]
    pub fn build_on(self, gpu: Gpu) -> Result<Augmenter> {
        let sampler = self.checked()?;
        let name = &gpu.adapter().name;
        let is_this_gpu = match &self.device {
            Device::Auto | Device::Gpu => true,
            Device::Cpu | Device::Cuda(_) => false,
            Device::Adapter(part) => name.to_lowercase().contains(&part.trim().to_lowercase()),
        };
        if !is_this_gpu {
            let reason =
                format!("the device is `{}`, and the GPU given is {name}; set the device to `gpu`", self.device);
            return Err(Error::Config { option: "gpu", reason });
        }
        Ok(Augmenter { sampler, executor: Executor::with_gpu(gpu), output: self.output, device: self.device })
    }

    /// Reads JSON.
    ///
    /// # Errors
    /// [`Error::Syntax`] with line and column.
    pub fn from_json(json: &str) -> Result<Self> {
        let json = crate::json::without_mark(json);
        serde_json::from_str(json).map_err(|e| Error::Syntax { what: "configuration", message: e.to_string() })
    }

    /// Writes JSON, indented.
    pub fn to_json(&self) -> String {
        crate::json::pretty(self)
    }

    /// The sampler of this configuration, if everything in it can be used.
    fn checked(&self) -> Result<Sampler> {
        self.output.check()?;
        let mut sampler = Sampler::new(self.transform.clone(), self.seed)?;
        if let Some(interpolation) = self.interpolation {
            sampler = sampler.interpolation(interpolation);
        }
        if let Some(fill) = self.fill {
            sampler = sampler.fill(fill);
        }
        Ok(sampler)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::{Batch, Layout, Shape};
    use crate::output::Normalize;
    use crate::policy::Policy;
    use crate::schemes::RandAugment;
    use crate::transform::RandomResizedCrop;

    fn configs() -> Vec<AugmenterConfig> {
        let device = Device::Cpu;
        vec![
            AugmenterConfig { device: device.clone(), ..AugmenterConfig::default() },
            AugmenterConfig { device: device.clone(), seed: u64::MAX, ..AugmenterConfig::new(Policy::cifar10()) },
            AugmenterConfig {
                transform: Transform::new()
                    .random_resized_crop(RandomResizedCrop::to(20, 24))
                    .random_horizontal_flip(0.25)
                    .policy(RandAugment::default().m(12)),
                seed: 7,
                interpolation: Some(Interpolation::Bicubic),
                fill: Some([1, 2, 3]),
                output: Output::f32(Layout::Nchw, Normalize { mean: [0.1, 0.2, 0.3], std: [0.4, 0.5, 0.7] }),
                device,
            },
        ]
    }

    #[test]
    fn configurations_round_trip_as_json() {
        for config in configs() {
            assert_eq!(AugmenterConfig::from_json(&config.to_json()), Ok(config));
        }
        assert_eq!(AugmenterConfig::from_json("{}"), Ok(AugmenterConfig::default()));
    }

    #[test]
    fn two_augmenters_of_one_configuration_give_the_same_bytes() {
        let shape = Shape { images: 8, height: 31, width: 40, channels: 3 };
        let pixels: Vec<u8> = (0..shape.values()).map(|i| (i * i / 7) as u8).collect();
        let batch = Batch::new(pixels, shape, Layout::Nhwc).unwrap();
        let indices: Vec<u64> = (0..8).collect();
        for config in configs() {
            let saved = config.to_json();
            let first = config.build().unwrap();
            let second = AugmenterConfig::from_json(&saved).unwrap().build().unwrap();
            let third = first.config().build().unwrap();
            let [first, second, third] = [first, second, third].map(|a| a.augment(&batch, 3, &indices).unwrap());
            assert_eq!(first, second);
            assert_eq!(first, third);
        }
    }

    #[test]
    fn json_says_what_is_wrong_with_it() {
        for (json, message) in [
            (r#"{"sede": 1}"#, "configuration: unknown field `sede`"),
            (r#"{"output": "f64"}"#, "configuration: dtype: there is no `f64`; there are u8, f16, f32"),
            (r#"{"transform": [{"policy": "trivialagument"}]}"#, "did you mean `trivialaugment`?"),
        ] {
            let refused = AugmenterConfig::from_json(json).unwrap_err().to_string();
            assert!(refused.contains(message), "{refused}");
        }
    }
}
