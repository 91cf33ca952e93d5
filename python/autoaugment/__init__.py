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

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import _threads as _threads
from ._native import DataError, DeviceError, Plan, PlannedImage, Policy, __version__, devices, policies, sample_index

if TYPE_CHECKING:
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
    from ._loader import Batch, CutMix, Loader, Masks, MixUp
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
    "Masks",
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

# What is imported when it is first asked for, so that an import of the package costs next to nothing.
_HOMES = {
    "CenterCrop": "_compose",
    "Compose": "_compose",
    "Normalize": "_compose",
    "RandomCrop": "_compose",
    "RandomErasing": "_compose",
    "RandomHorizontalFlip": "_compose",
    "RandomResizedCrop": "_compose",
    "RandomVerticalFlip": "_compose",
    "Resize": "_compose",
    "Cifar": "_datasets",
    "Idx": "_datasets",
    "ImageFolder": "_datasets",
    "Parquet": "_datasets",
    "TarShards": "_datasets",
    "Batch": "_loader",
    "CutMix": "_loader",
    "Loader": "_loader",
    "Masks": "_loader",
    "MixUp": "_loader",
    "AugMix": "_policies",
    "AutoAugment": "_policies",
    "CIFAR10Policy": "_policies",
    "Cutout": "_policies",
    "ImageNetPolicy": "_policies",
    "RandAugment": "_policies",
    "SVHNPolicy": "_policies",
    "TrivialAugment": "_policies",
    "UniformAugment": "_policies",
    "show": "_show",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
