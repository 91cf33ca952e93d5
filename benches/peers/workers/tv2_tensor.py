"""torchvision's transforms v2 on tensors of bytes, C x H x W: one image a call."""

import numpy
import torch
import torchvision
from torchvision.transforms import AutoAugmentPolicy, InterpolationMode, v2

import protocol

POLICIES = {"aa_imagenet": AutoAugmentPolicy.IMAGENET, "aa_cifar10": AutoAugmentPolicy.CIFAR10}


def single(tables, test, height, width):
    """An operation at the fixed magnitude, by the function that policies apply; takes ... x C x H x W."""
    name, bilinear, _ = protocol.operation(tables, test)
    interpolation = InterpolationMode.BILINEAR if bilinear else InterpolationMode.NEAREST
    augment = v2.AutoAugment()
    magnitudes, _ = augment._AUGMENTATION_SPACE[name]
    magnitudes = magnitudes(10, height, width)
    magnitude = 0.0 if magnitudes is None else float(magnitudes[tables["magnitude"]])
    apply = augment._apply_image_or_video_transform
    return lambda images: apply(images, name, magnitude, interpolation=interpolation, fill={})


class TorchvisionV2(protocol.PerImage):
    def to_native(self, image):
        return torch.from_numpy(image).permute(2, 0, 1).contiguous()

    def to_array(self, image):
        return image.permute(1, 2, 0).numpy()

    def transform(self, test):
        if test in POLICIES:
            return v2.AutoAugment(POLICIES[test])
        return single(self.tables, test, *self.images.shape[1:3])


VERSIONS = f"torchvision {torchvision.__version__}, torch {torch.__version__}, numpy {numpy.__version__}"

if __name__ == "__main__":
    torch.set_num_threads(1)
    protocol.serve(TorchvisionV2, VERSIONS)
