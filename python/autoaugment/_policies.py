"""Policies: the learned ones, and other methods to draw operations, each as a callable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import _values
from ._augmenter import Augmenter
from ._native import Policy

Fill = int | Sequence[int]


def color(name: str, fill: Fill) -> tuple[int, int, int]:
    """Red, green and blue of a fill."""
    one = _values.integer(fill)
    try:
        values = [_values.integer(value) for value in fill] if one is None else [one] * 3  # type: ignore[union-attr]
    except TypeError:
        values = []
    match [value for value in values if value is not None and 0 <= value <= 255]:
        case [red, green, blue] if len(values) == 3:
            return red, green, blue
    raise ValueError(f"{name}: one value or three of 0..255 are needed, got {fill!r}")


def _color_or_none(name: str, fill: Fill | None) -> tuple[int, int, int] | None:
    return None if fill is None else color(name, fill)


class AutoAugment(Augmenter):
    """Draws from a policy for each image and applies what was drawn, with Pillow's bytes.

    Args:
        policy: A preset ("imagenet", "cifar10", "svhn", ...), a scheme ("randaugment(n=2, m=9)"), timm's configuration
            string ("rand-m9-mstd0.5-inc1"), the lines or JSON of a policy, or a `Policy`. `policies()` lists them.
        seed: The seed of the draws, 0 or more. With None, draws without `index` come from the generator of torch (if
            it is imported) or of Python's `random`, so that `manual_seed` and workers do what they do elsewhere.
        device: "auto" (a GPU if there is one, else the CPU), "cpu", "gpu", or a part of a GPU's name.
        convention: Reads the magnitudes as another framework does: "torchvision", "deepvoltaire", "tensorflow", ...
        interpolation: "nearest", "bilinear" or "bicubic" for all warps; None for the convention's.
        fill: The color outside the image, 0..255, one value or three; None for the convention's.
        threads: The most threads of a call. None for all cores, and for one in a worker process.

    Raises:
        ValueError: A name, a number or a combination cannot be used.

    >>> import numpy as np
    >>> augment = AutoAugment("cifar10", seed=1)
    >>> augment
    AutoAugment(policy='cifar10', seed=1)
    >>> image = np.full((32, 32, 3), 128, np.uint8)
    >>> augmented, plan = augment(image, index=5, return_plan=True)
    >>> augmented.shape, plan.images[0].index
    ((32, 32, 3), 5)
    """

    def __init__(
        self,
        policy: str | Policy = "imagenet",
        *,
        seed: int | None = None,
        device: str = "auto",
        convention: str | None = None,
        interpolation: str | None = None,
        fill: Fill | None = None,
        threads: int | None = None,
    ) -> None:
        arguments = {
            "policy": policy,
            "seed": seed,
            "device": device,
            "convention": convention,
            "interpolation": interpolation,
            "fill": fill,
            "threads": threads,
        }
        self._of_policy(arguments, policy, seed, device, convention, interpolation, _color_or_none("fill", fill), threads)

    def _of_policy(
        self,
        arguments: dict[str, Any],
        policy: str | Policy,
        seed: int | None,
        device: str,
        convention: str | None,
        interpolation: str | None,
        fill: tuple[int, int, int] | None,
        threads: int | None,
    ) -> None:
        if not isinstance(policy, (str, Policy)):
            raise TypeError(f"policy: a text or a Policy is needed, got {type(policy).__name__}")
        read = policy if isinstance(policy, Policy) else Policy(policy)
        self._policy = read if convention is None else read.with_convention(convention)
        self._warps = (interpolation, fill)
        self._set_up(
            arguments,
            [{"policy": str(self._policy)}],
            seed=seed,
            device=device,
            threads=threads,
            interpolation=interpolation,
            fill=fill,
        )

    @property
    def policy(self) -> Policy:
        """The policy or scheme."""
        return self._policy


class _ArticlePolicy(AutoAugment):
    """A policy with the signature and the convention of the article's well-known PyTorch code."""

    _preset = ""

    def __init__(
        self,
        fillcolor: Fill = (128, 128, 128),
        *,
        seed: int | None = None,
        device: str = "auto",
        threads: int | None = None,
    ) -> None:
        fill = _color_or_none("fillcolor", fillcolor)
        arguments = {
            "fillcolor": None if fill == (128, 128, 128) else fillcolor,
            "seed": seed,
            "device": device,
            "threads": threads,
        }
        self._of_policy(arguments, self._preset, seed, device, "deepvoltaire", None, fill, threads)


class ImageNetPolicy(_ArticlePolicy):
    """The 25 sub-policies for ImageNet, in the convention of the repository DeepVoltaire/AutoAugment.

    Args:
        fillcolor: The color outside the image.
        seed, device, threads: As in `AutoAugment`.

    >>> import numpy as np
    >>> policy = ImageNetPolicy()
    >>> transformed = policy(np.zeros((64, 48, 3), np.uint8))
    >>> transformed.shape
    (64, 48, 3)
    """

    _preset = "imagenet"


class CIFAR10Policy(_ArticlePolicy):
    """The 25 sub-policies for CIFAR-10; see `ImageNetPolicy`."""

    _preset = "cifar10"


class SVHNPolicy(_ArticlePolicy):
    """The 25 sub-policies for SVHN; see `ImageNetPolicy`."""

    _preset = "svhn"


class _Scheme(AutoAugment):
    """A method to draw operations that is written as text: `name(parameter=value, ...)`."""

    def _of_scheme(self, name: str, parameters: dict[str, Any], **options: Any) -> None:
        written = ", ".join(f"{key}={_written(value)}" for key, value in parameters.items() if value is not None)
        given = {**parameters, **options}
        fill = _color_or_none("fill", given["fill"])
        self._of_policy(
            given,
            f"{name}({written})",
            options["seed"],
            options["device"],
            None,
            options["interpolation"],
            fill,
            options["threads"],
        )


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)


class RandAugment(_Scheme):
    """torchvision's RandAugment: `n` operations at magnitude `m` of 0..=30.

    >>> RandAugment(n=3, m=5).policy
    Policy("randaugment(n=3, m=5)")
    """

    def __init__(
        self,
        n: int = 2,
        m: int = 9,
        *,
        seed: int | None = None,
        device: str = "auto",
        interpolation: str | None = None,
        fill: Fill | None = None,
        threads: int | None = None,
    ) -> None:
        options = {"seed": seed, "device": device, "interpolation": interpolation, "fill": fill, "threads": threads}
        self._of_scheme("randaugment", {"n": n, "m": m}, **options)


class TrivialAugment(_Scheme):
    """torchvision's TrivialAugmentWide: one operation at any magnitude.

    >>> TrivialAugment(seed=3)
    TrivialAugment(seed=3)
    """

    def __init__(
        self,
        *,
        seed: int | None = None,
        device: str = "auto",
        interpolation: str | None = None,
        fill: Fill | None = None,
        threads: int | None = None,
    ) -> None:
        options = {"seed": seed, "device": device, "interpolation": interpolation, "fill": fill, "threads": threads}
        self._of_scheme("trivialaugment", {}, **options)


class UniformAugment(_Scheme):
    """UniformAugment: `n` operations at any magnitude, each with any probability.

    >>> UniformAugment(n=3)
    UniformAugment(n=3)
    """

    def __init__(
        self,
        n: int = 2,
        *,
        seed: int | None = None,
        device: str = "auto",
        interpolation: str | None = None,
        fill: Fill | None = None,
        threads: int | None = None,
    ) -> None:
        options = {"seed": seed, "device": device, "interpolation": interpolation, "fill": fill, "threads": threads}
        self._of_scheme("uniformaugment", {"n": n}, **options)


class AugMix(_Scheme):
    """torchvision's AugMix: `width` chains of operations side by side, mixed with the image.

    Args:
        severity: The strength of the operations, 1..=10.
        width: The number of chains.
        depth: The operations of a chain; None draws 1 to 3.
        alpha: The parameter of the distributions of the weights.
        all_ops: Also brightness, contrast, color and sharpness.

    >>> AugMix(severity=5).severity
    5
    """

    def __init__(
        self,
        severity: int = 3,
        width: int = 3,
        depth: int | None = None,
        alpha: float = 1.0,
        all_ops: bool = True,
        *,
        seed: int | None = None,
        device: str = "auto",
        interpolation: str | None = None,
        fill: Fill | None = None,
        threads: int | None = None,
    ) -> None:
        parameters = {"severity": severity, "width": width, "depth": depth, "alpha": alpha, "all_ops": all_ops}
        options = {"seed": seed, "device": device, "interpolation": interpolation, "fill": fill, "threads": threads}
        self.severity = severity
        self._of_scheme("augmix", parameters, **options)


class Cutout(Augmenter):
    """A filled square of `side` pixels around a random pixel.

    >>> import numpy as np
    >>> white = np.full((8, 8, 3), 255, np.uint8)
    >>> int((Cutout(4, seed=0)(white, index=3) == 0).sum()) > 0
    True
    """

    def __init__(
        self,
        side: int = 16,
        *,
        fill: Fill = 0,
        seed: int | None = None,
        device: str = "auto",
        threads: int | None = None,
    ) -> None:
        given = {"side": side, "fill": fill or None, "seed": seed, "device": device, "threads": threads}
        side = _values.whole("side", side, 0, 2**32 - 1)
        self._stage = {"cutout": {"side": side, "fill": color("fill", fill)}}
        self._set_up(given, [self._stage], seed=seed, device=device, threads=threads)
