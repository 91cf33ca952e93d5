"""torchvision's transforms v1 on Pillow: what `transforms.AutoAugment` does to an image that was just opened."""

import numpy
import PIL
import torch
import torchvision
from PIL import Image
from torchvision.transforms import AutoAugment, AutoAugmentPolicy, InterpolationMode
from torchvision.transforms.autoaugment import _apply_op

import protocol

POLICIES = {"aa_imagenet": AutoAugmentPolicy.IMAGENET, "aa_cifar10": AutoAugmentPolicy.CIFAR10}


class Torchvision(protocol.PerImage):
    def to_native(self, image):
        return Image.fromarray(image)

    def transform(self, test):
        if test in POLICIES:
            return AutoAugment(POLICIES[test])
        name, bilinear, _ = protocol.operation(self.tables, test)
        interpolation = InterpolationMode.BILINEAR if bilinear else InterpolationMode.NEAREST
        height, width = self.images.shape[1:3]
        space = AutoAugment()._augmentation_space(10, (height, width))
        magnitudes, _ = space[name]
        magnitude = float(magnitudes[self.tables["magnitude"]]) if magnitudes.ndim else 0.0
        return lambda image: _apply_op(image, name, magnitude, interpolation, None)


if __name__ == "__main__":
    torch.set_num_threads(1)
    versions = f"torchvision {torchvision.__version__}, torch {torch.__version__}, pillow {PIL.__version__}"
    protocol.serve(Torchvision, f"{versions}, numpy {numpy.__version__}")
