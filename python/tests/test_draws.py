"""Draws: the four laws of where they come from, in one process and in workers of every kind."""

from __future__ import annotations

import multiprocessing
import random
from typing import Any

import numpy as np
import pytest
import workers
from conftest import noise, required

from autoaugment import AutoAugment, sample_index

IMAGES = noise(12, 24, 24, 3)
METHODS = multiprocessing.get_all_start_methods()


def made(augment: AutoAugment, **key: Any) -> bytes:
    return bytes(augment(np.repeat(IMAGES[:1], 16, axis=0), **key).tobytes())


# The first law: seed, epoch and index decide, and nothing else.


def test_an_index_decides_whatever_was_drawn_before() -> None:
    augment = AutoAugment("imagenet", seed=7)
    first = made(augment, index=range(16), epoch=3)
    random.seed(0)
    made(augment)
    assert made(augment, index=range(16), epoch=3) == first
    assert made(AutoAugment("imagenet", seed=7, threads=2), index=range(16), epoch=3) == first
    assert made(augment, index=range(16), epoch=4) != first
    assert made(augment, index=range(1, 17), epoch=3) != first
    assert made(AutoAugment("imagenet", seed=8), index=range(16), epoch=3) != first
    assert made(AutoAugment("imagenet", seed=0), index=range(16)) == made(AutoAugment("imagenet"), index=range(16))


def test_a_text_is_an_index() -> None:
    augment = AutoAugment("imagenet", seed=7)
    assert sample_index("a") == 0xAF63DC4C8601EC8C
    keys = [f"n{i:08}.jpg" for i in range(16)]
    assert made(augment, index=keys) == made(augment, index=[sample_index(key) for key in keys])
    one = augment(IMAGES[0], index="n00000003.jpg")
    np.testing.assert_array_equal(one, augment(IMAGES[0], index=sample_index("n00000003.jpg")))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("count", [1, 2, 3])
def test_workers_do_not_matter(method: str, count: int) -> None:
    augment = AutoAugment("imagenet", seed=5)
    tasks = [(epoch, index) for epoch in range(2) for index in range(12)]
    expected = [augment(IMAGES[index], index=index, epoch=epoch).tobytes() for epoch, index in tasks]
    assert len(set(expected)) > 12
    context = multiprocessing.get_context(method)
    with context.Pool(count, workers.set_up, (augment, IMAGES)) as pool:
        # The second time in the same, persistent workers.
        for _ in range(2):
            assert pool.map(workers.by_index, tasks, chunksize=1) == expected


# The second law: a seed without an index counts the calls, apart in each worker.


def test_a_seed_counts_calls() -> None:
    first, second = AutoAugment("imagenet", seed=7), AutoAugment("imagenet", seed=7)
    calls = [made(first) for _ in range(4)]
    assert len(set(calls)) == 4
    random.seed(1)
    assert [made(second) for _ in range(4)] == calls
    assert made(AutoAugment("imagenet", seed=8)) != calls[0]


def check_that_workers_draw_apart(augment: AutoAugment, method: str) -> None:
    context = multiprocessing.get_context(method)
    with context.Pool(2, workers.set_up, (augment, IMAGES)) as pool:
        by_worker: dict[int, list[bytes]] = {}
        for process, result in pool.map(workers.by_call, range(16), chunksize=1):
            by_worker.setdefault(process, []).append(result)
    assert len(by_worker) == 2
    first, second = by_worker.values()
    assert first[: len(second)] != second[: len(first)]
    assert len({*first, *second}) > 4


@pytest.mark.parametrize("method", METHODS)
def test_workers_with_a_seed_draw_apart(method: str) -> None:
    check_that_workers_draw_apart(AutoAugment("trivialaugment", seed=5), method)


# The third law: without seed and index, draws come from the generator that the process has.


def test_without_a_seed_the_generator_of_python_decides() -> None:
    augment = AutoAugment("imagenet")
    if "torch" in __import__("sys").modules:
        pytest.skip("torch is imported, and its generator decides")
    random.seed(3)
    first = [made(augment), made(augment)]
    assert first[0] != first[1]
    random.seed(3)
    assert [made(augment), made(augment)] == first
    random.seed(4)
    assert made(augment) != first[0]


@pytest.mark.parametrize("generator", ["python", "torch"])
@pytest.mark.parametrize("method", METHODS)
def test_workers_without_a_seed_draw_apart(method: str, generator: str) -> None:
    if generator == "torch":
        required("TORCH", "torch")
    check_that_workers_draw_apart(AutoAugment("trivialaugment"), method)


# The fourth law: torch's seeds do here what they do for torchvision.


def test_the_generator_of_torch() -> None:
    torch = required("TORCH", "torch")
    augment = AutoAugment("imagenet")
    torch.manual_seed(3)
    first = made(augment)
    assert made(augment) != first
    torch.manual_seed(3)
    assert made(augment) == first


def test_one_image_draws_as_it_does_in_a_batch() -> None:
    augment = AutoAugment("imagenet", seed=7)
    batch = augment(IMAGES, index=range(50, 62))
    for i in range(12):
        np.testing.assert_array_equal(augment(IMAGES[i], index=50 + i), batch[i])


def test_pinned_draws_never_change() -> None:
    plan = AutoAugment("imagenet", seed=42).plan([(32, 32)] * 4, index=range(4))
    assert str(plan).splitlines() == PINNED


PINNED = [
    "0: Color(factor=0.20000004768371582)",
    "1: Solarize(threshold=141.66667342185974)",
    "2: Invert + Equalize",
    "3: Equalize + Equalize",
]
