"""jax: augmentation inside `jit`, and batches on devices. This module imports jax."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import numpy as np

from ._augmenter import Augmenter
from ._forms import LAYOUTS
from ._loader import Batch


class Augment:
    """A pure function of images, sample indices and the epoch, which also works inside `jax.jit`.

    Draws depend on the seed, the epoch and the index alone. So jax may call it as often as it likes. The host's CPU, or
    the device of `transform`, computes it; `jit` sends the images there and back.

    Args:
        transform: A `Compose`, a policy or another callable of this package.
        layout: "hwc" or "chw": the axes of images.

    >>> import jax.numpy as jnp
    >>> from autoaugment import AutoAugment
    >>> augment = Augment(AutoAugment("cifar10", seed=1))
    >>> step = jax.jit(lambda images, index, epoch: augment(images, index, epoch).astype(jnp.float32).mean())
    >>> step(jnp.zeros((4, 32, 32, 3), jnp.uint8), jnp.arange(4), 0).shape
    ()
    """

    def __init__(self, transform: Augmenter, *, layout: str = "hwc") -> None:
        if not isinstance(transform, Augmenter):
            raise TypeError(f"transform: a Compose or a policy is needed, got {type(transform).__name__}")
        if layout not in LAYOUTS:
            raise ValueError(f"layout: there is no {layout!r}; there are 'hwc' and 'chw'")
        self._transform, self._layout = transform, layout

    def __call__(self, images: Any, index: Any, epoch: Any = 0) -> Any:
        """Augment a batch.

        Args:
            images: uint8, N x H x W x C, or N x C x H x W with the layout "chw".
            index: The N sample indices, whole numbers.
            epoch: The epoch, a whole number.

        Returns:
            The batch after the transform.

        Raises:
            TypeError: `images` are not of uint8.
            ValueError: The shapes are others.
        """
        if images.dtype != np.uint8:
            raise TypeError(f"{images.dtype}: uint8 is needed")
        if images.ndim != 4 or np.shape(index) != images.shape[:1]:
            shapes = f"{images.shape} and {np.shape(index)}"
            raise ValueError(f"N x H x W x C images and N indices are needed, got the shapes {shapes}")
        one = self._transform(np.zeros((1, *images.shape[1:]), np.uint8), index=[0], layout=self._layout)
        result = jax.ShapeDtypeStruct((images.shape[0], *one.shape[1:]), one.dtype)
        return jax.pure_callback(self._run, result, images, index, epoch)

    def _run(self, images: Any, index: Any, epoch: Any) -> Any:
        key = {"index": np.asarray(index).tolist(), "epoch": int(epoch)}
        return self._transform(np.asarray(images), layout=self._layout, **key)

    def __repr__(self) -> str:
        return f"Augment({self._transform!r}, layout={self._layout!r})"


def to_device(batch: Batch, device: Any = None) -> Batch:
    """A batch of a `Loader` on a device of jax, or divided among devices by a sharding.

    Args:
        batch: A batch of any form.
        device: A device or a sharding; None for the usual device.

    >>> from autoaugment import AutoAugment, Loader
    >>> loader = Loader([(np.zeros((8, 8, 3), np.uint8), 1)] * 4, AutoAugment("cifar10", seed=1), batch_size=4)
    >>> [to_device(batch, jax.devices()[0]).images.shape for batch in loader]
    [(4, 8, 8, 3)]
    """

    def put(array: Any) -> Any:
        return None if array is None else jax.device_put(np.asarray(array), device)

    return dataclasses.replace(
        batch,
        images=put(batch.images),
        labels=put(batch.labels),
        soft_labels=put(batch.soft_labels),
        indices=put(batch.indices),
        masks=put(batch.masks),
    )
