"""Draws: the epoch and the sample indices of a call, which with the seed decide what is drawn."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable
from typing import Any

from . import _values
from ._native import sample_index

MOST = 2**64
# An odd number, so that different calls have different products.
_ODD = 0x9E3779B97F4A7C15

Index = int | str | Iterable[int | str]


def checked(name: str, value: object) -> int:
    """A whole number of 0..2^64-1."""
    number = _values.integer(value)
    if number is None:
        raise TypeError(f"{name}: a whole number is needed, got {type(value).__name__}")
    if not 0 <= number < MOST:
        raise ValueError(f"{name}: it must be 0 or more and below 2^64, got {number}")
    return number


def indices(index: Index, images: int, single: bool) -> list[int]:
    """The sample index of each image. Text is hashed by `sample_index`."""
    several = _is_several(index)
    each: Iterable[Any] = index if several else [index]  # type: ignore[assignment]
    numbers = [sample_index(one) if isinstance(one, str) else checked("index", one) for one in each]
    if single and several and len(numbers) != 1:
        raise ValueError(f"index: one image needs one index, got {len(numbers)}")
    if len(numbers) != images:
        raise ValueError(f"index: {images} images need {images} indices, got {len(numbers)}")
    return numbers


def _is_several(index: Any) -> bool:
    """Whether it has one index or more. An array or tensor without axes is a number."""
    return isinstance(index, Iterable) and not isinstance(index, str) and getattr(index, "ndim", 1) != 0


def fresh() -> int:
    """64 random bits of whoever seeds this process: torch where it is in use, else Python."""
    torch = sys.modules.get("torch")
    if torch is not None:
        # A fork copies torch's generator as it is. Only the workers of a `DataLoader` are seeded anew.
        return (int(torch.empty((), dtype=torch.int64).random_()) + _worker()) % MOST
    return random.getrandbits(64)


def of_call(call: int) -> int:
    """What stands for the epoch in the `call`-th call of an object with a seed and without indices.

    Workers count their calls by themselves, so a worker's own seed or number is mixed in.
    """
    return (_worker() + (call + 1) * _ODD) % MOST


def _worker() -> int:
    data = sys.modules.get("torch.utils.data")
    info = data.get_worker_info() if data is not None else None
    if info is not None:
        return int(info.seed) % MOST
    process = sys.modules.get("multiprocessing.process")
    mixed = 0
    if process is not None:
        # The number of a worker among those of its parent, and of that one among those of its own.
        for number in getattr(process.current_process(), "_identity", ()):
            mixed = (mixed + number) * _ODD
    return mixed % MOST
