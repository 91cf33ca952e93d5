"""torch: data sets and batches for `DataLoader`. This module imports torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.utils.data import Dataset

from ._augmenter import Augmenter
from ._compose import Compose


class Indexed(Dataset[Any]):
    """A data set of (image, target) whose images are augmented by their index and the epoch.

    The epoch is in shared memory, so that persistent workers see `set_epoch` too.

    Args:
        dataset: What gives `dataset[i]`: an image, or a tuple whose first element is one.
        transform: A `Compose`, a policy or another callable of this package.
    """

    def __init__(self, dataset: Any, transform: Augmenter) -> None:
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


def _tensor(image: Any) -> Any:
    return torch.from_numpy(image) if type(image).__module__ == "numpy" else image
