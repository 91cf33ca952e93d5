"""Memory: results in the caller's memory or in recycled memory, which never overwrites a result that is kept."""

from __future__ import annotations

import gc
import threading

import numpy as np
import pytest
from conftest import noise
from PIL import Image

from autoaugment import AutoAugment, Compose, Normalize

AUGMENT = AutoAugment("imagenet", seed=2, device="cpu")


def test_results_go_to_the_callers_memory() -> None:
    batch = noise(5, 30, 30, 3)
    expected = AUGMENT(batch, index=range(5))
    out = np.empty_like(batch)
    assert AUGMENT(batch, index=range(5), out=out) is out
    np.testing.assert_array_equal(out, expected)
    images = [noise(30, 20 + i, 3) for i in range(4)]
    floats = Compose([Normalize()])
    same = [image[:, :20] for image in images]
    out = np.empty((4, 3, 30, 20), np.float32)
    assert floats(same, out=out) is out
    np.testing.assert_array_equal(out, floats(same))


@pytest.mark.parametrize(
    ("out", "error", "message"),
    [
        (np.empty((5, 30, 30, 3), np.float32), TypeError, "out: uint8 is needed, got float32"),
        (np.empty((5, 30, 31, 3), np.uint8), ValueError, r"out: the result has shape \(5, 30, 30, 3\), got \(5, 30, 31"),
        (np.empty((5, 30, 60, 3), np.uint8)[:, :, ::2], ValueError, "out: the array must be writable and C-contiguous"),
        (np.frombuffer(bytes(13500), np.uint8).reshape(5, 30, 30, 3), ValueError, "out: the array must be writable"),
        ("here", TypeError, "out: an array of uint8 is needed, got str"),
    ],
)
def test_memory_that_does_not_fit_is_refused(out: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        AUGMENT(noise(5, 30, 30, 3), out=out)


def test_memory_of_the_images_is_refused() -> None:
    memory = np.zeros((6, 30, 30, 3), np.uint8)
    with pytest.raises(ValueError, match="out: it shares memory with the images"):
        AUGMENT(memory[:5], out=memory[1:])
    AUGMENT(memory[:3], out=memory[3:])


def test_large_results_use_memory_again_and_never_while_it_is_kept() -> None:
    batch = noise(16, 224, 224, 3)
    gc.collect()
    kept = [AUGMENT(batch, index=range(i, i + 16)) for i in range(6)]
    copies = [result.copy() for result in kept]
    views = [result[3, 5:] for result in kept]
    assert len({result.ctypes.data for result in kept}) == 6
    for i in range(6, 12):
        AUGMENT(batch, index=range(i, i + 16))
    for result, copy in zip(kept, copies, strict=True):
        np.testing.assert_array_equal(result, copy)
    # A view keeps the memory of the whole.
    del result, kept
    for i in range(12, 16):
        AUGMENT(batch, index=range(i, i + 16))
    for view, copy in zip(views, copies, strict=True):
        np.testing.assert_array_equal(view, copy[3, 5:])
    del view, views
    addresses = {AUGMENT(batch).ctypes.data for _ in range(20)}
    assert len(addresses) <= 4, "the steady state takes new memory"


def test_results_are_aligned_and_writable() -> None:
    result = AUGMENT(noise(16, 224, 224, 3))
    assert result.ctypes.data % 64 == 0 and result.flags.writeable and result.flags.c_contiguous
    result[0] = 7


def test_threads_share_an_object() -> None:
    batch = noise(8, 40, 40, 3)
    expected = [AUGMENT(batch, index=range(i, i + 8)) for i in range(8)]
    wrong: list[int] = []

    def work(number: int) -> None:
        for round in range(100):
            which = (number + round) % 8
            if not np.array_equal(AUGMENT(batch, index=range(which, which + 8)), expected[which]):
                wrong.append(which)

    workers = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


def test_other_threads_run_during_a_call() -> None:
    batch = noise(64, 224, 224, 3)
    one_thread = AutoAugment("imagenet", seed=2, device="cpu", threads=1)
    counts = [0]
    stop = threading.Event()

    def count() -> None:
        while not stop.is_set():
            counts[0] += 1

    counter = threading.Thread(target=count)
    counter.start()
    during = []
    for _ in range(5):
        before = counts[0]
        one_thread(batch)
        during.append(counts[0] - before)
    stop.set()
    counter.join()
    assert max(during) > 1000, "the GIL is held during the work"


def test_memory_does_not_grow() -> None:
    import resource

    batch = noise(4, 64, 64, 3)
    large = noise(8, 224, 224, 3)
    images = [noise(30, 40 + i, 3) for i in range(4)]
    pictures = [Image.fromarray(image) for image in images]

    def work(times: int) -> int:
        for _ in range(times):
            AUGMENT(batch, return_plan=True)
            AUGMENT(images)
            AUGMENT([AUGMENT(picture) for picture in pictures])
        for _ in range(times // 50):
            AUGMENT(large)
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    before = work(500)
    # 16 MiB is 16 KiB a round: less than the smallest result would be, if each were lost.
    assert work(1000) - before < 16 * 1024
