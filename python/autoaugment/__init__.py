"""AutoAugment on whole batches of images, each image with its own draw, with the same bytes as Pillow.

>>> import numpy as np
>>> from autoaugment import AutoAugment
>>> augment = AutoAugment("imagenet", seed=7)
>>> batch = np.zeros((8, 32, 32, 3), np.uint8)
>>> augment(batch, index=range(8), epoch=0).shape
(8, 32, 32, 3)

Draws depend on (seed, epoch, index) alone: not on the batch, the number of workers or threads, or the device.
"""

from __future__ import annotations

from . import _threads as _threads
from ._compose import (
    CenterCrop,
    Compose,
    Normalize,
    RandomCrop,
    RandomErasing,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomVerticalFlip,
    Resize,
)
from ._datasets import Cifar, Idx, ImageFolder, Parquet, TarShards
from ._loader import Batch, CutMix, Loader, MixUp
from ._native import DataError, DeviceError, Plan, PlannedImage, Policy, __version__, devices, policies, sample_index
from ._policies import (
    AugMix,
    AutoAugment,
    CIFAR10Policy,
    Cutout,
    ImageNetPolicy,
    RandAugment,
    SVHNPolicy,
    TrivialAugment,
    UniformAugment,
)
from ._show import show

__all__ = [
    "AugMix",
    "AutoAugment",
    "Batch",
    "CIFAR10Policy",
    "CenterCrop",
    "Cifar",
    "Compose",
    "CutMix",
    "Cutout",
    "DataError",
    "DeviceError",
    "Idx",
    "ImageFolder",
    "ImageNetPolicy",
    "Loader",
    "MixUp",
    "Normalize",
    "Parquet",
    "Plan",
    "PlannedImage",
    "Policy",
    "RandAugment",
    "RandomCrop",
    "RandomErasing",
    "RandomHorizontalFlip",
    "RandomResizedCrop",
    "RandomVerticalFlip",
    "Resize",
    "SVHNPolicy",
    "TarShards",
    "TrivialAugment",
    "UniformAugment",
    "__version__",
    "devices",
    "policies",
    "sample_index",
    "show",
]
