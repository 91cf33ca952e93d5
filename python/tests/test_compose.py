"""Compose: the stages in one call, the same as one after the other, from arrays, files and bytes of files."""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from conftest import noise
from PIL import Image

from autoaugment import (
    AutoAugment,
    CenterCrop,
    Compose,
    Cutout,
    DataError,
    Normalize,
    Plan,
    RandomCrop,
    RandomErasing,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomVerticalFlip,
    Resize,
)

IMAGES = [noise(60 + 7 * i, 90 - 5 * i, 3, seed=i) for i in range(8)]
INDEX = range(40, 48)


def jpeg(image: np.ndarray[Any, Any]) -> bytes:
    memory = io.BytesIO()
    Image.fromarray(image).save(memory, "JPEG", quality=90)
    return memory.getvalue()


@pytest.mark.parametrize(
    "stages",
    [
        [RandomResizedCrop(32)],
        [RandomResizedCrop((30, 40), scale=(0.3, 0.9), ratio=(1.0, 2.0), interpolation="bicubic")],
        [Resize(50), CenterCrop(45)],
        [Resize((33, 21)), CenterCrop((50, 20), fill=(1, 2, 3))],
        [Resize((40, 40)), RandomCrop(32, padding=6, fill=9), RandomVerticalFlip(0.7)],
        [RandomResizedCrop(32), RandomHorizontalFlip(), AutoAugment("imagenet"), RandomErasing(0.9), Cutout(7)],
    ],
    ids=repr,
)
def test_stages_have_the_bytes_of_pillow(stages: list[Any], reference: ModuleType) -> None:
    transform = Compose(stages, seed=6)
    batch, plan = transform(IMAGES, index=INDEX, return_plan=True)
    for image, result, planned in zip(IMAGES, batch, json.loads(plan.to_json())["images"], strict=True):
        expected = reference.run(planned["ops"], Image.fromarray(image), [])
        np.testing.assert_array_equal(result, np.asarray(expected), err_msg=str(planned["ops"]))


def test_every_kind_of_source_has_the_same_bytes(tmp_path: Path) -> None:
    transform = Compose([RandomResizedCrop(32), AutoAugment("imagenet"), Normalize("cifar10")], seed=6)
    files = [jpeg(image) for image in IMAGES]
    decoded = [Image.open(io.BytesIO(file)).convert("RGB") for file in files]
    expected = transform(decoded, index=INDEX)
    assert expected.shape == (8, 3, 32, 32) and expected.dtype == np.float32
    paths = [tmp_path / f"{i}.jpg" for i in range(8)]
    for path, file in zip(paths, files, strict=True):
        path.write_bytes(file)
    mixed = [files[0], paths[1], str(paths[2]), decoded[3], *(np.asarray(image) for image in decoded[4:])]
    for sources in (files, paths, [str(path) for path in paths], mixed, tuple(files)):
        np.testing.assert_array_equal(transform(sources, index=INDEX), expected)
    for source in (files[2], paths[2], str(paths[2]), decoded[2]):
        np.testing.assert_array_equal(transform(source, index=42), expected[2])
    out = np.empty((3, 32, 32), np.float32)
    assert transform(files[2], index=42, out=out) is not None
    np.testing.assert_array_equal(out, expected[2])


def test_only_what_a_crop_reads_is_decoded(tmp_path: Path) -> None:
    image = noise(160, 200, 3)
    whole = jpeg(image)
    decoded = np.asarray(Image.open(io.BytesIO(whole)).convert("RGB"))
    (tmp_path / "whole.jpg").write_bytes(whole)
    transform = Compose([RandomResizedCrop(24), RandomHorizontalFlip(), AutoAugment("imagenet")], seed=6)
    for index in range(20):
        expected, plan = transform(decoded, index=index, return_plan=True)
        for source in (whole, tmp_path / "whole.jpg"):
            result, own = transform(source, index=index, return_plan=True)
            np.testing.assert_array_equal(result, expected)
            # The plan is that of the whole image.
            assert own == plan
            np.testing.assert_array_equal(transform.apply(source, own), expected)
    # Damage below the crop does not stop it, and damage in it does.
    damaged = whole[: len(whole) * 2 // 3]
    top, all_rows = (Plan(1, [f"Crop(x=8, y=0, width=100, height={height})"]) for height in (40, 160))
    np.testing.assert_array_equal(transform.apply(damaged, top), decoded[:40, 8:108])
    with pytest.raises(DataError, match="image 0: "):
        transform.apply(damaged, all_rows)
    mixed = transform.apply([damaged, decoded, whole], Plan(3, ["Crop(x=8, y=0, width=100, height=40)"]))
    for result in mixed:
        np.testing.assert_array_equal(result, decoded[:40, 8:108])


def test_gray_files_become_rgb() -> None:
    memory = io.BytesIO()
    gray = noise(20, 20, 1)[..., 0]
    Image.fromarray(gray).save(memory, "PNG")
    batch = Compose([])([memory.getvalue(), Image.fromarray(np.repeat(gray[..., None], 3, axis=2))])
    np.testing.assert_array_equal(batch[0], batch[1])


def test_a_batch_and_its_images_draw_alike() -> None:
    transform = Compose.imagenet("imagenet", seed=2)
    batch = noise(5, 80, 70, 3)
    expected = transform(list(batch), index=range(5))
    np.testing.assert_array_equal(transform(batch, index=range(5)), expected)
    for i in range(5):
        np.testing.assert_array_equal(transform(batch[i], index=i), expected[i])


def test_recipes() -> None:
    batch = noise(4, 40, 48, 3)
    assert Compose.imagenet()(batch).shape == (4, 3, 224, 224)
    assert Compose.imagenet(training=False, dtype="float16")(batch).dtype == np.float16
    assert Compose.cifar("cifar10")(batch[:, :32, :32]).shape == (4, 3, 32, 32)
    plain = Compose.cifar(training=False)(batch)
    assert plain.shape == (4, 3, 40, 48)
