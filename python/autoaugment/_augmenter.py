"""Augmenter: what all callables of this package share, from the arguments of a call to its result."""

from __future__ import annotations

import itertools
import json
from typing import Any, Self

import numpy as np

from . import _draws, _forms, _values
from ._native import Engine, Plan


class Augmenter:
    """Draws for each image and applies what was drawn. Made by its subclasses."""

    _arguments: dict[str, Any]
    # The configuration as the library reads it.
    _config: str
    _engine: Engine
    _seed: int | None
    # Whether a list becomes one batch.
    _together = False
    # Whether results are floats, which an image of PIL cannot have.
    _floats = False
    # Whether paths and the bytes of files are images.
    _files = False
    # The layout of results, if it is not that of the images.
    _layout: str | None = None

    def _set_up(
        self,
        arguments: dict[str, Any],
        stages: list[dict[str, Any]],
        *,
        seed: int | None,
        device: str,
        threads: int | None,
        interpolation: str | None = None,
        fill: tuple[int, int, int] | None = None,
        output: str = "u8",
    ) -> None:
        # What `repr` shows: the arguments that are not their defaults.
        auto = ("device", "auto")
        self._arguments = {name: value for name, value in arguments.items() if value is not None and (name, value) != auto}
        self._seed = None if seed is None else _draws.checked("seed", seed)
        threads = _values.threads(threads)
        _values.text("device", device)
        if interpolation is not None:
            _values.text("interpolation", interpolation)
        config = {
            "transform": stages,
            "seed": self._seed or 0,
            "interpolation": interpolation,
            "fill": fill,
            "output": output,
            "device": device,
        }
        self._config = json.dumps({k: v for k, v in config.items() if v is not None})
        self._engine = Engine(self._config, threads or 0)
        self._calls = itertools.count()
        self._floats = not output.startswith("u8")
        self._layout = {"nhwc": "hwc", "nchw": "chw"}.get(output.partition(" ")[2].partition(" ")[0])

    def __call__(
        self,
        images: Any,
        *,
        index: _draws.Index | None = None,
        epoch: int | None = None,
        out: Any = None,
        layout: str | None = None,
        return_plan: bool = False,
    ) -> Any:
        """Augment an image, a batch, or a list of images, and return the same.

        Args:
            images: An image of PIL (RGB or L); an array of uint8 with shape H x W, H x W x C or N x H x W x C, where C
                is 1 or 3; a tensor of torch with C x H x W or N x C x H x W; any array with `__dlpack__`; or a list of
                such images, of any sizes. It is not changed.
            index: The sample index of each image: its number in the data set, or its key as text. With `seed` and
                `epoch` it decides the draws, and nothing else does. Images with the same index have the same draws.
            epoch: The epoch, so that a sample is drawn anew in each; 0 if only `index` is given.
            out: Memory for the result, of exactly its shape and dtype, instead of new memory.
            layout: "hwc" or "chw", where it is not the usual one of the array's package.
            return_plan: Return the plan too: what was drawn for each image.

        Returns:
            The result in the form of `images`, or a pair of it and the `Plan`.

        Raises:
            TypeError: `images` or `out` has a type or dtype that cannot be taken.
            ValueError: A shape, a mode, an index or another value cannot be used.
            DeviceError: There is no GPU, it failed, or this process was forked after it was opened.
            MemoryError: The host or the device has no memory for the result.
        """
        if isinstance(images, (list, tuple)):
            return self._call_list(images, index, epoch, out, layout, return_plan)
        if not self._floats and out is None and layout is None and _forms.is_arrow(images):
            result, plan = self._run_picture(images, self._key(1, True, index, epoch))
            return (result, plan) if return_plan else result
        taken = _forms.take(images, layout, self._files)
        if not isinstance(taken.source, np.ndarray):
            memory = None if out is None else out[None]
            batch, plan = self._call_list([images], index, epoch, memory, layout, True)
            result = batch[0] if out is None else out
            return (result, plan) if return_plan else result
        single = taken.source.ndim != 4
        draws = self._key(1 if single else taken.source.shape[0], single, index, epoch)
        result, plan = self._engine.run(taken.source, taken.chw, draws, _forms.take_out(out))
        result = self._back(taken, result) if out is None else out
        return (result, plan) if return_plan else result

    def plan(self, images: Any, *, index: _draws.Index, epoch: int = 0, layout: str | None = None) -> Plan:
        """Draw without applying. `images` as in a call, or a list of sizes (width, height)."""
        if isinstance(images, list) and images and all(isinstance(one, tuple) for one in images):
            sizes, single = images, False
        else:
            sizes, single = self._sizes(images, layout)
        numbers = _draws.indices(index, len(sizes), single)
        return self._engine.plan(sizes, _draws.checked("epoch", epoch), numbers)

    def apply(self, images: Any, plan: Plan, *, out: Any = None, layout: str | None = None) -> Any:
        """Apply a plan that was drawn before, saved, or written by hand."""
        if not isinstance(plan, Plan):
            raise TypeError(f"plan: a Plan is needed, got {type(plan).__name__}")
        if isinstance(images, (list, tuple)):
            return self._run_list(images, plan, out, layout)[0]
        if not self._floats and out is None and layout is None and _forms.is_arrow(images):
            return self._run_picture(images, plan)[0]
        taken = _forms.take(images, layout, self._files)
        if not isinstance(taken.source, np.ndarray):
            batch, _ = self._run_list([images], plan, None if out is None else out[None], layout)
            return batch[0] if out is None else out
        result, _ = self._engine.run(taken.source, taken.chw, plan, _forms.take_out(out))
        return self._back(taken, result) if out is None else out

    @property
    def seed(self) -> int | None:
        """The seed; None where draws come from the generator of torch or Python."""
        return self._seed

    @property
    def device(self) -> str:
        """The device that runs, by name: "CPU", or the GPU's. It is opened if it was not yet."""
        return self._engine.device

    def _run_picture(self, image: Any, draws: Any) -> tuple[Any, Plan]:
        width, height = image.size
        return self._engine.run_picture(image, _forms.fromarrow(), image.mode, width, height, draws)

    def _call_list(
        self,
        images: Any,
        index: _draws.Index | None,
        epoch: int | None,
        out: Any,
        layout: str | None,
        return_plan: bool,
    ) -> Any:
        result, plan = self._run_list(images, self._key(len(images), False, index, epoch), out, layout)
        return (result, plan) if return_plan else result

    def _run_list(self, images: Any, draws: Any, out: Any, layout: str | None) -> tuple[Any, Plan]:
        if not images:
            raise ValueError("images: a list needs at least one image")
        if out is not None and not self._together:
            raise ValueError("out: images of a list have results of their own; pass a batch, or leave it out")
        taken = []
        for number, image in enumerate(images):
            try:
                taken.append(_forms.take(image, layout, self._files))
            except (TypeError, ValueError) as error:
                raise type(error)(f"image {number}: {error}") from None
        first = taken[0]
        for number, one in enumerate(taken):
            if one.chw != first.chw:
                raise ValueError(f"image {number}: it is in another layout than image 0; convert them to one")
        sources = [one.source for one in taken]
        result, plan = self._engine.run_list(sources, first.chw, draws, self._together, _forms.take_out(out))
        if self._together:
            if out is not None:
                return out, plan
            # An image of PIL is no batch, so those become an array.
            return (result if first.is_picture else first.back(result)), plan
        made = [one.back(array) for one, array in zip(taken, result, strict=True)]
        return (tuple(made) if isinstance(images, tuple) else made), plan

    def _back(self, taken: _forms.Taken, result: Any) -> Any:
        return result if taken.is_picture and self._floats else taken.back(result)

    def _key(self, images: int, single: bool, index: _draws.Index | None, epoch: int | None) -> tuple[int, list[int]]:
        if index is not None:
            return (0 if epoch is None else _draws.checked("epoch", epoch)), _draws.indices(index, images, single)
        if epoch is not None:
            raise ValueError("epoch: it needs `index` too; without it, draws come from the seed or the generator")
        key = _draws.fresh() if self._seed is None else _draws.of_call(next(self._calls))
        return key, list(range(images))

    def _sizes(self, images: Any, layout: str | None) -> tuple[list[tuple[int, int]], bool]:
        if isinstance(images, (list, tuple)):
            return [self._sizes(image, layout)[0][0] for image in images], False
        taken = _forms.take(images, layout)
        shape = taken.source.shape
        single = len(shape) != 4
        inner = shape if single else shape[1:]
        height, width = (inner[-2:] if taken.chw else inner[:2]) if len(inner) > 1 else (0, 0)
        return [(width, height)] * (1 if single else shape[0]), single

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._arguments == other._arguments

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self._arguments.items())
        return f"{type(self).__name__}({given})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), self._arguments)

    def __copy__(self) -> Self:
        return type(self)(**self._arguments)


def _again(kind: type[Augmenter], arguments: dict[str, Any]) -> Augmenter:
    """What pickle calls. The counter of calls begins anew."""
    return kind(**arguments)
