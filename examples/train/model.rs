//! Model: a small convolutional network for images of any size.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Linear, LinearConfig, PaddingConfig2d, Relu};
use burn::tensor::{Device, Tensor};

/// Three 3 x 3 convolutions that halve the image, the mean over the rest of it, and one linear layer.
#[derive(Module, Debug)]
pub struct Network {
    convolutions: Vec<Conv2d>,
    activation: Relu,
    classify: Linear,
}

impl Network {
    /// A network with `width` channels after the first convolution, and twice and four times as many after the others.
    pub fn new(channels: usize, width: usize, classes: usize, device: &Device) -> Self {
        let convolution = |from, to| {
            Conv2dConfig::new([from, to], [3, 3])
                .with_stride([2, 2])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .init(device)
        };
        let widths = [channels, width, 2 * width, 4 * width];
        Network {
            convolutions: widths.windows(2).map(|pair| convolution(pair[0], pair[1])).collect(),
            activation: Relu::new(),
            classify: LinearConfig::new(4 * width, classes).init(device),
        }
    }

    /// N x C x H x W to N x classes.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let layer = |x, convolution: &Conv2d| self.activation.forward(convolution.forward(x));
        let x = self.convolutions.iter().fold(images, layer);
        let [images, channels, height, width] = x.dims();
        let x = x.reshape([images, channels, height * width]).mean_dim(2);
        self.classify.forward(x.reshape([images, channels]))
    }
}
