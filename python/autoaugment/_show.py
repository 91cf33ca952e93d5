"""Show: a contact sheet of augmented images."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

import numpy as np

from . import _forms


def show(images: Any, n: int = 16, *, columns: int | None = None, side: int = 128) -> Any:
    """A sheet of the first `n` images, as an image of PIL, which a notebook displays.

    Args:
        images: Images of any form, a batch, or a `Loader` or `Epoch`. Floats are stretched to 0..255.
        n: The most images.
        columns: Images in a row; None for a sheet about as wide as it is high.
        side: The longer side of each image in pixels.

    >>> import numpy as np
    >>> show(np.zeros((5, 40, 20, 3), np.uint8), side=32).size
    (96, 64)
    """
    from PIL import Image

    if n < 1 or side < 1:
        raise ValueError(f"show: n and side must be at least 1, got {n} and {side}")
    pictures = list(islice(_each(images), n))
    if not pictures:
        raise ValueError("show: there are no images")
    columns = columns or int(np.ceil(np.sqrt(len(pictures))))
    sheet = Image.new("RGB", (columns * side, -(-len(pictures) // columns) * side), (255, 255, 255))
    for i, pixels in enumerate(pictures):
        picture = Image.fromarray(pixels).convert("RGB")
        picture.thumbnail((side, side))
        x, y = side * (i % columns), side * (i // columns)
        sheet.paste(picture, (x + (side - picture.width) // 2, y + (side - picture.height) // 2))
    return sheet


def _each(images: Any) -> Iterable[np.ndarray[Any, Any]]:
    """Each image, H x W or H x W x 3 bytes."""
    if hasattr(images, "images") and hasattr(images, "plan"):
        images = images.images
    if isinstance(images, np.ndarray) or hasattr(images, "__dlpack__"):
        batch = np.asarray(images)
        yield from (_pixels(one) for one in (batch if batch.ndim == 4 else batch[None]))
    elif hasattr(images, "mode") or not isinstance(images, Iterable):
        yield np.asarray(_forms.take(images, None).source)
    else:
        for one in images:
            yield from _each(one)


def _pixels(image: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if image.ndim == 3 and image.shape[0] in (1, 3) and image.shape[-1] not in (1, 3):
        image = image.transpose(1, 2, 0)
    if image.dtype != np.uint8:
        low, high = float(image.min()), float(image.max())
        image = np.rint((image.astype(np.float64) - low) * (255 / (high - low or 1))).astype(np.uint8)
    return image[..., 0] if image.ndim == 3 and image.shape[-1] == 1 else image
