"""Types: the stubs are those of the extension module, everything is typed, and the examples of docstrings run."""

from __future__ import annotations

import doctest
import importlib
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, required

import autoaugment

PACKAGE = Path(autoaugment.__file__).parent


def run(*command: str, folder: Path) -> None:
    environment = {**os.environ, "MYPY_CACHE_DIR": os.devnull}
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.timeout(200)
def test_the_package_is_typed() -> None:
    required("MYPY", "mypy")
    run(sys.executable, "-m", "mypy", "--strict", "-p", "autoaugment", folder=ROOT / "python")


@pytest.mark.timeout(200)
def test_the_stubs_are_those_of_the_module(tmp_path: Path) -> None:
    required("MYPY", "mypy")
    run(sys.executable, "-m", "mypy.stubtest", "autoaugment._native", folder=tmp_path)


@pytest.mark.parametrize("name", [m.name for m in pkgutil.iter_modules([str(PACKAGE)]) if m.name != "_native"])
def test_examples_of_docstrings(name: str) -> None:
    try:
        module = importlib.import_module(f"autoaugment.{name}")
    except ImportError as error:
        pytest.skip(str(error))
    result = doctest.testmod(module)
    assert result.failed == 0
    if name in ("_compose", "_policies"):
        assert result.attempted > 3


def test_examples_of_the_package() -> None:
    assert doctest.testmod(autoaugment).failed == 0
