"""Samples of torchvision v2: structures whose images are augmented, and whose masks, boxes and keypoints follow.

This module imports torchvision. `autoaugment.torch.TransformV2` is its entrance.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import torch
from torch.utils._pytree import tree_flatten, tree_unflatten
from torchvision import tv_tensors
from torchvision.transforms.v2.functional import convert_bounding_box_format

from . import _draws
from ._augmenter import Augmenter
from ._native import Plan

_XYXY = tv_tensors.BoundingBoxFormat.XYXY


def augmented(
    augment: Augmenter, inputs: tuple[Any, ...], fill: int, cutout: bool, index: _draws.Index | None, epoch: int | None
) -> Any:
    """The same structure after one draw for all of its images, or after one for each image of a batch."""
    values, structure = tree_flatten(inputs if len(inputs) != 1 else inputs[0])
    places = _images(values)
    first = values[places[0]]
    size = _size(first)
    # The number of images with draws of their own; None if all have the same one.
    own = None if isinstance(first, tv_tensors.Video) else _frames(first)
    key, numbers = augment._key(1 if own is None else own, own is None, index, epoch)

    def drawn(frames: int) -> Plan:
        indices = numbers if own is not None else numbers * frames
        return augment._engine.plan([size] * frames, key, indices)

    plan = drawn(1 if own is None else own)
    for place in places:
        image = values[place]
        frames = _frames(image)
        fits = frames == own if own is not None else frames is None or isinstance(image, tv_tensors.Video)
        if _size(image) != size or not fits:
            raise ValueError(
                f"images of one sample have one draw, so they need one size; got {_described(first)} and "
                f"{_described(image)}"
            )
        result = augment.apply(image, plan if frames is None else drawn(frames))
        values[place] = tv_tensors.Image(torch.from_numpy(result)) if isinstance(result, np.ndarray) else result
    for place, target in enumerate(values):
        if isinstance(target, tv_tensors.Mask):
            values[place] = _masks(target, plan, size, own, fill, cutout)
        elif isinstance(target, (tv_tensors.BoundingBoxes, tv_tensors.KeyPoints)):
            if own is not None:
                raise ValueError("boxes and keypoints follow one image; transform samples before they become a batch")
            values[place] = _points(target, plan, size)
    return tree_unflatten(values, structure)


def _images(values: list[Any]) -> list[int]:
    """The places of images: those that say that they are, else the first plain tensor, as in torchvision."""
    pil = sys.modules.get("PIL.Image")
    images = (tv_tensors.Image, tv_tensors.Video) if pil is None else (tv_tensors.Image, tv_tensors.Video, pil.Image)
    places = [place for place, value in enumerate(values) if isinstance(value, images)]
    if not places:
        is_plain = [isinstance(value, torch.Tensor) and not isinstance(value, tv_tensors.TVTensor) for value in values]
        places = [place for place, is_it in enumerate(is_plain) if is_it][:1]
    if not places:
        kinds = ", ".join(sorted({type(value).__qualname__ for value in values})) or "nothing"
        raise TypeError(f"the sample needs an image: a tv_tensors.Image, an image of PIL or a tensor; got {kinds}")
    return places


def _frames(image: Any) -> int | None:
    """N of N x C x H x W; None for one image."""
    return int(image.shape[0]) if isinstance(image, torch.Tensor) and image.ndim == 4 else None


def _size(image: Any) -> tuple[int, int]:
    """Width and height."""
    if not isinstance(image, torch.Tensor):
        return int(image.width), int(image.height)
    if not 2 <= image.ndim <= 4:
        raise ValueError(f"shape {tuple(image.shape)}: an image has 2 or 3 axes, and a batch or a video 4")
    return int(image.shape[-1]), int(image.shape[-2])


def _described(image: Any) -> str:
    width, height = _size(image)
    frames = _frames(image)
    return f"{type(image).__name__} of {'' if frames is None else f'{frames} x '}{height} x {width}"


def _check_canvas(kind: str, canvas: tuple[int, ...], size: tuple[int, int]) -> None:
    if tuple(canvas) != size[::-1]:
        raise ValueError(f"{kind} of {canvas[0]} x {canvas[1]} pixels, and the image has {size[1]} x {size[0]}")


def _masks(target: Any, plan: Plan, size: tuple[int, int], own: int | None, fill: int, cutout: bool) -> Any:
    _check_canvas("masks", target.shape[-2:], size)
    labels = target.as_subclass(torch.Tensor).detach().numpy()
    if own is None:
        moved = plan.masks(labels.reshape(-1, *labels.shape[-2:]), fill=fill, cutout=cutout)
    elif labels.ndim < 3 or len(labels) != own:
        raise ValueError(f"masks of shape {labels.shape}: {own} images need as many")
    else:
        each = labels.reshape(own, -1, *labels.shape[-2:])
        moved = np.stack(plan.masks(list(each), fill=fill, cutout=cutout)) if own else labels
    moved = moved.reshape(*labels.shape[:-2], *moved.shape[-2:])
    return tv_tensors.wrap(torch.from_numpy(moved), like=target)


def _points(target: Any, plan: Plan, size: tuple[int, int]) -> Any:
    """Boxes or keypoints, in their format and dtype."""
    _check_canvas(type(target).__name__, target.canvas_size, size)
    plain = target.as_subclass(torch.Tensor).detach()
    width, height = plan.size_after(size)
    if isinstance(target, tv_tensors.KeyPoints):
        # torchvision counts whole pixels: its flip moves 0 to width - 1.
        points, _ = plan.keypoints(plain.reshape(-1, 2).double().numpy() + 0.5, size)
        moved = torch.from_numpy(points - 0.5).reshape(plain.shape)
    else:
        if tv_tensors.is_rotated_bounding_format(target.format):
            raise ValueError(f"boxes of format {target.format.value}: their sides turn; give XYXY, XYWH or CXCYWH")
        corners = convert_bounding_box_format(plain.double(), target.format, _XYXY)
        boxes, _ = plan.boxes(corners.numpy(), size)
        moved = convert_bounding_box_format(torch.from_numpy(boxes), _XYXY, target.format)
    if not plain.is_floating_point():
        moved = moved.round()
    return tv_tensors.wrap(moved.to(plain.dtype), like=target, canvas_size=(height, width))
