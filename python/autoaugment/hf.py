"""Hugging Face datasets: a function for `with_transform`. This module does not import datasets.

    train = train.with_transform(WithTransform(transform))
"""

from __future__ import annotations

from typing import Any

from ._augmenter import Augmenter


class WithTransform:
    """Augments the images of a batch of rows, a dict of lists.

    Args:
        transform: A `Compose`, a policy or another callable of this package.
        image: The column of the images.
        output: The column of the results; `image` unless given.
        index: The column of the sample indices, if the rows have one: numbers or text. Otherwise draws come from the
            generator of torch or Python, as those of other transforms do.
        epoch: The epoch, if there is an index.

    >>> import numpy as np
    >>> from autoaugment import AutoAugment
    >>> rows = {"image": [np.zeros((8, 9, 3), np.uint8)], "label": [1]}
    >>> sorted(WithTransform(AutoAugment("imagenet"), output="pixels")(rows))
    ['image', 'label', 'pixels']
    """

    def __init__(
        self,
        transform: Augmenter,
        *,
        image: str = "image",
        output: str | None = None,
        index: str | None = None,
        epoch: int = 0,
    ) -> None:
        self._transform, self._image, self._output = transform, image, output or image
        self._index, self._epoch = index, epoch

    def __call__(self, rows: dict[str, list[Any]]) -> dict[str, Any]:
        for column in (self._image, self._index):
            if column is not None and column not in rows:
                raise ValueError(f"there is no column {column!r}; there are {', '.join(sorted(rows))}")
        images = [image if not hasattr(image, "mode") else _taken(image) for image in rows[self._image]]
        key: dict[str, Any] = {} if self._index is None else {"index": rows[self._index], "epoch": self._epoch}
        return {**rows, self._output: self._transform(images, **key)}


def _taken(image: Any) -> Any:
    """Photographs of some sets are gray, or have an alpha channel."""
    return image if image.mode == "RGB" else image.convert("RGB")
