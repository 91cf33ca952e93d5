//! Wide-ResNet: residual blocks of two 3 x 3 convolutions with batch normalization and ReLU before each.
//!
//! Source: Zagoruyko and Komodakis, "Wide Residual Networks" (arXiv 1605.07146). Three groups of (depth - 4) / 6 blocks
//! have 16, 32 and 64 channels times the width; the second and third halve the image. There is no dropout.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::{BatchNorm, BatchNormConfig, Linear};
use burn::tensor::Tensor;
use burn::tensor::activation::relu;

use super::network::{Layers, mean_over_image};

#[derive(Module, Debug)]
pub(super) struct WideResNet {
    first: Conv2d,
    blocks: Vec<Block>,
    norm: BatchNorm,
    classify: Linear,
}

#[derive(Module, Debug)]
struct Block {
    first_norm: BatchNorm,
    first: Conv2d,
    second_norm: BatchNorm,
    second: Conv2d,
    /// A convolution of 1 x 1 where the block changes the channels.
    shortcut: Option<Conv2d>,
}

impl WideResNet {
    pub fn new(channels: usize, depth: usize, width: usize, classes: usize, layers: &mut Layers<'_>) -> Self {
        let first = layers.convolution(channels, 16, 3, 1);
        let mut blocks = Vec::new();
        let mut from = 16;
        for (group, to) in [16 * width, 32 * width, 64 * width].into_iter().enumerate() {
            for block in 0..(depth - 4) / 6 {
                let stride = if group > 0 && block == 0 { 2 } else { 1 };
                blocks.push(Block::new(from, to, stride, layers));
                from = to;
            }
        }
        let norm = BatchNormConfig::new(from).init(layers.device);
        WideResNet { first, blocks, norm, classify: layers.linear(from, classes) }
    }

    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let x = self.blocks.iter().fold(self.first.forward(images), |x, block| block.forward(x));
        self.classify.forward(mean_over_image(relu(self.norm.forward(x))))
    }
}

impl Block {
    fn new(from: usize, to: usize, stride: usize, layers: &mut Layers<'_>) -> Self {
        let norm = |channels, layers: &Layers<'_>| BatchNormConfig::new(channels).init(layers.device);
        Block {
            first_norm: norm(from, layers),
            first: layers.convolution(from, to, 3, stride),
            second_norm: norm(to, layers),
            second: layers.convolution(to, to, 3, 1),
            shortcut: (from != to || stride != 1).then(|| layers.convolution(from, to, 1, stride)),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let normal = relu(self.first_norm.forward(x.clone()));
        let residual = match &self.shortcut {
            Some(shortcut) => shortcut.forward(normal.clone()),
            None => x,
        };
        let y = relu(self.second_norm.forward(self.first.forward(normal)));
        self.second.forward(y) + residual
    }
}
