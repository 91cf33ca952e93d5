"""Examples: each program runs on a small folder of images, prints what it must, and is short and typed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, installed, noise
from PIL import Image

EXAMPLES = ROOT / "python/examples"
IMAGES, CLASSES = 23, 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photographs of several sizes in three classes, some of them gray."""
    root = tmp_path_factory.mktemp("data") / "train"
    for number in range(IMAGES):
        place = root / f"class{number % CLASSES}"
        place.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(noise(70 + number, 90, 3, seed=number))
        (image.convert("L") if number == 7 else image).save(place / f"{number:03}.jpg")
    return root


def run(*command: str | Path, **environment: str) -> str:
    """What a program prints."""
    # Ray and torchrun give these to their own; ours must not be theirs.
    given = {k: v for k, v in os.environ.items() if not k.startswith(("RAY_", "OMP_", "RANK", "WORLD_"))}
    given |= {"HF_HUB_OFFLINE": "1", "PYTHONPATH": str(EXAMPLES), "RAY_USAGE_STATS_ENABLED": "0"} | environment
    parts = [EXAMPLES / part if str(part).endswith(".py") else part for part in command]
    with tempfile.TemporaryDirectory() as here:
        ran = subprocess.run([sys.executable, *parts], env=given, capture_output=True, text=True, cwd=here)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert os.listdir(here) == [], "a program leaves files where it is started"
    return ran.stdout


def lines(output: str, pattern: str) -> list[str]:
    """The lines of this form; there has to be one."""
    found = [line for line in output.splitlines() if re.fullmatch(pattern, line)]
    assert found, output
    return found


def trained(output: str, images: int = IMAGES, epochs: int = 2) -> None:
    """Two epochs with all images and finite losses."""
    found = lines(output, rf"epoch \d: {images} images( of .*)?, loss \d+\.\d+")
    assert [line.split(":")[0] for line in found] == [f"epoch {epoch}" for epoch in range(epochs)]


@pytest.mark.timeout(200)
def test_torch_with_a_data_loader(folder: Path) -> None:
    installed("TORCH", "torchvision")
    trained(run("torch_dataloader.py", folder))


@pytest.mark.timeout(200)
def test_torch_with_a_loader(folder: Path) -> None:
    installed("TORCH", "torch")
    trained(run("torch_loader.py", folder))
    # It begins where it ended.
    assert run("torch_loader.py", folder) == ""
    folder.with_suffix(".checkpoint.pt").unlink()


@pytest.mark.timeout(300)
def test_processes_of_ddp_see_what_one_sees(folder: Path) -> None:
    installed("TORCH", "torch")
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node"]
    pattern = rf"{2 * IMAGES} images in 2 epochs, checksum [0-9a-f]{{16}}"
    one, two = (lines(run(*launch, count, "torch_ddp.py", folder), pattern) for count in ("1", "2"))
    assert one == two


@pytest.mark.timeout(300)
def test_lightning(folder: Path) -> None:
    installed("LIGHTNING", "lightning")
    trained(run("lightning_module.py", folder))


@pytest.mark.timeout(200)
def test_timm(folder: Path) -> None:
    installed("TIMM", "timm")
    trained(run("timm_loader.py", folder))


def test_webdataset(folder: Path) -> None:
    # Its loader is torch's.
    installed("TORCH", "torch")
    installed("WEBDATASET", "webdataset")
    files = sorted(folder.glob("*/*.jpg"), key=lambda path: path.name)
    shards = []
    for number, part in enumerate((files[:12], files[12:], files)):
        shards.append(folder.parent / f"shard-{number}.tar")
        with tarfile.open(shards[-1], "w") as tar:
            for path in part:
                tar.add(path, path.name)
                label = folder.parent / "label"
                label.write_text(path.parent.name[-1])
                tar.add(label, path.with_suffix(".cls").name)
    pattern = rf"(webdataset|Loader): \({IMAGES}, 3, 64, 64\), mean -?\d\.\d{{5}}, labels \[8, 8, 7\]"
    two, one = (lines(run("webdataset_shards.py", *part), pattern) for part in (shards[:2], shards[2:]))
    # It does not matter in which shard a key is.
    assert len(one) == 2 and one == two


def test_hugging_face(folder: Path) -> None:
    installed("DATASETS", "datasets")
    output = run("hugging_face.py", folder, HF_HOME=str(folder.parent / "hf"))
    assert lines(output, r"epoch .*") == [f"epoch {epoch}: {IMAGES} images of (3, 64, 64)" for epoch in range(2)]


@pytest.mark.timeout(300)
def test_actors_of_ray_give_what_one_process_gives(folder: Path) -> None:
    installed("RAY", "ray")
    pattern = rf"{IMAGES} images of \(3, 64, 64\), checksum [0-9a-f]{{16}}"
    one, two = (lines(run("ray_data.py", folder, actors), pattern) for actors in ("1", "2"))
    assert one == two
    alone = f"""
from pathlib import Path
import ray_data
files = sorted(Path({str(folder)!r}).glob("*/*.jpg"))
print(ray_data.summary(dict(enumerate(ray_data.transform()(files, index=range(len(files)))))))
"""
    assert one == lines(run("-c", alone), pattern)


def test_jax(folder: Path) -> None:
    installed("JAX", "jax")
    trained(run("jax_train.py", folder), images=16)


def test_grain(folder: Path) -> None:
    installed("GRAIN", "grain")
    output = run("grain_pipeline.py", folder)
    assert lines(output, r"epoch .*") == [f"epoch {epoch}: {IMAGES} images of (3, 64, 64)" for epoch in range(2)]


@pytest.mark.parametrize("one_size", [True, False])
def test_a_clip_has_one_draw(one_size: bool, tmp_path: Path) -> None:
    frames = []
    for number in range(5):
        # Flat, so that a frame that had another draw would have another color or shape.
        frames.append(tmp_path / f"{number}.png")
        Image.new("RGB", (60, 40 if one_size else 40 + number), (200, 90, 30)).save(frames[-1])
    for clip in range(4):
        output = run("clip.py", *frames, "--clip", str(clip), "--out", tmp_path / "out")
        lines(output, r"5 frames: .*")
        if one_size:
            made = [np.asarray(Image.open(tmp_path / "out" / frame.name)) for frame in frames]
            assert all(np.array_equal(image, made[0]) for image in made)


def test_programs_are_short() -> None:
    programs = sorted(EXAMPLES.glob("*.py"))
    assert len(programs) >= 11
    long = [program.name for program in programs if len(program.read_text().splitlines()) >= 80]
    assert not long, f"80 lines or more: {long}"
    # What no test names would not run.
    tests = Path(__file__).read_text()
    assert [program.name for program in programs if f'"{program.name}"' not in tests] == []


@pytest.mark.timeout(300)
def test_programs_are_typed() -> None:
    installed("MYPY", "mypy")
    programs = [str(program.relative_to(ROOT / "python")) for program in sorted(EXAMPLES.glob("*.py"))]
    environment = {**os.environ, "MYPY_CACHE_DIR": os.devnull}
    command = [sys.executable, "-m", "mypy", "--strict", *programs]
    ran = subprocess.run(command, cwd=ROOT / "python", env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
