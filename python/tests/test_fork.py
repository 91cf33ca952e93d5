"""Fork: after the CPU was used it works, with the same bytes; after a GPU was opened it is refused at once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from conftest import noise

import autoaugment
from autoaugment import AutoAugment, DeviceError

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

InFork = Callable[[Callable[[], Any]], Any]

BATCHES = {"many images": noise(64, 48, 48, 3), "one large image": noise(1, 900, 900, 3), "small": noise(1, 8, 8, 3)}


@pytest.mark.parametrize("name", BATCHES)
@pytest.mark.parametrize("threads", [None, 1, 3])
def test_a_fork_after_the_cpu_was_used_works(name: str, threads: int | None, in_fork: InFork) -> None:
    batch = BATCHES[name]
    augment = AutoAugment("imagenet", seed=3, device="cpu", threads=threads)
    index = range(len(batch))
    expected = augment(batch, index=index)
    for _ in range(3):
        result = in_fork(lambda: augment(batch, index=index))
        np.testing.assert_array_equal(result, expected)
        np.testing.assert_array_equal(augment(batch, index=index), expected)


def test_a_list_in_a_fork(in_fork: InFork) -> None:
    augment = AutoAugment("imagenet", seed=3, device="cpu", threads=3)
    images = [noise(40 + i, 50, 3) for i in range(40)]
    expected = augment(images, index=range(40))
    for one, other in zip(in_fork(lambda: augment(images, index=range(40))), expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_fork_while_other_threads_work(in_fork: InFork) -> None:
    import threading

    augment = AutoAugment("imagenet", seed=3, device="cpu", threads=2)
    batch = BATCHES["many images"]
    expected = augment(batch, index=range(64))
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            augment(batch)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    try:
        for _ in range(10):
            np.testing.assert_array_equal(in_fork(lambda: augment(batch, index=range(64))), expected)
    finally:
        stop.set()
        for worker in workers:
            worker.join()


def test_a_fork_after_a_gpu_was_opened_is_refused_at_once(in_fork: InFork, monkeypatch: pytest.MonkeyPatch) -> None:
    # Another test may have been the one that was warned.
    monkeypatch.setattr(autoaugment._threads, "_warned", False)
    if not autoaugment.devices():
        if os.environ.get("AUTOAUGMENT_REQUIRE_GPU") == "1" and os.environ.get("AUTOAUGMENT_PYTHON_GPU") == "1":
            raise AssertionError("a GPU is required")
        pytest.skip("there is no GPU, or this build has no GPU path")
    batch = BATCHES["many images"]
    augment = AutoAugment("imagenet", seed=3, device="gpu")
    expected = AutoAugment("imagenet", seed=3, device="cpu")(batch, index=range(64))
    np.testing.assert_array_equal(augment(batch, index=range(64)), expected)
    with pytest.warns(RuntimeWarning, match="forks after it opened a GPU"):
        with pytest.raises(RuntimeError, match="DeviceError: this process was forked after a GPU was opened"):
            in_fork(lambda: augment(batch, index=range(64)))
    # It warns once.
    on_cpu = AutoAugment("imagenet", seed=3, device="cpu")
    np.testing.assert_array_equal(in_fork(lambda: on_cpu(batch, index=range(64))), expected)


def test_a_gpu_that_is_not_there_is_an_error() -> None:
    with pytest.raises(DeviceError):
        AutoAugment(device="no such adapter")(BATCHES["small"])


@pytest.mark.parametrize(("variable", "threads"), [("4", 4), ("", None)])
def test_workers_have_the_threads_that_they_are_given(variable: str, threads: int | None) -> None:
    program = """
import os, sys, time, numpy as np, autoaugment
autoaugment.AutoAugment("imagenet", device="cpu")(np.zeros((64, 64, 64, 3), np.uint8))
def count():
    names = [open(f"/proc/self/task/{thread}/comm").read() for thread in os.listdir("/proc/self/task")]
    return sum(name.startswith("autoaugment") for name in names)
# A thread gives itself its name, when it first runs.
end = time.monotonic() + 10
while count() < int(sys.argv[1]) and time.monotonic() < end:
    time.sleep(0.01)
print(count())
"""
    environment = {**os.environ, "OMP_NUM_THREADS": variable}
    cores = len(os.sched_getaffinity(0))
    # One thread is the caller's own.
    expected = threads if threads is not None else (cores if cores > 1 else 0)
    command = [sys.executable, "-c", program, str(expected)]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert int(ran.stdout) == expected
