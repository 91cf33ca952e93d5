"""Ray Data: a class for `Dataset.map_batches`. This module does not import ray.

    augmented = ds.map_batches(MapBatches, fn_constructor_args=(transform,), batch_size=256, compute=...)

Draws depend on the seed, the epoch and the column `index` alone. So the rows are the same for every number of actors
and every batch size.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ._augmenter import Augmenter


class MapBatches:
    """Augments the images of a batch of Ray Data, which is a dict of arrays.

    Args:
        transform: A `Compose`, a policy or another callable of this package.
        image: The column of the images: uint8 of one shape, or an object array of images of any sizes, or of the bytes
            of files.
        index: The column of the sample indices: numbers or text. With None, draws come from the generator.
        epoch: The epoch.

    >>> from autoaugment import AutoAugment
    >>> rows = {"image": np.zeros((4, 8, 8, 3), np.uint8), "index": np.arange(4)}
    >>> MapBatches(AutoAugment("cifar10", seed=1))(rows)["image"].shape
    (4, 8, 8, 3)
    """

    def __init__(
        self, transform: Augmenter, *, image: str = "image", index: str | None = "index", epoch: int = 0
    ) -> None:
        self._transform, self._image, self._index, self._epoch = transform, image, index, epoch

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        for column in (self._image, self._index):
            if column is not None and column not in batch:
                raise ValueError(f"there is no column {column!r}; there are {', '.join(sorted(batch))}")
        images = batch[self._image]
        key: dict[str, Any] = {}
        if self._index is not None:
            key = {"index": np.asarray(batch[self._index]).tolist(), "epoch": self._epoch}
        if getattr(images, "dtype", None) != object:
            return {**batch, self._image: self._transform(images, **key)}
        made = self._transform(list(images), **key)
        if isinstance(made, list):
            ragged = np.empty(len(made), object)
            ragged[:] = made
            made = ragged
        return {**batch, self._image: made}
