"""Loader: batches of a data set for training, made ahead by threads and not by worker processes."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from . import _draws, _native, _values
from ._augmenter import Augmenter
from ._datasets import DataSet, opened
from ._native import Plan

FORMS = ("numpy", "torch", "jax")


@dataclass(frozen=True)
class MixUp:
    """Each image becomes a weighted sum with another one of its batch, and so does its label.

    Args:
        alpha: The parameter of the Beta distribution of the weight.
        per: "batch" or "image": what has a draw of its own.
    """

    alpha: float = 1.0
    per: str = "batch"

    def _text(self) -> str:
        return f"mixup(alpha={self.alpha!r}, per={self.per})"


@dataclass(frozen=True)
class CutMix:
    """A rectangle of each image becomes that of another one of its batch, and the label its share; see `MixUp`."""

    alpha: float = 1.0
    per: str = "batch"

    def _text(self) -> str:
        return f"cutmix(alpha={self.alpha!r}, per={self.per})"


@dataclass(frozen=True)
class Masks:
    """Masks come with the images, and follow their crops, flips and warps by the nearest pixel.

    Args:
        fill: The label of the area outside the image, 0..255. Often this is the label that the loss ignores.
        cutout: Whether rectangles that are cut out of the image get that label too.
    """

    fill: int = 0
    cutout: bool = False

    def _option(self) -> tuple[int, bool]:
        if not isinstance(self.fill, int) or not 0 <= self.fill <= 255:
            raise ValueError(f"masks: the fill must be a whole number of 0..255, got {self.fill!r}")
        return self.fill, bool(self.cutout)


@dataclass(frozen=True)
class Batch:
    """A batch for training.

    Attributes:
        images: N x C x H x W or N x H x W x C values, as the transform says.
        labels: The N classes, int64.
        soft_labels: N x classes of float32 if the loader mixes, else None. Then the loss takes these.
        indices: The N sample indices, int64.
        plan: What was drawn for each image. Boxes and keypoints follow by `plan.boxes` and `plan.keypoints`.
        masks: N x H x W of uint8 if the loader has `masks`, else None.
    """

    images: Any
    labels: Any
    soft_labels: Any
    indices: Any
    plan: Plan
    masks: Any = None

    def __len__(self) -> int:
        return len(self.plan)

    def to(self, device: Any, *, non_blocking: bool = False) -> Batch:
        """The batch with its tensors of torch on a device. Lightning calls this."""
        if not hasattr(self.images, "to"):
            raise TypeError(f'{type(self.images).__name__}: only tensors can be moved; give as_="torch" to the Loader')
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        moved = {k: v.to(device, non_blocking=non_blocking) for k, v in values.items() if hasattr(v, "to")}
        return replace(self, **moved)


class Form:
    """What the arrays of a batch become."""

    def __init__(self, name: str, pin_memory: bool | None) -> None:
        if name not in FORMS:
            raise ValueError(f"as_: there is no {name!r}; there are 'numpy', 'torch' and 'jax'")
        if pin_memory and name != "torch":
            raise ValueError(f"pin_memory: only tensors of torch are pinned, and as_ is {name!r}")
        self.name, self._pin = name, False
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(f'as_: {name} cannot be imported ({error}); install it, or take "numpy"') from error
        if name == "torch" and pin_memory is not False:
            import torch

            self._pin = torch.cuda.is_available()
            if pin_memory and not self._pin:
                raise ValueError("pin_memory: torch has no CUDA here; leave it out")

    def __call__(self, array: np.ndarray[Any, Any]) -> Any:
        if self.name == "torch":
            import torch

            tensor = torch.from_numpy(array)
            return tensor.pin_memory() if self._pin else tensor
        if self.name == "jax":
            import jax.numpy

            # A copy: jax keeps what it takes, and the memory of images belongs to the loader.
            return jax.numpy.array(array)
        return array


class Loader:
    """Reads, decodes, augments and mixes batches on threads, ahead of the training.

    Batches depend on the seeds, the epoch, the number of the batch and the rank alone: not on threads or prefetching.
    Iterating gives the batches of one epoch, and the next time those of the next. The memory of a batch that nothing
    refers to any more is that of a later one.

    Args:
        dataset: An `ImageFolder`, `TarShards`, `Parquet`, `Idx`, `Cifar`, or a sequence of (image, class) or (image,
            class, mask). A sequence is read under the GIL.
        transform: A `Compose`, a policy or another callable of this package. Its seed is that of the draws. With the
            device "auto" the loader's threads augment on the CPU. With a GPU by name they decode, and the batches come
            back from the GPU.
        batch_size: Samples of a batch.
        shuffle: Whether each epoch has an order of its own.
        seed: The seed of the order; all ranks need the same.
        rank, world_size: This process and how many there are. Their samples are disjoint and together all.
        drop_last: Whether the last samples are left out if they do not fill a batch on each rank.
        prefetch: Batches that are made ahead.
        threads: Threads that read, decode and augment; None for all cores.
        broken: "stop" or "skip" at samples that cannot be read or decoded. `skipped` says which.
        mixing: `MixUp`, `CutMix`, or several, of which one is drawn for each batch.
        classes: The number of classes for `mixing`, if the data set does not say.
        masks: `Masks`, if masks come with the images. All samples need one then: a PNG in `TarShards` and `Parquet`,
            and in a sequence a PNG or H x W of uint8.
        as_: "numpy", "torch" or "jax": what batches are.
        pin_memory: Whether tensors of torch are in pinned memory, from which they go to a GPU while others are made.
            None for yes if torch has CUDA.
        progress: Whether `tqdm`, which must be installed, shows the progress of an epoch.

    Raises:
        ValueError: An option cannot be used.
        DataError: The data set cannot be opened, or a sample cannot be read and may not be skipped.

    >>> import numpy as np
    >>> from autoaugment import AutoAugment
    >>> samples = [(np.full((8, 8, 3), i, np.uint8), i % 2) for i in range(10)]
    >>> loader = Loader(samples, AutoAugment("cifar10", seed=1), batch_size=4)
    >>> [batch.images.shape for batch in loader]
    [(4, 8, 8, 3), (4, 8, 8, 3), (2, 8, 8, 3)]
    """

    def __init__(
        self,
        dataset: DataSet,
        transform: Augmenter,
        *,
        batch_size: int = 64,
        shuffle: bool = False,
        seed: int = 0,
        rank: int = 0,
        world_size: int = 1,
        drop_last: bool = False,
        prefetch: int = 4,
        threads: int | None = None,
        broken: str = "stop",
        mixing: MixUp | CutMix | Sequence[MixUp | CutMix] = (),
        classes: int | None = None,
        masks: Masks | None = None,
        as_: str = "numpy",
        pin_memory: bool | None = None,
        progress: bool = False,
    ) -> None:
        if not isinstance(transform, Augmenter):
            raise TypeError(f"transform: a Compose or a policy is needed, got {type(transform).__name__}")
        if masks is not None and not isinstance(masks, Masks):
            raise TypeError(f"masks: a Masks is needed, got {type(masks).__name__}")
        numbers = {
            "batch_size": batch_size,
            "seed": seed,
            "rank": rank,
            "world_size": world_size,
            "prefetch": prefetch,
        }
        numbers = {name: _draws.checked(name, value) for name, value in numbers.items()}
        self._dataset, self._transform, self._progress = dataset, transform, progress
        self._masks, self._form = masks, Form(as_, pin_memory)
        methods = [mixing] if isinstance(mixing, (MixUp, CutMix)) else list(mixing)
        for method in methods:
            if not isinstance(method, (MixUp, CutMix)):
                raise TypeError(f"mixing: a MixUp or a CutMix is needed, got {method!r}")
        self._options = {
            **numbers,
            "shuffle": bool(shuffle),
            "drop_last": bool(drop_last),
            "threads": _values.threads(threads),
            "on_error": _values.text("broken", broken),
            "mixing": [method._text() for method in methods],
            "classes": None if classes is None else _draws.checked("classes", classes),
            "masks": None if masks is None else masks._option(),
        }
        self._arguments: dict[str, Any] = {
            **numbers,
            "shuffle": shuffle,
            "drop_last": drop_last,
            "threads": threads,
            "broken": broken,
            "mixing": mixing,
            "classes": classes,
            "masks": masks,
            "as_": as_,
            "pin_memory": pin_memory,
            "progress": progress,
        }
        self._samples = opened(dataset, masks is not None)
        self._next = (0, 0)
        self._running: Epoch | None = None
        # Those of the processes that this one was forked from. Dropping one would wait for threads that are not here.
        self._inherited: list[_native.Loader] = []
        self._native, self._process = self._made(), os.getpid()

    def _made(self) -> _native.Loader:
        return _native.Loader(self._samples, self._transform._config, self._options)

    def _here(self) -> _native.Loader:
        """The loader of this process."""
        if self._process != os.getpid():
            self._inherited.append(self._native)
            self._native, self._process, self._running = self._made(), os.getpid(), None
        return self._native

    @property
    def classes(self) -> list[str]:
        """The names of the classes; empty if the data set has none."""
        return self._samples.classes

    @property
    def samples(self) -> int:
        """The number of samples of the data set."""
        return len(self._samples)

    def __len__(self) -> int:
        """The number of batches of an epoch on this rank."""
        return self._here().batches

    def __iter__(self) -> Iterator[Batch]:
        """The rest of the current epoch; the next epoch is then the current one."""
        epoch, batch = self._next
        return self.epoch(epoch, batch)

    def epoch(self, epoch: int, batch: int = 0) -> Epoch:
        """The batches of an epoch, from one of them on."""
        native = self._here().epoch(_draws.checked("epoch", epoch), _draws.checked("batch", batch))
        self._running = Epoch(self, native, len(self), self._form, self._progress)
        return self._running

    def set_epoch(self, epoch: int) -> None:
        """Makes this epoch the current one, from its beginning."""
        self._next, self._running = (_draws.checked("epoch", epoch), 0), None

    def state_dict(self) -> dict[str, int]:
        """Where the training is: what a loader with the same options continues from, to the same bytes."""
        epoch, batch = self._next if self._running is None else self._running.position
        return {"epoch": epoch, "batch": batch}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Continues where `state_dict` was called, the next time that the loader is iterated."""
        if not isinstance(state, dict):
            raise TypeError(f"state: what `state_dict` returned is needed, got {type(state).__name__}")
        unknown = set(state) ^ {"epoch", "batch"}
        if unknown:
            raise ValueError(f"state: it needs `epoch` and `batch` alone, got {sorted(state)}")
        epoch, batch = (_draws.checked(name, state[name]) for name in ("epoch", "batch"))
        if batch > len(self):
            raise ValueError(f"state: batch {batch} is outside an epoch of {len(self)} batches")
        self._next, self._running = (epoch, batch), None

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self._dataset, self._transform, self._arguments, self.state_dict())

    def __repr__(self) -> str:
        usual = {"seed": 0, "rank": 0, "world_size": 1, "prefetch": 4, "on_error": "stop", "mixing": [], "as_": "numpy"}
        options = {**self._options, "masks": self._masks, "as_": self._form.name, "progress": self._progress}
        options = {k: v for k, v in options.items() if v not in (None, False) and usual.get(k) != v}
        given = "".join(f", {name}={value!r}" for name, value in options.items())
        named = self._dataset if hasattr(self._dataset, "_open") else f"<{self.samples} samples>"
        return f"Loader({named}, {self._transform!r}{given})"


def _again(dataset: DataSet, transform: Augmenter, arguments: dict[str, Any], state: dict[str, int]) -> Loader:
    """What pickle calls: a loader with threads of its own, which goes on where the other one was."""
    loader = Loader(dataset, transform, **arguments)
    loader.load_state_dict(state)
    return loader


class Epoch(Iterator[Batch]):
    """The batches of one pass, in order. Made by `Loader.epoch` and by iterating a loader."""

    def __init__(self, loader: Loader, native: _native.Epoch, batches: int, form: Form, progress: bool) -> None:
        self._loader, self._native, self._batches, self._form = loader, native, batches, form
        self._ended = False
        self._bar: Any = _bar(native.position[1], batches, native.position[0]) if progress else None

    def __iter__(self) -> Epoch:
        return self

    def __len__(self) -> int:
        """The batches that are left."""
        return 0 if self._ended else self._batches - self._native.position[1]

    def __next__(self) -> Batch:
        parts = None if self._ended else self._native.next()
        if parts is None:
            if not self._ended:
                self._end()
            raise StopIteration
        if self._bar is not None:
            self._bar.update()
        images, labels, indices, plan, soft, masks = parts
        form = self._form
        mixed = None if soft is None else np.array(soft[0], np.float32).reshape(-1, soft[1])
        return Batch(
            images=form(images),
            labels=form(np.array(labels, np.int64)),
            soft_labels=None if mixed is None else form(mixed),
            indices=form(np.array(indices, np.int64)),
            plan=plan,
            masks=None if masks is None else form(masks),
        )

    def _end(self) -> None:
        self._ended = True
        if self._bar is not None:
            self._bar.close()
        if self._loader._running is self:
            self._loader._next, self._loader._running = (self.position[0] + 1, 0), None

    @property
    def position(self) -> tuple[int, int]:
        """The epoch, and the number of the next batch."""
        return self._native.position

    @property
    def skipped(self) -> tuple[int, list[tuple[int, str, str]]]:
        """How many samples were skipped so far, and the first 1,000 of them: index, name and reason."""
        return self._native.skipped


def _bar(done: int, batches: int, epoch: int) -> Any:
    try:
        from tqdm.auto import tqdm
    except ImportError:
        raise ImportError("progress=True needs tqdm; install it, or leave it out") from None
    return tqdm(total=batches, initial=done, desc=f"epoch {epoch}", unit="batch", file=sys.stderr)
