"""Adapters: what frameworks call gives the bytes of a plain call, and `show` a sheet."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from conftest import noise, required
from PIL import Image

from autoaugment import AutoAugment, Compose, Loader, Normalize, RandomResizedCrop, show
from autoaugment.grain import MapWithIndex
from autoaugment.hf import WithTransform
from autoaugment.ray import MapBatches

AUGMENT = AutoAugment("imagenet", seed=4, device="cpu")
BATCH = noise(20, 24, 24, 3)
EXPECTED = AUGMENT(BATCH, index=range(20), epoch=2)


@pytest.mark.parametrize("size", [1, 7, 20])
def test_rows_of_ray_do_not_depend_on_the_batch(size: int) -> None:
    adapter = MapBatches(AUGMENT, epoch=2)
    rows = {"image": BATCH, "index": np.arange(20), "label": np.arange(20)}
    parts = [{k: v[i : i + size] for k, v in rows.items()} for i in range(0, 20, size)]
    made = [adapter(part) for part in parts]
    np.testing.assert_array_equal(np.concatenate([part["image"] for part in made]), EXPECTED)
    np.testing.assert_array_equal(np.concatenate([part["label"] for part in made]), np.arange(20))


def test_ragged_and_encoded_rows_of_ray() -> None:
    images = [noise(20 + i, 30, 3) for i in range(5)]
    ragged = np.empty(5, object)
    ragged[:] = images
    keys = np.array(["a", "b", "c", "d", "e"])
    result = MapBatches(AUGMENT)({"image": ragged, "index": keys})["image"]
    for one, image, key in zip(result, images, keys, strict=True):
        np.testing.assert_array_equal(one, AUGMENT(image, index=str(key)))
    encoded = np.empty(5, object)
    for i, image in enumerate(images):
        memory = io.BytesIO()
        Image.fromarray(image).save(memory, "PNG")
        encoded[i] = memory.getvalue()
    transform = Compose([RandomResizedCrop(16), Normalize()], seed=1)
    result = MapBatches(transform)({"image": encoded, "index": np.arange(5)})["image"]
    np.testing.assert_array_equal(result, transform(images, index=range(5)))
    with pytest.raises(ValueError, match="there is no column 'index'; there are image"):
        MapBatches(AUGMENT)({"image": BATCH})


def test_rows_of_hugging_face() -> None:
    rows = {"image": [Image.fromarray(image) for image in BATCH], "key": [f"k{i}" for i in range(20)]}
    result = WithTransform(AUGMENT, output="pixels", index="key", epoch=2)(rows)
    assert result["image"] is rows["image"]
    expected = AUGMENT(BATCH, index=rows["key"], epoch=2)
    for one, other in zip(result["pixels"], expected, strict=True):
        np.testing.assert_array_equal(np.asarray(one), other)
    assert WithTransform(AUGMENT)({"image": [Image.new("L", (5, 5))]})["image"][0].mode == "RGB"


def test_elements_of_grain() -> None:
    for i in range(3):
        element = MapWithIndex(AUGMENT, epoch=2)(i, {"image": BATCH[i], "label": i})
        np.testing.assert_array_equal(element["image"], EXPECTED[i])
        assert element["label"] == i
        np.testing.assert_array_equal(MapWithIndex(AUGMENT, image=None, epoch=2)(i, BATCH[i]), EXPECTED[i])


def test_no_adapter_imports_its_framework() -> None:
    program = """
import sys, autoaugment.grain, autoaugment.hf, autoaugment.ray
print(sorted({"grain", "datasets", "ray", "torch", "jax"} & set(sys.modules)))
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def test_sheets() -> None:
    assert show(BATCH, n=5, side=20).size == (60, 40)
    sheet = show([noise(40, 20, 3), Image.new("L", (10, 30)), BATCH[:2]], columns=4, side=16)
    assert sheet.size == (64, 16)
    loader = Loader([(image, 0) for image in BATCH], Compose([Normalize()]), batch_size=8)
    floats = show(loader, side=24)
    assert floats.size == (96, 96)
    np.testing.assert_array_equal(np.asarray(show(BATCH[:1], side=24)), BATCH[0])
    with pytest.raises(ValueError, match="there are no images"):
        show([])


class Samples:
    def __len__(self) -> int:
        return 20

    def __getitem__(self, index: int) -> Any:
        return Image.fromarray(BATCH[index]), index


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.parametrize("workers", [0, 2, 3])
def test_a_data_loader_of_torch(method: str, workers: int) -> None:
    data = required("TORCH", "torch.utils.data")
    from autoaugment.torch import Indexed

    to_floats = Compose([AutoAugment("imagenet"), Normalize("unit", layout="hwc")], seed=4, device="cpu")
    dataset = Indexed(Samples(), to_floats)
    options = {"multiprocessing_context": method, "persistent_workers": True} if workers else {}
    loader = data.DataLoader(dataset, batch_size=4, num_workers=workers, **options)
    for epoch in range(2):
        dataset.set_epoch(epoch)
        images = np.concatenate([images.numpy() for images, _ in loader])
        np.testing.assert_array_equal(images, to_floats(BATCH, index=range(20), epoch=epoch))


def test_a_batch_collated_for_torch() -> None:
    torch = required("TORCH", "torch")
    from autoaugment.torch import Collate

    transform = Compose.imagenet("imagenet", seed=1)
    images, labels = Collate(transform)([Samples()[i] for i in range(4)])
    assert images.shape == (4, 3, 224, 224) and images.dtype == torch.float32 and labels.tolist() == [0, 1, 2, 3]
