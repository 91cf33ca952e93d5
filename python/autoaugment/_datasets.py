"""Data sets: where a `Loader` finds its samples. They are opened when the loader is made."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _forms, _values
from ._native import Samples

Path = str | os.PathLike[str]


@dataclass(frozen=True)
class ImageFolder:
    """A folder with one folder of images for each class, as torchvision's."""

    root: Path

    def _open(self) -> Samples:
        return Samples.image_folder(_values.path("root", self.root))


@dataclass(frozen=True)
class TarShards:
    """Tar files with the keys of WebDataset. A name may have braces: "train-{0000..1023}.tar".

    Args:
        files: One or several.
        classes: The names of the classes, if labels are names.
        labels: Whether there are labels; without them all are 0.
        masks: The whole extensions of masks: "seg.png". Such a file belongs to the image of its key.
    """

    files: Path | Sequence[Path]
    classes: Sequence[str] | None = None
    labels: bool = True
    masks: str | Sequence[str] = ()

    def _open(self) -> Samples:
        classes = None if self.classes is None else _values.texts("classes", self.classes)
        masks = _values.texts("masks", self.masks)
        return Samples.tar_shards(_values.paths("files", self.files), classes, bool(self.labels), masks)


@dataclass(frozen=True)
class Parquet:
    """Parquet files of the Hugging Face hub. The names of columns are found if they are the usual ones.

    Args:
        files: One or several.
        image, label: The names of their columns, if they are not the usual ones.
        mask: The column of masks, if there is one.
    """

    files: Path | Sequence[Path]
    image: str | None = None
    label: str | None = None
    mask: str | None = None

    def _open(self) -> Samples:
        columns = {"image": self.image, "label": self.label, "mask": self.mask}
        named = (None if column is None else _values.text(name, column) for name, column in columns.items())
        return Samples.parquet(_values.paths("files", self.files), *named)


@dataclass(frozen=True)
class Idx:
    """The two files of MNIST's format."""

    images: Path
    labels: Path

    def _open(self) -> Samples:
        return Samples.idx(_values.path("images", self.images), _values.path("labels", self.labels))


@dataclass(frozen=True)
class Cifar:
    """The binary files of CIFAR. `kind`: "cifar10", "cifar100-fine" or "cifar100-coarse"."""

    files: Path | Sequence[Path]
    kind: str = "cifar10"

    def _open(self) -> Samples:
        return Samples.cifar(_values.paths("files", self.files), _values.text("kind", self.kind))


class _Items:
    """A sequence of Python as the loader reads it: an image as an array, bytes or a path, its class, and its mask."""

    def __init__(self, items: Sequence[Any], masks: bool) -> None:
        self._items, self._masks = items, masks

    def __getitem__(self, index: int) -> tuple[Any, int, Any]:
        image, label, *targets = self._items[index]
        taken = _forms.take(image, None, files=True)
        source = taken.source
        if taken.chw and isinstance(source, np.ndarray) and source.ndim == 3:
            source = np.ascontiguousarray(source.transpose(1, 2, 0))
        return source, int(label), _mask(targets[0]) if self._masks and targets else None


def _mask(mask: Any) -> Any:
    """The bytes of a PNG, or labels with their height and width."""
    if isinstance(mask, bytes):
        return mask
    if isinstance(mask, (str, os.PathLike)):
        with open(mask, "rb") as file:
            return file.read()
    labels = np.asarray(mask)
    if labels.ndim != 2 or labels.dtype not in (np.uint8, np.bool_):
        raise TypeError(f"mask: H x W of uint8 is needed, got {labels.dtype} of shape {labels.shape}")
    return labels.tobytes(), *labels.shape


DataSet = ImageFolder | TarShards | Parquet | Idx | Cifar | Sequence[tuple[Any, int] | tuple[Any, int, Any]]


def opened(dataset: DataSet, masks: bool) -> Samples:
    """The samples of a data set. Other objects need `len(dataset)`, and `dataset[i]` with an image and its class."""
    if isinstance(dataset, (ImageFolder, TarShards, Parquet, Idx, Cifar)):
        return dataset._open()
    if not hasattr(dataset, "__len__") or not hasattr(dataset, "__getitem__"):
        raise TypeError(
            f"dataset: {type(dataset).__name__} is none; an ImageFolder, TarShards, Parquet, Idx, Cifar, or a sequence "
            "of (image, class) is needed"
        )
    return Samples.sequence(_Items(dataset, masks), len(dataset))
