"""Documentation: the blocks of Python on the README and on the pages run as they are, and the table of names holds."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, installed
from PIL import Image

import autoaugment

PAGES = [
    ROOT / "README.md",
    ROOT / "python/README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs/python").glob("*.md")),
]
BLOCKS = [
    pytest.param(page, block.group(1), id=f"{page.relative_to(ROOT)}-{number}")
    for page in PAGES
    for number, block in enumerate(re.finditer(r"^```python\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE))
]
# Packages that a block may need, and the variables that require them.
OPTIONAL = {
    "autoaugment.torch": "TORCH",
    "datasets": "DATASETS",
    "jax": "JAX",
    "lightning": "LIGHTNING",
    "torch": "TORCH",
    "torchvision": "TORCH",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the pages speak of: this repository's photographs, and `train`, which has two classes."""
    (tmp_path / "photos").symlink_to(ROOT / "photos")
    photo = Image.open(ROOT / "photos/rocket.jpg").convert("RGB")
    for number in range(8):
        place = tmp_path / "train" / ("cat", "dog")[number % 2]
        place.mkdir(parents=True, exist_ok=True)
        photo.resize((100 + number, 80)).save(place / f"{number}.jpg")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.timeout(200)
@pytest.mark.parametrize(("page", "block"), BLOCKS)
def test_blocks_run(page: Path, block: str, folder: Path) -> None:
    for package in sorted(imports(block)):
        if package in OPTIONAL:
            installed(OPTIONAL[package], package.removeprefix("autoaugment."))
    run(block, folder)


def run(program: str, folder: Path, *arguments: str) -> None:
    """Runs it in a process of its own, so that no test sees what another one has imported."""
    command = [sys.executable, "-c", program, *arguments]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def imports(block: str) -> set[str]:
    """What the block imports before anything is called, packages and adapters of ours, and what its batches are."""
    found = set(re.findall(r'as_="(torch|jax)"', block))
    for line in ast.parse(block).body:
        if isinstance(line, ast.ImportFrom) and line.module is not None:
            found |= {line.module, line.module.partition(".")[0]}
        elif isinstance(line, ast.Import):
            found |= {name.name.partition(".")[0] for name in line.names}
    return found


def test_there_are_blocks() -> None:
    assert len(BLOCKS) >= 15
    assert imports("import torch.nn\nfrom a.b import c\ndef f(): import d") == {"torch", "a", "a.b"}


# Where each library has its names.
HOMES = {
    "torchvision": ["torchvision.transforms.v2", "torchvision.datasets", "torch.utils.data"],
    "timm": ["timm.data", "timm.data.auto_augment", "timm.data.random_erasing", "timm.data.transforms"],
    "kornia": ["kornia.augmentation", "kornia.augmentation.auto", "kornia.enhance"],
    "albumentations": ["albumentations", "albumentations.pytorch"],
    "DALI": ["nvidia.dali", "nvidia.dali.auto_aug"],
}


def rows() -> list[list[str]]:
    """The cells of the table of names: the code in each."""
    page = (ROOT / "docs/python/names.md").read_text()
    table = re.search(r"<!-- names: .*? -->\n(.*?)<!-- end of names -->", page, re.DOTALL)
    assert table is not None
    lines = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in table.group(1).splitlines()]
    assert lines[0] == [*HOMES, "ours"]
    return lines[2:]


ROWS = rows()


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("ours", [row[-1] for row in ROWS])
def test_our_names_are_there(ours: str) -> None:
    names: dict[str, Any] = {name: getattr(autoaugment, name) for name in autoaugment.__all__}
    names |= {"image": Image.new("RGB", (8, 8)), "transform": autoaugment.Compose.imagenet("imagenet")}
    assert eval(ours, names) is not None


# Evaluates cells, in the names of some modules, and prints what fails.
EVALUATE = """
import importlib, json, sys
from PIL import Image
cells, homes = json.loads(sys.argv[1])
names = {}
for home in reversed(homes):
    module = importlib.import_module(home)
    names |= {name: getattr(module, name) for name in dir(module)}
names |= {"image": Image.new("RGB", (8, 8)), "dataset": range(8), "Image": Image}
if "nvidia.dali" not in homes:
    import torch
    names |= {"torch": torch, "floats": torch.zeros(1, 3, 8, 8)}
wrong = []
for cell in cells:
    try:
        eval(cell, dict(names))
    except Exception as error:
        wrong.append(f"{cell}: {type(error).__name__}: {error}")
sys.exit("\\n".join(wrong) or None)
"""


@pytest.mark.timeout(200)
@pytest.mark.parametrize("library", HOMES)
def test_the_names_of_others_are_there(library: str, folder: Path) -> None:
    homes = HOMES[library]
    installed(library.upper(), {"DALI": "nvidia.dali"}.get(library, library))
    column = list(HOMES).index(library)
    cells = [row[column] for row in ROWS if row[column] != "-"]
    assert len(cells) > 5
    run(EVALUATE, folder, json.dumps([cells, homes]))
