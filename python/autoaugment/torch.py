"""torch: data sets and batches for `DataLoader`. This module imports torch."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from ._augmenter import Augmenter
from ._compose import Compose
from ._draws import Index
from ._loader import Batch
from ._native import DeviceError


class Indexed(Dataset[Any]):
    """A data set of (image, target) whose images are augmented by their index and the epoch.

    The epoch is in shared memory, so that persistent workers see `set_epoch` too.

    Args:
        dataset: What gives `dataset[i]`: an image, or a tuple whose first element is one. Any sample of torchvision v2
            if `transform` is a `TransformV2`.
        transform: A `Compose`, a policy or another callable of this package, or a `TransformV2`.
    """

    def __init__(self, dataset: Any, transform: Augmenter | TransformV2) -> None:
        self._dataset, self._transform = dataset, transform
        self._epoch = torch.zeros((), dtype=torch.int64).share_memory_()

    def set_epoch(self, epoch: int) -> None:
        """The epoch of the samples that are read from now on, in all workers."""
        self._epoch.fill_(epoch)

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitem__(self, index: int) -> Any:
        sample = self._dataset[index]
        key: dict[str, Any] = {"index": int(index), "epoch": int(self._epoch)}
        if isinstance(self._transform, TransformV2):
            return self._transform(sample, **key)
        if isinstance(sample, tuple):
            return (_tensor(self._transform(sample[0], **key)), *sample[1:])
        return _tensor(self._transform(sample, **key))


class Collate:
    """A `collate_fn` that makes a batch of (image, label) by one call of a `Compose`.

    Args:
        transform: A `Compose` that ends in one size.
    """

    def __init__(self, transform: Compose) -> None:
        self._transform = transform

    def __call__(self, samples: Sequence[tuple[Any, int]]) -> tuple[torch.Tensor, torch.Tensor]:
        images, labels = zip(*samples, strict=True)
        return _tensor(self._transform(list(images))), torch.tensor(labels, dtype=torch.int64)


class TransformV2(torch.nn.Module):
    """A transform as those of torchvision v2: masks, boxes and keypoints follow their image.

    A sample is any nest of dicts, lists and tuples. Its images are the `tv_tensors.Image` and `Video` and the images
    of PIL, of uint8. If it has none, the first plain tensor is its image, C x H x W. All have the same draw. A batch in
    one tensor, N x C x H x W, has a draw for each image. `tv_tensors.Mask`, `BoundingBoxes` and `KeyPoints` follow, and
    keep their format and dtype. All else comes back as it is.

    A box of which nothing is visible becomes 0, 0, 0, 0; `SanitizeBoundingBoxes` removes it. Keypoints count whole
    pixels, as torchvision's flips do, and may leave the image.

    Args:
        augment: A `Compose`, a policy or another callable of this package.
        fill: The label of a mask outside the image.
        cutout: Whether rectangles that are cut out of the image get that label in masks too.

    Raises:
        TypeError: There is no image in a sample, an image is not of uint8, or a mask has no whole numbers.
        ValueError: Images have different sizes, a target has another size than its image, boxes are rotated, or AugMix
            moved the image in several ways at once.

    >>> from torchvision import tv_tensors
    >>> from autoaugment import AutoAugment
    >>> image = tv_tensors.Image(torch.zeros(3, 24, 32, dtype=torch.uint8))
    >>> mask = tv_tensors.Mask(torch.ones(24, 32, dtype=torch.int64))
    >>> transform = TransformV2(AutoAugment("imagenet", seed=1), fill=255)
    >>> sample = transform({"image": image, "mask": mask, "name": "cat"}, index=7)
    >>> type(sample["mask"]).__name__, sample["mask"].dtype, sample["name"]
    ('Mask', torch.int64, 'cat')
    """

    def __init__(self, augment: Augmenter, *, fill: int = 0, cutout: bool = False) -> None:
        super().__init__()
        if not isinstance(augment, Augmenter):
            raise TypeError(f"augment: a Compose or a policy is needed, got {type(augment).__name__}")
        if augment._layout == "hwc":
            raise ValueError("augment: tensors of torchvision are C x H x W; give Normalize the layout 'chw'")
        self.augment, self.fill, self.cutout = augment, fill, cutout

    def forward(self, *inputs: Any, index: Index | None = None, epoch: int | None = None) -> Any:
        """The sample, or the samples as a tuple. `index` and `epoch` as in a call of `augment`."""
        from ._torchvision import augmented

        return augmented(self.augment, inputs, self.fill, self.cutout, index, epoch)

    def extra_repr(self) -> str:
        """What `repr` shows."""
        cutout = ", cutout=True" if self.cutout else ""
        return f"{self.augment!r}, fill={self.fill}{cutout}"


def to_cuda(batch: Any, device: Any = "cuda", *, non_blocking: bool = True) -> Any:
    """Copies a batch to a GPU through pinned memory, from which the copy goes on while Python does.

    Args:
        batch: A `Batch`, a tensor, an array, or a tuple, list or dict of these. All else in it comes back as it is.
        device: A device of CUDA: "cuda", "cuda:1", ...
        non_blocking: Whether the call returns before the copy is done. The GPU's own work on the result waits for it.

    Returns:
        The same structure, whose tensors and arrays are tensors on the device.

    Raises:
        DeviceError: torch has no CUDA here.
        ValueError: `device` is none of CUDA.
    """
    device = torch.device(device)
    if device.type != "cuda":
        raise ValueError(f"device: one of CUDA is needed, got {device}; `.to` copies to others")
    if not torch.cuda.is_available():
        why = "this build of torch has no CUDA" if torch.version.cuda is None else "torch finds no CUDA device"
        raise DeviceError(f"{why}; install a driver and a build of torch with CUDA, or train without to_cuda")
    return _to(batch, device, non_blocking)


def _to(part: Any, device: torch.device, non_blocking: bool) -> Any:
    if isinstance(part, np.ndarray):
        part = torch.from_numpy(part)
    if isinstance(part, torch.Tensor):
        pinned = part if part.is_cuda or part.is_pinned() else part.pin_memory()
        return pinned.to(device, non_blocking=non_blocking)
    if isinstance(part, Batch):
        names = (field.name for field in dataclasses.fields(part))
        return dataclasses.replace(part, **{name: _to(getattr(part, name), device, non_blocking) for name in names})
    if isinstance(part, dict):
        return {key: _to(value, device, non_blocking) for key, value in part.items()}
    if isinstance(part, tuple) and hasattr(part, "_fields"):
        return type(part)(*(_to(value, device, non_blocking) for value in part))
    if isinstance(part, (tuple, list)):
        return type(part)(_to(value, device, non_blocking) for value in part)
    return part


def _tensor(image: Any) -> Any:
    return torch.from_numpy(image) if type(image).__module__ == "numpy" else image
