"""Copies: what the page gives to take along works as it stands, and makes what the page shows."""

from __future__ import annotations

import os
import shutil
import subprocess

import numpy as np
import pytest
from conftest import ROOT
from PIL import Image

STATES = [
    "policy=imagenet&seed=11",
    "policy=cifar10&seed=4&convention=deepvoltaire&interpolation=bicubic",
    "policy=randaugment(n%3D2,+m%3D9)&seed=18446744073709551615",
    "policy=rand-m9-mstd0.5-inc1&seed=2",
    "policy=augmix(severity%3D3,+width%3D3)&seed=2",
    "policy=convention+timm%0ARotate+0.6+9.5+%2B+Solarize+0.4+5%0AIdentity+1+0&seed=2",
]
OPERATIONS = ["view=sweep&op=Rotate&magnitude=7&convention=deepvoltaire&negative=1", "view=sweep&op=Equalize"]


def copied(page, form):
    page.set(form=form)
    return page.text("#copy-text")


@pytest.mark.parametrize("state", STATES + OPERATIONS)
def test_the_command_makes_the_files_that_the_page_shows(shown, photos, state):
    page = shown(f"{state}&columns=3")
    page.give(*photos)
    command = copied(page, "command")
    folder = photos[0].parent.parent
    shutil.rmtree(folder / "augmented", ignore_errors=True)
    environment = {**os.environ, "PATH": f"{ROOT / 'target/debug'}:{os.environ['PATH']}"}
    done = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    is_draw = "view=" not in state
    # In a sweep the chosen magnitude is the first column.
    made = sorted((folder / "augmented").iterdir())
    assert len(made) == (6 if is_draw else 2)
    for cell in [cell for cell in page.cells() if is_draw or cell["column"] == 0]:
        path = made[cell["row"] * 3 + cell["column"] if is_draw else cell["row"]]
        assert (np.asarray(Image.open(path).convert("RGB")) == cell["pixels"]).all(), (command, path)


def test_the_command_of_sub_policies_draws_a_sheet(shown, photos):
    page = shown("view=sub-policies&number=2&columns=2")
    command = copied(page, "command")
    assert "--sub-policies 2,3" in command
    environment = {**os.environ, "PATH": f"{ROOT / 'target/debug'}:{os.environ['PATH']}"}
    folder = photos[0].parent.parent
    subprocess.run(f"{command} --force", shell=True, cwd=folder, env=environment, check=True)
    assert Image.open(folder / "preview.png").width > 300


@pytest.mark.parametrize("state", STATES + OPERATIONS)
def test_the_python_code_makes_what_the_page_shows(shown, photos, noise, state):
    try:
        import autoaugment  # noqa: F401
    except ImportError:
        if os.environ.get("AUTOAUGMENT_REQUIRE_PYTHON_PACKAGE") == "1":
            raise
        pytest.skip("the Python package is not built: scripts/test-python")
    page = shown(f"{state}&columns=1")
    page.give(*photos)
    names = {"images": noise}
    exec(copied(page, "python"), names)
    for cell in [cell for cell in page.cells() if cell["column"] == 0]:
        assert (np.asarray(names["augmented"][cell["row"]]) == cell["pixels"]).all()


def test_the_text_and_the_json_come_back_into_the_page(shown):
    page = shown(STATES[-1])
    text = copied(page, "text")
    assert text == "convention timm\nRotate 0.6 9.5 + Solarize 0.4 5\nIdentity 1 0"
    before = [cell["operations"] for cell in page.cells()]
    page.set(policy=text)
    assert [cell["operations"] for cell in page.cells()] == before


def test_the_copy_button_copies(shown):
    page = shown("form=text&policy=Invert+1+0", permissions=["clipboard-read", "clipboard-write"])
    page.page.click("#copy")
    page.wait("document.getElementById('copied').textContent !== ''")
    assert page.page.evaluate("navigator.clipboard.readText()") == "convention torchvision\nInvert 1 0"
    page.page.click("#copy-link")
    page.wait("document.getElementById('copied').textContent.includes('link')")
    assert page.page.evaluate("navigator.clipboard.readText()") == page.page.url
