"""Threads: how many a call uses in this process, and what a fork changes."""

from __future__ import annotations

import os
import sys
import warnings

from . import _native


def _of_this_process() -> int:
    """All cores (0), or one in a worker. Ray and torchrun say how many threads a worker may have."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    if given.isdigit() and int(given) > 0:
        return int(given)
    process = sys.modules.get("multiprocessing.process")
    return 1 if process is not None and process.parent_process() is not None else 0


_warned = False


def _before_fork() -> None:
    global _warned
    if not _warned and _native.gpu_is_open():
        _warned = True
        warnings.warn(
            "this process forks after it opened a GPU, which no driver supports; in the child, augmentation on a GPU "
            "is refused. Start workers with `spawn` or `forkserver`.",
            RuntimeWarning,
            stacklevel=3,
        )


def _in_child() -> None:
    _native.set_default_threads(1)


_native.set_default_threads(_of_this_process())
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_child=_in_child)
