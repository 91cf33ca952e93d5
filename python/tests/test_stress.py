"""Stress: thousands of calls from many threads, and thousands of batches, without a wrong byte and without a leak."""

from __future__ import annotations

import gc
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import noise
from PIL import Image

from autoaugment import AutoAugment, Compose, Loader, Masks, MixUp, Normalize, RandomResizedCrop

POLICY = AutoAugment("imagenet", seed=2, device="cpu")
FLOATS = Compose([RandomResizedCrop(16), AutoAugment("imagenet"), Normalize()], seed=2, device="cpu")


def resident() -> int:
    """The bytes that this process has in memory."""
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("this system does not say how much memory a process has")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


def test_ten_thousand_calls_from_eight_threads() -> None:
    images = noise(8, 24, 20, 3)
    pictures = [Image.fromarray(image) for image in images]
    index = range(8)
    batch, floats = POLICY(images, index=index), FLOATS(images, index=index)
    wrong: list[str] = []

    def work(number: int) -> None:
        for round in range(1250):
            i = (number + round) % 8
            kind = round % 4
            if kind == 0:
                same = np.array_equal(POLICY(images[i], index=i), batch[i])
            elif kind == 1:
                same = np.array_equal(np.asarray(POLICY(pictures[i], index=i)), batch[i])
            elif kind == 2:
                same = np.array_equal(POLICY(images, index=index), batch)
            else:
                result, plan = FLOATS([images[i], pictures[i]], index=[i, i], return_plan=True)
                same = np.array_equal(result[0], floats[i]) and np.array_equal(result[1], floats[i]) and len(plan) == 2
            if not same:
                wrong.append(f"thread {number}, round {round}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def grown(work: Any, times: int) -> int:
    """The bytes by which the process grows in so many rounds, after as many that fill its caches."""
    for _ in range(times // 2):
        work()
    gc.collect()
    before = resident()
    for _ in range(times):
        work()
    gc.collect()
    return resident() - before


# A round that lost one of its results would grow by more than 10,000 x 3 KiB.
BOUND = 12 << 20


@pytest.mark.parametrize("kind", ["batch", "list", "picture", "floats", "masks", "errors"])
def test_ten_thousand_calls_leak_nothing(kind: str) -> None:
    images = noise(4, 16, 16, 3)
    picture = Image.fromarray(noise(32, 32, 3))
    labels = images[..., 0].copy()
    plan = FLOATS.plan(images, index=range(4))

    def refused() -> None:
        for bad in (images.astype(np.float32), images[:, :, :, :2]):
            with pytest.raises((TypeError, ValueError)):
                POLICY(bad)

    work = {
        "batch": lambda: POLICY(images, return_plan=True),
        "list": lambda: POLICY(list(images)),
        "picture": lambda: POLICY(picture),
        "floats": lambda: FLOATS(images, index=range(4)),
        "masks": lambda: (plan.masks(labels), plan.boxes([[0, 0, 5, 5]] * 50, (16, 16)), plan.to_json()),
        "errors": refused,
    }[kind]
    assert grown(work, 10_000 if kind != "errors" else 2_000) < BOUND


@pytest.mark.parametrize("masks", [False, True])
def test_ten_thousand_batches_leak_nothing(masks: bool) -> None:
    items = [(image, i % 3, image[..., 0]) for i, image in enumerate(noise(500, 16, 16, 3))]
    options: dict[str, Any] = {"masks": Masks(9)} if masks else {"mixing": MixUp(), "classes": 3}
    loader = Loader(items, FLOATS, batch_size=2, threads=2, shuffle=True, **options)
    kept: list[tuple[Any, Any]] = []
    numbers = iter(range(1_000_000))

    def work() -> None:
        for batch in loader:
            # A few are kept for the whole time, and none of them is overwritten.
            if next(numbers) % 2_500 == 0:
                kept.append((batch.images, batch.images.copy()))

    assert grown(work, 40) < BOUND
    assert next(numbers) == 60 * 250 and len(kept) == 6
    for images, copy in kept:
        np.testing.assert_array_equal(images, copy)


def test_epochs_that_are_left_leak_nothing() -> None:
    items = [(image, 0) for image in noise(64, 16, 16, 3)]
    loader = Loader(items, FLOATS, batch_size=4, threads=2)
    assert grown(lambda: next(iter(loader)), 500) < BOUND
