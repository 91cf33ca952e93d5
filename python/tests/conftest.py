"""What the tests share: images with all values, the command line, and processes that cannot hang a test."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


def noise(*shape: int, seed: int = 0) -> np.ndarray[Any, Any]:
    """Pixels of every value; a part of each image is of one color, so that histograms have gaps."""
    pixels = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    pixels[..., : shape[-2] // 2, :] //= 3
    return pixels


def required(name: str, package: str, module: bool = False) -> Any:
    """An optional package, of a test or of its whole module. Its absence is an error where tests must be complete."""
    try:
        return __import__(package, fromlist=["_"])
    except ImportError:
        if os.environ.get(f"AUTOAUGMENT_REQUIRE_{name}") == "1":
            raise
        return pytest.skip(f"{package} is not installed", allow_module_level=module)


def installed(name: str, package: str) -> None:
    """The same for a package that another process will import."""
    # Packages of NVIDIA share a name space.
    parent = package.rpartition(".")[0]
    if (not parent or importlib.util.find_spec(parent)) and importlib.util.find_spec(package):
        return
    if os.environ.get(f"AUTOAUGMENT_REQUIRE_{name}") == "1":
        raise ModuleNotFoundError(package)
    pytest.skip(f"{package} is not installed")


@pytest.fixture(scope="session")
def reference() -> ModuleType:
    """The operations as calls into Pillow 13."""
    spec = importlib.util.spec_from_file_location("reference", ROOT / "tests/pillow/reference.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["reference"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def command_line() -> str:
    """The Rust command line."""
    program = os.environ.get("AUTOAUGMENT_CLI", str(ROOT / "target/debug/autoaugment"))
    if not Path(program).exists():
        if os.environ.get("AUTOAUGMENT_REQUIRE_CLI") == "1":
            raise FileNotFoundError(program)
        pytest.skip(f"{program} is not built")
    return program


@pytest.fixture
def in_fork() -> Callable[[Callable[[], Any]], Any]:
    """Runs a function in a forked process and returns its result; ends a process that hangs."""
    import multiprocessing

    def run(function: Callable[[], Any]) -> Any:
        context = multiprocessing.get_context("fork")
        receiver, sender = context.Pipe(duplex=False)

        def child() -> None:
            try:
                sender.send((True, function()))
            except BaseException as error:
                sender.send((False, f"{type(error).__name__}: {error}"))

        process = context.Process(target=child)
        process.start()
        try:
            if not receiver.poll(30):
                raise TimeoutError("the forked process hangs")
            done, result = receiver.recv()
        finally:
            process.kill()
            process.join()
        if not done:
            raise RuntimeError(result)
        return result

    return run
