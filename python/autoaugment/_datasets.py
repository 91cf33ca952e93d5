"""Data sets: where a `Loader` finds its samples. They are opened when the loader is made."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _forms
from ._native import Samples

Path = str | os.PathLike[str]


def _paths(files: Path | Sequence[Path]) -> list[str]:
    return [os.fspath(files)] if isinstance(files, (str, os.PathLike)) else [os.fspath(file) for file in files]


@dataclass(frozen=True)
class ImageFolder:
    """A folder with one folder of images for each class, as torchvision's."""

    root: Path

    def _open(self) -> Samples:
        return Samples.image_folder(os.fspath(self.root))


@dataclass(frozen=True)
class TarShards:
    """Tar files with the keys of WebDataset. A name may have braces: "train-{0000..1023}.tar".

    Args:
        files: One or several.
        classes: The names of the classes, if labels are names.
        labels: Whether there are labels; without them all are 0.
    """

    files: Path | Sequence[Path]
    classes: Sequence[str] | None = None
    labels: bool = True

    def _open(self) -> Samples:
        return Samples.tar_shards(_paths(self.files), None if self.classes is None else list(self.classes), self.labels)


@dataclass(frozen=True)
class Parquet:
    """Parquet files of the Hugging Face hub. The names of columns are found if they are the usual ones."""

    files: Path | Sequence[Path]
    image: str | None = None
    label: str | None = None

    def _open(self) -> Samples:
        return Samples.parquet(_paths(self.files), self.image, self.label)


@dataclass(frozen=True)
class Idx:
    """The two files of MNIST's format."""

    images: Path
    labels: Path

    def _open(self) -> Samples:
        return Samples.idx(os.fspath(self.images), os.fspath(self.labels))


@dataclass(frozen=True)
class Cifar:
    """The binary files of CIFAR. `kind`: "cifar10", "cifar100-fine" or "cifar100-coarse"."""

    files: Path | Sequence[Path]
    kind: str = "cifar10"

    def _open(self) -> Samples:
        return Samples.cifar(_paths(self.files), self.kind)


class _Items:
    """A sequence of Python as the loader reads it: an image as an array, bytes or a path, and a class."""

    def __init__(self, items: Sequence[tuple[Any, int]]) -> None:
        self._items = items

    def __getitem__(self, index: int) -> tuple[Any, int]:
        image, label = self._items[index]
        taken = _forms.take(image, None, files=True)
        source = taken.source
        if taken.chw and isinstance(source, np.ndarray) and source.ndim == 3:
            source = np.ascontiguousarray(source.transpose(1, 2, 0))
        return source, int(label)


DataSet = ImageFolder | TarShards | Parquet | Idx | Cifar | Sequence[tuple[Any, int]]


def opened(dataset: DataSet) -> Samples:
    """The samples of a data set. Other objects need `len(dataset)`, and `dataset[i]` with an image and its class."""
    if isinstance(dataset, (ImageFolder, TarShards, Parquet, Idx, Cifar)):
        return dataset._open()
    if not hasattr(dataset, "__len__") or not hasattr(dataset, "__getitem__"):
        raise TypeError(
            f"dataset: {type(dataset).__name__} is none; an ImageFolder, TarShards, Parquet, Idx, Cifar, or a sequence "
            "of (image, class) is needed"
        )
    return Samples.sequence(_Items(dataset), len(dataset))
