//! Network: the architectures of large children, with weights drawn from a seed.
//!
//! burn would draw weights from one generator for each device, which children side by side would share.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Initializer, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::wide_resnet::WideResNet;
use crate::error::{Error, Result};
use crate::random::gauss;

/// The network of a large child.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Architecture {
    /// Three 3 x 3 convolutions of stride 2, the mean over the image, and one linear layer.
    Small {
        /// Channels of the first convolution, 1 to 1024; the others have twice as many.
        width: usize,
    },
    /// A Wide-ResNet (Zagoruyko and Komodakis, arXiv 1605.07146). The paper's is WRN-40-2.
    WideResNet {
        /// Layers: 6 n + 4.
        depth: usize,
        /// The factor of the channels, 1 to 64.
        width: usize,
    },
}

impl Architecture {
    pub(super) fn check(self) -> Result<()> {
        match self {
            Architecture::Small { width: 1..=1024 } => Ok(()),
            Architecture::Small { width } => Err(Error::Child(format!("the width {width} must be 1 to 1024"))),
            Architecture::WideResNet { depth: 10..=1000, width: 1..=64 } if self.depth_fits() => Ok(()),
            Architecture::WideResNet { depth, width } => Err(Error::Child(format!(
                "WRN-{depth}-{width}: the depth must be 10, 16, 22, ... (6 n + 4) and the width 1 to 64"
            ))),
        }
    }

    fn depth_fits(self) -> bool {
        matches!(self, Architecture::WideResNet { depth, .. } if depth % 6 == 4)
    }
}

/// A network with its parameters.
// A child has one, so that the size of the smaller one does not matter.
#[allow(clippy::large_enum_variant)]
#[derive(Module, Debug)]
pub(super) enum Network {
    Small(Small),
    Wide(WideResNet),
}

impl Network {
    pub fn new(architecture: Architecture, channels: usize, classes: usize, seed: u64, device: &Device) -> Self {
        let mut layers = Layers { stream: ChaCha8Rng::seed_from_u64(seed), device };
        match architecture {
            Architecture::Small { width } => Network::Small(Small::new(channels, width, classes, &mut layers)),
            Architecture::WideResNet { depth, width } => {
                Network::Wide(WideResNet::new(channels, depth, width, classes, &mut layers))
            }
        }
    }

    /// N x C x H x W to N x classes.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        match self {
            Network::Small(network) => network.forward(images),
            Network::Wide(network) => network.forward(images),
        }
    }
}

/// Makes layers whose weights are drawn one after the other.
pub(super) struct Layers<'a> {
    stream: ChaCha8Rng,
    pub device: &'a Device,
}

impl Layers<'_> {
    /// He's normal distribution: a deviation of the root of 2 / `fan`.
    fn weights<const D: usize>(&mut self, shape: [usize; D], fan: usize) -> Param<Tensor<D>> {
        let deviation = (2.0 / fan as f64).sqrt();
        let values = (0..shape.iter().product()).map(|_| (deviation * gauss(&mut self.stream)) as f32).collect();
        Param::from_tensor(Tensor::from_data(TensorData::new::<f32, _>(values, shape), self.device))
    }

    /// A convolution of `side` x `side` without a bias, that keeps the size or divides it by `stride`.
    pub fn convolution(&mut self, from: usize, to: usize, side: usize, stride: usize) -> Conv2d {
        let half = side / 2;
        let mut layer = Conv2dConfig::new([from, to], [side, side])
            .with_stride([stride, stride])
            .with_padding(PaddingConfig2d::Explicit(half, half, half, half))
            .with_bias(false)
            .with_initializer(Initializer::Zeros)
            .init(self.device);
        layer.weight = self.weights([to, from, side, side], from * side * side);
        layer
    }

    /// A linear layer whose bias is 0.
    pub fn linear(&mut self, from: usize, to: usize) -> Linear {
        let mut layer = LinearConfig::new(from, to).with_initializer(Initializer::Zeros).init(self.device);
        // A layer without ReLU behind it.
        layer.weight = self.weights([from, to], 2 * from);
        layer
    }
}

/// Three convolutions, the mean over the image, and one linear layer.
#[derive(Module, Debug)]
pub(super) struct Small {
    convolutions: Vec<Conv2d>,
    classify: Linear,
}

impl Small {
    fn new(channels: usize, width: usize, classes: usize, layers: &mut Layers<'_>) -> Self {
        let widths = [channels, width, 2 * width, 2 * width];
        let convolutions = widths.windows(2).map(|pair| layers.convolution(pair[0], pair[1], 3, 2)).collect();
        Small { convolutions, classify: layers.linear(2 * width, classes) }
    }

    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let x = self.convolutions.iter().fold(images, |x, convolution| relu(convolution.forward(x)));
        self.classify.forward(mean_over_image(x))
    }
}

/// N x C x H x W to N x C.
pub(super) fn mean_over_image(x: Tensor<4>) -> Tensor<2> {
    let [images, channels, height, width] = x.dims();
    x.reshape([images, channels, height * width]).mean_dim(2).reshape([images, channels])
}
