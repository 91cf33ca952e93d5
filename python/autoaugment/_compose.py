"""Compose: all that is done to a training image before the network, in one call of the engine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from . import _native
from ._augmenter import Augmenter
from ._policies import AutoAugment, Cutout
from ._stages import (
    CenterCrop,
    Normalize,
    RandomCrop,
    RandomErasing,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomVerticalFlip,
    Resize,
)

Stage = (
    AutoAugment
    | CenterCrop
    | Cutout
    | Normalize
    | RandomCrop
    | RandomErasing
    | RandomHorizontalFlip
    | RandomResizedCrop
    | RandomVerticalFlip
    | Resize
)

__all__ = ["CenterCrop", "Compose", "Normalize", "RandomCrop", "RandomErasing", "RandomHorizontalFlip"]
__all__ += ["RandomResizedCrop", "RandomVerticalFlip", "Resize", "Stage"]


class Compose(Augmenter):
    """Crops, flips, a policy and normalization, fused: one call, one pass over each image.

    A call takes an image, a batch, or a list of images, paths (`str` or `os.PathLike`) or the `bytes` of image files.
    The images of a list may have different sizes, and become one batch.

    Args:
        stages: In the order of application. `Normalize` can only be the last one; without it the result is uint8.
        seed, device, threads: As in `AutoAugment`. Policies among the stages have neither a seed nor a device.

    Raises:
        ValueError: A stage or an option cannot be used.

    >>> import numpy as np
    >>> transform = Compose([RandomResizedCrop(24), RandomHorizontalFlip(), AutoAugment("imagenet"), Normalize()])
    >>> images = [np.zeros((40, 50, 3), np.uint8), np.zeros((64, 32, 3), np.uint8)]
    >>> batch = transform(images, index=[0, 1])
    >>> batch.shape, batch.dtype.name
    ((2, 3, 24, 24), 'float32')
    """

    _together = True
    _files = True

    def __init__(
        self,
        stages: Sequence[Stage],
        *,
        seed: int | None = None,
        device: str = "auto",
        threads: int | None = None,
    ) -> None:
        if isinstance(stages, (str, bytes)) or not isinstance(stages, Iterable):
            raise TypeError(f"stages: a list of stages is needed, got {type(stages).__name__}")
        stages = list(stages)
        output = "u8"
        before = stages
        if stages and isinstance(stages[-1], Normalize):
            output, before = stages[-1]._output(), stages[:-1]
        warps = [stage._warps for stage in before if isinstance(stage, AutoAugment)]
        if len(set(warps)) > 1:
            raise ValueError("stages: all policies need the same interpolation and fill")
        interpolation, fill = warps[0] if warps else (None, None)
        self._set_up(
            {"stages": stages, "seed": seed, "device": device, "threads": threads},
            [_as_data(place, stage) for place, stage in enumerate(before, 1)],
            seed=seed,
            device=device,
            threads=threads,
            interpolation=interpolation,
            fill=fill,
            output=output,
        )

    @classmethod
    def imagenet(
        cls,
        policy: str | _native.Policy | None = None,
        *,
        training: bool = True,
        dtype: str = "float32",
        seed: int | None = None,
        device: str = "auto",
        threads: int | None = None,
    ) -> Compose:
        """The usual transform for ImageNet, 224 x 224, as in torchvision's reference training.

        >>> Compose.imagenet(training=False).__class__.__name__
        'Compose'
        """
        crop: list[Stage] = [RandomResizedCrop(224), RandomHorizontalFlip()]
        stages = [*crop, *_policy(policy)] if training else [Resize(256), CenterCrop(224)]
        return cls([*stages, Normalize("imagenet", dtype=dtype)], seed=seed, device=device, threads=threads)

    @classmethod
    def cifar(
        cls,
        policy: str | _native.Policy | None = None,
        *,
        training: bool = True,
        dtype: str = "float32",
        seed: int | None = None,
        device: str = "auto",
        threads: int | None = None,
    ) -> Compose:
        """The usual transform for CIFAR, 32 x 32, as in the repository DeepVoltaire/AutoAugment."""
        crop: list[Stage] = [RandomCrop(32, padding=4, fill=128), RandomHorizontalFlip()]
        stages = [*crop, *_policy(policy), Cutout(16)] if training else []
        return cls([*stages, Normalize("cifar10", dtype=dtype)], seed=seed, device=device, threads=threads)


def _policy(policy: str | _native.Policy | None) -> list[Stage]:
    return [] if policy is None else [AutoAugment(policy)]


def _as_data(place: int, stage: Any) -> dict[str, Any]:
    if isinstance(stage, Normalize):
        raise ValueError(f"stage {place}: Normalize can only be the last one")
    if isinstance(stage, (AutoAugment, Cutout)):
        for option in ("seed", "device", "threads"):
            if stage._arguments.get(option) is not None:
                raise ValueError(f"stage {place}: give `{option}` to Compose, not to {type(stage).__name__}")
        return stage._stage if isinstance(stage, Cutout) else {"policy": str(stage.policy)}
    if not hasattr(stage, "_stage"):
        raise TypeError(f"stage {place}: {type(stage).__name__} is no stage of autoaugment")
    data: dict[str, Any] = stage._stage()
    return data
