"""What worker processes run, in a module that `spawn` and `forkserver` can import."""

from __future__ import annotations

import hashlib
import os
import time
from typing import Any

import numpy as np

from autoaugment import AutoAugment, Compose, ImageFolder, Loader, Normalize, RandomResizedCrop

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


BY_INDEX = AutoAugment("trivialaugment", seed=5, device="cpu")


class Laws:
    """A data set of torch: what a sample draws by its index, by the calls of a seed, and by a generator."""

    def __init__(self, images: np.ndarray[Any, Any], indexed: Any) -> None:
        self._images = images
        self._by_index = indexed(images, BY_INDEX)
        self._by_call = AutoAugment("trivialaugment", seed=6, device="cpu")
        self._by_generator = AutoAugment("trivialaugment", device="cpu")

    def set_epoch(self, epoch: int) -> None:
        self._by_index.set_epoch(epoch)

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> tuple[bytes, bytes, bytes]:
        image = self._images[index]
        by_index = self._by_index[index].numpy()
        return by_index.tobytes(), self._by_call(image).tobytes(), self._by_generator(image).tobytes()


def read(root: str, number: int, ranks: int) -> list[dict[int, bytes]]:
    """The samples of two epochs of one rank: index and bytes."""
    loader = Loader(
        ImageFolder(root),
        Compose([RandomResizedCrop(24), AutoAugment("imagenet"), Normalize()], seed=5, device="cpu"),
        batch_size=4,
        shuffle=True,
        seed=9,
        rank=number,
        world_size=ranks,
        threads=1,
    )
    epochs: list[dict[int, bytes]] = []
    for _ in range(2):
        samples: dict[int, bytes] = {}
        for batch in loader:
            for index, label, image in zip(batch.indices.tolist(), batch.labels.tolist(), batch.images, strict=True):
                assert index not in samples
                samples[index] = bytes([label]) + hashlib.sha256(image.tobytes()).digest()
        epochs.append(samples)
    return epochs


def rank(number: int, ranks: int, root: str, store: str, queue: Any) -> None:
    """One process of a group of torch, which tells what all of them have read."""
    import torch.distributed as group

    group.init_process_group("gloo", init_method=f"file://{store}", rank=number, world_size=ranks)
    everyone: list[Any] = [None] * ranks
    group.all_gather_object(everyone, read(root, group.get_rank(), group.get_world_size()))
    queue.put(everyone)
    group.destroy_process_group()
