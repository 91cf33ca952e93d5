"""What worker processes run, in a module that `spawn` and `forkserver` can import."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np

from autoaugment import AutoAugment

AUGMENT: AutoAugment
IMAGES: np.ndarray[Any, Any]


def set_up(augment: AutoAugment, images: np.ndarray[Any, Any]) -> None:
    global AUGMENT, IMAGES
    AUGMENT, IMAGES = augment, images


def by_index(task: tuple[int, int]) -> bytes:
    epoch, index = task
    return bytes(AUGMENT(IMAGES[index], index=index, epoch=epoch).tobytes())


def by_call(_task: int) -> tuple[int, bytes]:
    """Without an index, and slowly, so that all workers get some."""
    time.sleep(0.05)
    return os.getpid(), bytes(AUGMENT(IMAGES[0]).tobytes())
