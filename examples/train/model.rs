//! Model: a small convolutional network for images of any size.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Linear, LinearConfig, PaddingConfig2d, Relu};
use burn::tensor::{Device, Tensor};

/// Three 3 x 3 convolutions, each but the last followed by 2 x 2 max pooling, the mean over the image, and one linear
/// layer.
#[derive(Module, Debug)]
pub struct Network {
    first: Conv2d,
    second: Conv2d,
    third: Conv2d,
    pool: MaxPool2d,
    activation: Relu,
    classify: Linear,
}

impl Network {
    /// A network with `width` channels after the first convolution and twice as many after the others.
    pub fn new(channels: usize, width: usize, classes: usize, device: &Device) -> Self {
        let convolution = |from, to| {
            Conv2dConfig::new([from, to], [3, 3]).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1)).init(device)
        };
        Network {
            first: convolution(channels, width),
            second: convolution(width, 2 * width),
            third: convolution(2 * width, 2 * width),
            pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
            activation: Relu::new(),
            classify: LinearConfig::new(2 * width, classes).init(device),
        }
    }

    /// N x C x H x W to N x classes.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let x = self.pool.forward(self.activation.forward(self.first.forward(images)));
        let x = self.pool.forward(self.activation.forward(self.second.forward(x)));
        let x = self.activation.forward(self.third.forward(x));
        let [images, channels, height, width] = x.dims();
        let x = x.reshape([images, channels, height * width]).mean_dim(2);
        self.classify.forward(x.reshape([images, channels]))
    }
}
