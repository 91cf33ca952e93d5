"""Forms: images of other packages as arrays of NumPy, and results in the form of what came in.

No package is imported here: an image of PIL or torch cannot come in unless its package is imported already.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

Back = Callable[[Any], Any]

LAYOUTS = ("hwc", "chw")


class Taken(NamedTuple):
    """An image or a batch, and how its result becomes what it was."""

    source: Any  # an array of NumPy, the bytes of a file, or the text of a path
    chw: bool
    back: Back
    is_picture: bool = False  # of PIL


def _same(result: Any) -> Any:
    return result


# Pixels of which Pillow keeps an image in one block of memory, for sure.
_ONE_BLOCK = 1 << 21


def is_arrow(image: Any) -> bool:
    """Whether this is an image of Pillow whose memory can be read where it lies."""
    pil = sys.modules.get("PIL.Image")
    if pil is None or not isinstance(image, pil.Image) or image.mode not in ("RGB", "L"):
        return False
    # Before Pillow 13, the memory of an image that was made so cannot be read again.
    return 0 < image.width * image.height <= _ONE_BLOCK and _is_new(pil)


def fromarrow() -> Any:
    """Pillow's function that makes an image of memory that it takes over."""
    return sys.modules["PIL.Image"].fromarrow


@cache
def _is_new(pil: Any) -> bool:
    return int(pil.__version__.partition(".")[0]) >= 13 and hasattr(pil, "fromarrow")


def take(images: Any, layout: str | None, files: bool = False) -> Taken:
    """An image or a batch as an array. Paths and the bytes of files are taken where `files` are."""
    if layout is not None and layout not in LAYOUTS:
        raise ValueError(f"layout: there is no {layout!r}; there are 'hwc' and 'chw'")
    if isinstance(images, np.ndarray):
        return Taken(images, layout == "chw", _same)
    pil = sys.modules.get("PIL.Image")
    if pil is not None and isinstance(images, pil.Image):
        return _from_pillow(images, layout, pil)
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(images, torch.Tensor):
        return _from_torch(images, layout, torch)
    if files and isinstance(images, (bytes, str, os.PathLike)):
        return Taken(images if isinstance(images, bytes) else os.fspath(images), False, _same)
    if hasattr(images, "__dlpack__"):
        return _from_dlpack(images, layout)
    raise TypeError(_refused(images, files))


def take_out(out: Any) -> Any:
    """The caller's memory for a result, as an array over the same memory."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(out, torch.Tensor):
        if out.device.type != "cpu":
            raise TypeError(f"out: a tensor on the CPU is needed, got one on {out.device}")
        return out.detach().numpy()
    return out


def _from_pillow(image: Any, layout: str | None, pil: Any) -> Taken:
    if layout == "chw":
        raise ValueError("layout: an image of PIL has no layout; leave it out")
    if image.mode not in ("RGB", "L"):
        raise ValueError(f'an image of mode {image.mode!r}: RGB or L is needed; convert it with image.convert("RGB")')
    return Taken(np.asarray(image), False, pil.fromarray, True)


def _from_torch(tensor: Any, layout: str | None, torch: Any) -> Taken:
    if tensor.device.type != "cpu":
        raise TypeError(f"a tensor on {tensor.device}: one on the CPU is needed; call .cpu() first")
    if tensor.dtype != torch.uint8:
        raise TypeError(_wrong_dtype(str(tensor.dtype).removeprefix("torch.")))
    array = tensor.detach().numpy()
    chw = layout != "hwc"
    wrap = _same
    if type(tensor) is not torch.Tensor:
        tv_tensors = sys.modules.get("torchvision.tv_tensors")
        if tv_tensors is not None and isinstance(tensor, (tv_tensors.Image, tv_tensors.Video)):
            tv = tv_tensors

            def wrap(result: Any) -> Any:
                return tv.wrap(result, like=tensor)

    if chw and not tensor.is_contiguous():
        # `channels_last` is interleaved in memory, and its result too.
        to, back = ((0, 2, 3, 1), (0, 3, 1, 2)) if tensor.ndim == 4 else ((1, 2, 0), (2, 0, 1))
        if tensor.ndim in (3, 4) and tensor.permute(to).is_contiguous():

            def as_planes(result: Any) -> Any:
                made = torch.from_numpy(result)
                # Floats have the layout that `Normalize` says.
                return wrap(made.permute(back) if made.dtype == torch.uint8 else made)

            return Taken(array.transpose(to), False, as_planes)
    return Taken(array, chw, lambda result: wrap(torch.from_numpy(result)))


def _from_dlpack(images: Any, layout: str | None) -> Taken:
    kind = _name(images)
    if layout is None:
        raise ValueError(f"layout: say 'hwc' or 'chw' for {kind}, which has no usual one")
    try:
        array = np.from_dlpack(images)
    except (BufferError, RuntimeError, TypeError) as error:
        raise TypeError(f"{kind}: an array on the CPU that NumPy can read is needed ({error})") from None
    return Taken(array, layout == "chw", _of_namespace(images))


def _of_namespace(images: Any) -> Back:
    """The `from_dlpack` of an array's own package."""
    if hasattr(images, "__array_namespace__"):
        package = images.__array_namespace__()
    else:
        package = sys.modules.get(type(images).__module__.partition(".")[0])
    back = getattr(package, "from_dlpack", None)
    return back if back is not None else _same


def _wrong_dtype(name: str) -> str:
    if name.startswith(("float", "bfloat")):
        return f"{name}: uint8 is needed; multiply by 255 and round if this is 0..1"
    return f"{name}: uint8 is needed; convert it if its values are 0..255"


def _name(value: object) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _refused(images: object, files: bool) -> str:
    if isinstance(images, dict):
        return "dict: pass the image alone; autoaugment.torch.TransformV2 takes structures of images and targets"
    if isinstance(images, (bytes, str, os.PathLike)) and not files:
        return f"{_name(images)}: a decoded image is needed; Compose reads files"
    return f"{_name(images)}: an image of PIL, an array or tensor of uint8, or a list of them is needed"
