"""kornia on floats, N x C x H x W of 0 to 1: 16 images a call, of single operations on small images 256.

Its policies draw once a call and not for each image, as it does itself. Larger calls are slower: fresh
buffers of tens of megabytes are page faults.
"""

import itertools

import kornia
import torch
from kornia.augmentation.auto import AutoAugment
from kornia.enhance import adjust

import matrices
import protocol

POLICIES = {"aa_imagenet": "imagenet", "aa_cifar10": "cifar10"}


def warp(name, value, width, height, mode):
    matrix = matrices.inverse(matrices.between_indices(matrices.source(name, value, width, height)))
    matrix = torch.from_numpy(matrix).float()[None]

    def apply(images):
        several = matrix.expand(len(images), 2, 3)
        return kornia.geometry.warp_affine(images, several, (height, width), mode=mode, align_corners=True)

    return apply


def autocontrast(images):
    """As `RandomAutoContrast` computes it."""
    return kornia.enhance.normalize_min_max(images)


def single(name, value, width, height, mode):
    if name in ("ShearX", "TranslateX", "Rotate"):
        return warp(name, value, width, height, mode)
    return {
        "AutoContrast": autocontrast,
        "Invert": kornia.enhance.invert,
        "Equalize": kornia.enhance.equalize,
        "Solarize": lambda images: kornia.enhance.solarize(images, value / 255),
        "Posterize": lambda images: kornia.enhance.posterize(images, int(value)),
        "Contrast": lambda images: adjust.adjust_contrast_with_mean_subtraction(images, value),
        "Color": lambda images: adjust.adjust_saturation_with_gray_subtraction(images, value),
        "Brightness": lambda images: adjust.adjust_brightness_accumulative(images, value),
        "Sharpness": lambda images: kornia.enhance.sharpness(images, value),
    }[name]


class Kornia:
    def __init__(self, images, tables):
        self.images, self.tables = torch.from_numpy(images), tables
        self.native = self.to_native(self.images)
        self.out = torch.zeros_like(self.images)

    @staticmethod
    def to_native(images):
        return images.permute(0, 3, 1, 2).contiguous().float().div_(255)

    @staticmethod
    def to_bytes(images):
        return images.mul(255).add_(0.5).clamp_(0, 255).byte().permute(0, 2, 3, 1)

    def transform(self, test):
        if test in POLICIES:
            return AutoAugment(POLICIES[test])
        name, bilinear, value = protocol.operation(self.tables, test)
        height, width = self.images.shape[1:3]
        return single(name, value, width, height, "bilinear" if bilinear else "nearest")

    def call(self, test, io, threads):
        transform = self.transform(test)
        chunk = 16 if self.images.shape[1] > 64 or test in POLICIES else 256

        parts = itertools.cycle(slice(first, first + chunk) for first in range(0, len(self.images), chunk))

        def native():
            transform(self.native[next(parts)])
            return chunk

        def array():
            part = next(parts)
            self.out[part] = self.to_bytes(transform(self.to_native(self.images[part])))
            return chunk

        return {"native": native, "array": array}[io]

    def first(self, test):
        return self.to_bytes(self.transform(test)(self.native[:protocol.COMPARED])).numpy()


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    protocol.serve(Kornia, f"kornia {kornia.__version__}, torch {torch.__version__}")
