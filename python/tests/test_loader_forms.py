"""Loader: masks beside the images, batches as tensors of a framework, on a GPU, and the progress that is shown."""

from __future__ import annotations

import io
import os
import pickle
import sys
import tarfile
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from conftest import noise, required
from PIL import Image

import autoaugment
from autoaugment import (
    AutoAugment,
    Compose,
    DataError,
    Loader,
    Masks,
    MixUp,
    Normalize,
    Parquet,
    RandomHorizontalFlip,
    RandomResizedCrop,
    TarShards,
)

IMAGES = [noise(30 + i % 7, 44 - i % 5, 3, seed=i) for i in range(11)]
LABELS = [(image[..., 0] // 16).astype(np.uint8) for image in IMAGES]
STAGES = [RandomResizedCrop(24), RandomHorizontalFlip(), AutoAugment("imagenet"), Normalize()]
TRANSFORM = Compose(STAGES, seed=5, device="cpu")
ITEMS = [(image, i % 3, mask) for i, (image, mask) in enumerate(zip(IMAGES, LABELS, strict=True))]


def png(image: np.ndarray[Any, Any]) -> bytes:
    memory = io.BytesIO()
    Image.fromarray(image).save(memory, "PNG")
    return memory.getvalue()


def check_masks(loader: Loader, fill: int, cutout: bool = False) -> None:
    seen = 0
    for epoch in range(2):
        for batch in loader:
            index = batch.indices.tolist()
            images, plan = TRANSFORM([IMAGES[i] for i in index], index=index, epoch=epoch, return_plan=True)
            np.testing.assert_array_equal(batch.images, images)
            assert batch.masks.dtype == np.uint8 and batch.masks.shape == (len(index), 24, 24)
            expected = plan.masks([LABELS[i] for i in index], fill=fill, cutout=cutout)
            np.testing.assert_array_equal(batch.masks, np.stack(expected))
            seen += len(index)
    assert seen == 2 * len(IMAGES)


@pytest.mark.parametrize("masks", [Masks(), Masks(255), Masks(fill=7, cutout=True)], ids=repr)
def test_masks_of_a_sequence_follow_their_images(masks: Masks, tmp_path: Path) -> None:
    check_masks(Loader(ITEMS, TRANSFORM, batch_size=4, shuffle=True, masks=masks), masks.fill, masks.cutout)
    path = tmp_path / "mask.png"
    path.write_bytes(png(LABELS[3]))
    kinds = [LABELS[0], png(LABELS[1]), Image.fromarray(LABELS[2]), path, np.asfortranarray(LABELS[4])]
    items = [(png(image), 0, mask) for image, mask in zip(IMAGES[:5], kinds, strict=True)]
    (batch,) = Loader(items, TRANSFORM, masks=masks)
    plan = TRANSFORM.plan(IMAGES[:5], index=range(5))
    np.testing.assert_array_equal(batch.masks, np.stack(plan.masks(LABELS[:5], fill=masks.fill, cutout=masks.cutout)))
    assert next(iter(Loader(ITEMS, TRANSFORM))).masks is None


def test_masks_of_shards_and_of_parquet(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "set.tar", "w") as tar:
        for i, (image, mask) in enumerate(zip(IMAGES, LABELS, strict=True)):
            for name, data in [("png", png(image)), ("seg.png", png(mask)), ("cls", b"1")]:
                entry = tarfile.TarInfo(f"{i:03}.{name}")
                entry.size = len(data)
                tar.addfile(entry, io.BytesIO(data))
    check_masks(Loader(TarShards(tmp_path / "set.tar", masks="seg.png"), TRANSFORM, batch_size=4, masks=Masks(9)), 9)
    arrow = required("PYARROW", "pyarrow")
    parquet = required("PYARROW", "pyarrow.parquet")
    rows = {"image": [{"bytes": png(image), "path": None} for image in IMAGES], "label": [1] * len(IMAGES)}
    rows["annotation"] = [{"bytes": png(mask), "path": None} for mask in LABELS]
    parquet.write_table(arrow.table(rows), tmp_path / "0.parquet")
    dataset = Parquet(tmp_path / "0.parquet", mask="annotation")
    check_masks(Loader(dataset, TRANSFORM, batch_size=4, masks=Masks(9)), 9)


def test_masks_that_cannot_come() -> None:
    def first(items: Any, **options: Any) -> Any:
        return next(iter(Loader(items, TRANSFORM, masks=Masks(), **options)))

    with pytest.raises(DataError, match="sample 0 .*it has no mask, and the loader asks for masks"):
        first([item[:2] for item in ITEMS])
    with pytest.raises(DataError, match="sample 0 .*mask: expected the image's 44 x 30 pixels, got 30 x 44"):
        first([(IMAGES[0], 0, LABELS[0].T)])
    with pytest.raises(DataError, match="sample 0 .*mask: H x W of uint8 is needed, got int64"):
        first([(IMAGES[0], 0, LABELS[0].astype(np.int64))])
    with pytest.raises(DataError, match="sample 0 .*a mask is a PNG file"):
        first([(IMAGES[0], 0, b"GIF89a")])
    with pytest.raises(DataError, match="sample 0 .*none.png"):
        first([(IMAGES[0], 0, Path("none.png"))])
    with pytest.raises(ValueError, match="masks cannot follow `mixing`"):
        first(ITEMS, mixing=MixUp(), classes=3)
    with pytest.raises(ValueError, match="masks: the fill must be a whole number of 0..255, got 256"):
        Loader(ITEMS, TRANSFORM, masks=Masks(256))
    with pytest.raises(TypeError, match="masks: a Masks is needed, got int"):
        Loader(ITEMS, TRANSFORM, masks=255)  # type: ignore[arg-type]


def test_boxes_of_a_batch_follow_by_its_plan() -> None:
    (batch,) = Loader(ITEMS, TRANSFORM)
    for place, index in enumerate(batch.indices.tolist()):
        height, width, _ = IMAGES[index].shape
        boxes, visible = batch.plan.boxes([[0, 0, width, height]], (width, height), image=place)
        assert boxes.min() >= 0 and boxes.max() <= 24 and 0 < visible[0] <= 1


def test_tensors_are_pinned_where_torch_has_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = required("TORCH", "torch")
    pinned: list[Any] = []

    def pin_memory(tensor: Any) -> Any:
        copy = tensor.clone()
        pinned.append(copy)
        return copy

    expected = next(iter(Loader(ITEMS, TRANSFORM, masks=Masks())))
    plain = next(iter(Loader(ITEMS, TRANSFORM, masks=Masks(), as_="torch")))
    with pytest.raises(ValueError, match="pin_memory: torch has no CUDA here; leave it out"):
        Loader(ITEMS, TRANSFORM, as_="torch", pin_memory=True)
    with pytest.raises(ValueError, match="pin_memory: only tensors of torch are pinned, and as_ is 'numpy'"):
        Loader(ITEMS, TRANSFORM, pin_memory=True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.Tensor, "pin_memory", pin_memory)
    batch = next(iter(Loader(ITEMS, TRANSFORM, masks=Masks(), as_="torch")))
    parts = [batch.images, batch.labels, batch.indices, batch.masks]
    assert len(pinned) == 4 and all(any(part is copy for copy in pinned) for part in parts)
    for part, other in zip([plain, batch], [expected] * 2, strict=True):
        for name in ("images", "labels", "indices", "masks"):
            np.testing.assert_array_equal(getattr(part, name).numpy(), getattr(other, name))
    del pinned[:]
    next(iter(Loader(ITEMS, TRANSFORM, as_="torch", pin_memory=False)))
    assert not pinned


def test_to_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = required("TORCH", "torch")
    from autoaugment.torch import to_cuda

    batch = next(iter(Loader(ITEMS, TRANSFORM, as_="torch", pin_memory=False)))
    if not torch.cuda.is_available():
        with pytest.raises(autoaugment.DeviceError, match="CUDA.*; install a driver and a build of torch with CUDA"):
            to_cuda(batch)
    with pytest.raises(ValueError, match="device: one of CUDA is needed, got cpu"):
        to_cuda(batch, "cpu")
    calls: list[tuple[Any, ...]] = []

    def pin_memory(tensor: Any) -> Any:
        calls.append(("pin", tuple(tensor.shape)))
        return tensor

    def to(tensor: Any, device: Any, non_blocking: bool = False) -> Any:
        calls.append((str(device), tuple(tensor.shape), non_blocking))
        return tensor + 1

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.Tensor, "pin_memory", pin_memory)
    monkeypatch.setattr(torch.Tensor, "is_pinned", lambda tensor: False)
    monkeypatch.setattr(torch.Tensor, "to", to)
    moved = to_cuda({"batch": batch, "rest": (np.zeros(2), "name", [3])}, "cuda:1")
    assert type(moved["batch"]) is type(batch) and moved["batch"].plan is batch.plan
    assert torch.equal(moved["batch"].images, batch.images + 1) and moved["batch"].masks is None
    assert moved["rest"][0].tolist() == [1, 1] and moved["rest"][1:] == ("name", [3])
    shapes = [tuple(batch.images.shape), tuple(batch.labels.shape), tuple(batch.indices.shape), (2,)]
    assert calls == [call for shape in shapes for call in (("pin", shape), ("cuda:1", shape, True))]


@pytest.mark.timeout(300)  # A software adapter compiles its shaders for a long time if others work too.
def test_a_loader_on_a_gpu_has_the_bytes_of_the_cpu() -> None:
    if not autoaugment.devices():
        if os.environ.get("AUTOAUGMENT_REQUIRE_GPU") == "1" and os.environ.get("AUTOAUGMENT_PYTHON_GPU") == "1":
            raise AssertionError("a GPU is required")
        pytest.skip("there is no GPU, or this build has no GPU path")
    for stages in (STAGES, STAGES[:-1]):
        on_gpu = Compose(stages, seed=5, device="gpu")
        assert on_gpu.device != "CPU"
        options: dict[str, Any] = {"batch_size": 4, "shuffle": True, "masks": Masks(9)}
        expected = list(Loader(ITEMS, Compose(stages, seed=5, device="cpu"), **options))
        loader = Loader(ITEMS, on_gpu, **options)
        kept = list(loader)
        for batch, other in zip(kept, expected, strict=True):
            assert batch.images.dtype == other.images.dtype
            np.testing.assert_array_equal(batch.images, other.images)
            np.testing.assert_array_equal(batch.masks, other.masks)
    with pytest.raises(autoaugment.DeviceError):
        Loader(ITEMS, Compose(STAGES, device="no such adapter"))


class Bar:
    """A stand-in for tqdm that remembers what it was told."""

    made: list[Bar] = []

    def __init__(self, **options: Any) -> None:
        self.options, self.updates, self.closed = options, 0, False
        Bar.made.append(self)

    def update(self, n: int = 1) -> None:
        self.updates += n

    def close(self) -> None:
        self.closed = True


def test_progress_is_shown_by_tqdm(monkeypatch: pytest.MonkeyPatch) -> None:
    package, auto = ModuleType("tqdm"), ModuleType("tqdm.auto")
    auto.tqdm = Bar  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tqdm", package)
    monkeypatch.setitem(sys.modules, "tqdm.auto", auto)
    monkeypatch.setattr(Bar, "made", [])
    loader = Loader(ITEMS, TRANSFORM, batch_size=4, progress=True)
    list(loader)
    list(loader.epoch(5, 1))
    whole, part = Bar.made
    assert (whole.options["total"], whole.options["initial"], whole.options["desc"]) == (3, 0, "epoch 0")
    assert (whole.updates, whole.closed) == (3, True)
    assert (part.options["initial"], part.options["desc"], part.updates, part.closed) == (1, "epoch 5", 2, True)
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ImportError, match="progress=True needs tqdm; install it, or leave it out"):
        iter(loader)


def test_progress_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    required("TQDM", "tqdm")
    list(Loader(ITEMS, TRANSFORM, batch_size=4, progress=True))
    written = capsys.readouterr()
    assert "epoch 0" in written.err and "3/3" in written.err and not written.out


def test_a_loader_comes_back_from_a_pickle_where_it_was() -> None:
    loader = Loader(ITEMS, TRANSFORM, batch_size=4, shuffle=True, seed=3, drop_last=True, masks=Masks(9))
    for batch in loader:
        assert pickle.loads(pickle.dumps(batch)).images.tobytes() == batch.images.tobytes()
        break
    again = pickle.loads(pickle.dumps(loader))
    assert repr(again) == repr(loader) and again.state_dict() == loader.state_dict() == {"epoch": 0, "batch": 1}
    for batch, other in zip(again, list(loader.epoch(0, 1)), strict=True):
        np.testing.assert_array_equal(batch.images, other.images)
        np.testing.assert_array_equal(batch.masks, other.masks)


def test_a_loader_prints_all_of_its_options() -> None:
    loader = Loader(ITEMS, AutoAugment(), masks=Masks(255), as_="numpy", drop_last=True, progress=True)
    expected = "Loader(<11 samples>, AutoAugment(policy='imagenet'), batch_size=64, drop_last=True, "
    assert repr(loader) == expected + "masks=Masks(fill=255, cutout=False), progress=True)"
