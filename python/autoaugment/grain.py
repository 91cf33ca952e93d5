"""grain: a transformation for `MapDataset.map_with_index`. This module does not import grain.

    ds = grain.MapDataset.source(source).map_with_index(MapWithIndex(transform))
"""

from __future__ import annotations

from typing import Any

from ._augmenter import Augmenter


class MapWithIndex:
    """Augments the image of an element, by its index.

    Args:
        transform: A `Compose`, a policy or another callable of this package.
        image: The key of the image in an element that is a dict. With None the element is the image.
        epoch: The epoch.

    >>> import numpy as np
    >>> from autoaugment import AutoAugment
    >>> element = {"image": np.zeros((8, 8, 3), np.uint8), "label": 3}
    >>> MapWithIndex(AutoAugment("cifar10", seed=1))(5, element)["image"].shape
    (8, 8, 3)
    """

    def __init__(self, transform: Augmenter, *, image: str | None = "image", epoch: int = 0) -> None:
        self._transform, self._image, self._epoch = transform, image, epoch

    def __call__(self, index: int, element: Any) -> Any:
        if self._image is None:
            return self._transform(element, index=int(index), epoch=self._epoch)
        augmented = self._transform(element[self._image], index=int(index), epoch=self._epoch)
        return {**element, self._image: augmented}
