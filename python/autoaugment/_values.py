"""Values: what an argument that is a number or a pair must be. Errors say its name, the rule and the value."""

from __future__ import annotations

import math
import os
from operator import index as as_int
from typing import Any

# More threads than any machine has cores. To start a mistyped million would stall the machine.
MOST_THREADS = 1024


def integer(value: Any) -> int | None:
    """A whole number, or None for what is none. NumPy's are taken too, bools are not."""
    try:
        return None if isinstance(value, bool) else as_int(value)
    except TypeError:
        return None


def whole(name: str, value: Any, least: int, most: int) -> int:
    """A whole number of a range."""
    number = integer(value)
    if number is None or not least <= number <= most:
        raise ValueError(f"{name}: a whole number of {least}..{most} is needed, got {value!r}")
    return number


def threads(value: Any) -> int | None:
    """A number of threads, or None."""
    return None if value is None else whole("threads", value, 1, MOST_THREADS)


def number(name: str, value: Any) -> float:
    """A finite number."""
    try:
        made = math.nan if isinstance(value, (str, bytes)) else float(value)
    except (OverflowError, TypeError, ValueError):
        made = math.nan
    if not math.isfinite(made):
        raise ValueError(f"{name}: a finite number is needed, got {value!r}")
    return made


def numbers(name: str, values: Any, count: int) -> list[float]:
    """So many finite numbers."""
    try:
        each = [] if isinstance(values, (str, bytes)) else list(values)
    except TypeError:
        each = []
    if len(each) != count:
        raise ValueError(f"{name}: {count} numbers are needed, got {values!r}")
    return [number(name, value) for value in each]


def text(name: str, value: Any) -> str:
    """A text."""
    if not isinstance(value, str):
        raise TypeError(f"{name}: a text is needed, got {value!r}")
    return value


def texts(name: str, values: Any) -> list[str]:
    """One text or several."""
    if isinstance(values, str):
        return [values]
    if not hasattr(values, "__iter__") or isinstance(values, bytes):
        raise TypeError(f"{name}: texts are needed, got {values!r}")
    return [text(name, value) for value in values]


def path(name: str, value: Any) -> str:
    """A path, as a text."""
    try:
        return text(name, os.fspath(value))
    except TypeError:
        raise TypeError(f"{name}: a path is needed, as str or os.PathLike, got {value!r}") from None


def paths(name: str, values: Any) -> list[str]:
    """One path or several."""
    one = isinstance(values, (str, bytes, os.PathLike)) or not hasattr(values, "__iter__")
    return [path(name, value) for value in ([values] if one else values)]
