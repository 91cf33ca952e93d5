"""Stages: what a `Compose` consists of, as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from . import _values
from ._policies import Fill, color

Size = int | Sequence[int]

# The longest side of an image that the library takes.
_LONGEST = 32767


def sides(size: Size) -> dict[str, int]:
    """Width and height of a size, which is (height, width) as in torchvision, or one number for both."""
    try:
        values = [size, size] if hasattr(size, "__index__") else list(size)
    except TypeError:
        values = []
    if len(values) != 2 or isinstance(size, str):
        raise ValueError(f"size: one number or (height, width) is needed, got {size!r}")
    values = [_values.whole("size", value, 1, _LONGEST) for value in values]
    return {"width": values[1], "height": values[0]}


@dataclass(frozen=True)
class RandomResizedCrop:
    """A random part of the image, resized to `size`: one number or (height, width).

    Args:
        size: The size afterwards.
        scale: The smallest and the largest part of the image's area.
        ratio: The smallest and the largest width / height.
        interpolation: "nearest", "bilinear", "bicubic", ...
    """

    size: Size
    scale: tuple[float, float] = (0.08, 1.0)
    ratio: tuple[float, float] = (3 / 4, 4 / 3)
    interpolation: str = "bilinear"

    def _stage(self) -> dict[str, Any]:
        ends = {name: _values.numbers(name, getattr(self, name), 2) for name in ("scale", "ratio")}
        rest = ends | {"interpolation": _values.text("interpolation", self.interpolation)}
        return {"random_resized_crop": sides(self.size) | rest}


@dataclass(frozen=True)
class Resize:
    """Another size: one number for the shorter side, or (height, width)."""

    size: Size
    interpolation: str = "bilinear"

    def _stage(self) -> dict[str, Any]:
        both = sides(self.size)
        exactly = {"exactly": [both["width"], both["height"]]}
        to = {"shorter_side": both["width"]} if hasattr(self.size, "__index__") else exactly
        return {"resize": {"to": to, "interpolation": _values.text("interpolation", self.interpolation)}}


@dataclass(frozen=True)
class CenterCrop:
    """The center of the image: one number or (height, width). `fill` is around a smaller image."""

    size: Size
    fill: Fill = 0

    def _stage(self) -> dict[str, Any]:
        return {"center_crop": sides(self.size) | {"fill": color("fill", self.fill)}}


@dataclass(frozen=True)
class RandomCrop:
    """A random part of this size of the image, which is padded on all sides by `padding` pixels of `fill`."""

    size: Size
    padding: int = 0
    fill: Fill = 0

    def _stage(self) -> dict[str, Any]:
        padding = _values.whole("padding", self.padding, 0, _LONGEST)
        return {"random_crop": sides(self.size) | {"padding": padding, "fill": color("fill", self.fill)}}


@dataclass(frozen=True)
class RandomHorizontalFlip:
    """A horizontal flip with probability `p`."""

    p: float = 0.5

    def _stage(self) -> dict[str, Any]:
        return {"random_horizontal_flip": {"probability": _values.number("p", self.p)}}


@dataclass(frozen=True)
class RandomVerticalFlip:
    """A vertical flip with probability `p`."""

    p: float = 0.5

    def _stage(self) -> dict[str, Any]:
        return {"random_vertical_flip": {"probability": _values.number("p", self.p)}}


@dataclass(frozen=True)
class RandomErasing:
    """A random rectangle filled with `fill`, with probability `p`.

    Args:
        p: 0 to 1.
        scale: The smallest and the largest part of the image's area.
        ratio: The smallest and the largest height / width.
        fill: The color, before normalization.
    """

    p: float = 0.5
    scale: tuple[float, float] = (0.02, 0.33)
    ratio: tuple[float, float] = (0.3, 3.3)
    fill: Fill = 0

    def _stage(self) -> dict[str, Any]:
        ends = {name: _values.numbers(name, getattr(self, name), 2) for name in ("scale", "ratio")}
        rest = {"probability": _values.number("p", self.p), "fill": color("fill", self.fill)}
        return {"random_erasing": rest | ends}


@dataclass(frozen=True)
class Normalize:
    """Floats: `(v / 255 - mean) / std` of each channel, as the last stage.

    Args:
        mean: "imagenet", "cifar10", "unit" (v / 255), or the means of red, green and blue on the scale of 0..1.
        std: The standard deviations, if `mean` is no name.
        dtype: "float32" or "float16".
        layout: "chw" or "hwc", whatever the layout of the images is.
    """

    mean: str | Sequence[float] = "imagenet"
    std: Sequence[float] | None = None
    dtype: str = "float32"
    layout: str = "chw"

    def _output(self) -> str:
        dtypes = {"float32": "f32", "float16": "f16"}
        layouts = {"chw": "nchw", "hwc": "nhwc"}
        if self.dtype not in dtypes:
            raise ValueError(f"dtype: there is no {self.dtype!r}; there are 'float32' and 'float16'")
        if self.layout not in layouts:
            raise ValueError(f"layout: there is no {self.layout!r}; there are 'chw' and 'hwc'")
        if isinstance(self.mean, str):
            if self.std is not None:
                raise ValueError(f"std: {self.mean!r} has its own; leave it out")
            values = self.mean
        else:
            if self.std is None:
                raise ValueError("Normalize: mean and std need three values each, or mean the name of a preset")
            both = (_values.numbers(name, getattr(self, name), 3) for name in ("mean", "std"))
            mean, std = (",".join(repr(v) for v in values) for values in both)
            values = f"normalize(mean=[{mean}], std=[{std}])"
        return f"{dtypes[self.dtype]} {layouts[self.layout]} {values}"
