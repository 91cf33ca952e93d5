"""Loader: the bytes of Compose, whatever the threads, ranks, interruptions and kinds of data sets."""

from __future__ import annotations

import io
import itertools
import struct
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import noise, required
from PIL import Image

from autoaugment import (
    AutoAugment,
    Batch,
    Cifar,
    Compose,
    CutMix,
    DataError,
    Idx,
    ImageFolder,
    Loader,
    MixUp,
    Normalize,
    Parquet,
    RandomHorizontalFlip,
    RandomResizedCrop,
    TarShards,
)

IMAGES = [noise(30 + i % 7, 44 - i % 5, 3, seed=i) for i in range(23)]
TRANSFORM = Compose(
    [RandomResizedCrop(24), RandomHorizontalFlip(), AutoAugment("imagenet"), Normalize()], seed=5, device="cpu"
)


def png(image: np.ndarray[Any, Any]) -> bytes:
    memory = io.BytesIO()
    Image.fromarray(image).save(memory, "PNG")
    return memory.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for i, image in enumerate(IMAGES):
        place = tmp_path / "train" / f"class{i // 8}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{i:03}.png").write_bytes(png(image))
    return tmp_path / "train"


def values(batches: Any) -> list[bytes]:
    return [batch.images.tobytes() + batch.labels.tobytes() + batch.indices.tobytes() for batch in batches]


def test_batches_have_the_bytes_of_compose(folder: Path) -> None:
    loader = Loader(ImageFolder(folder), TRANSFORM, batch_size=5, shuffle=True, seed=3, threads=2)
    assert loader.classes == ["class0", "class1", "class2"] and loader.samples == 23 and len(loader) == 5
    for epoch in range(2):
        seen = []
        for batch in loader:
            assert isinstance(batch, Batch) and batch.images.dtype == np.float32
            index = batch.indices.tolist()
            expected = TRANSFORM([IMAGES[i] for i in index], index=index, epoch=epoch)
            np.testing.assert_array_equal(batch.images, expected)
            assert batch.labels.tolist() == [i // 8 for i in index] and batch.soft_labels is None
            assert [image.index for image in batch.plan.images] == index and len(batch) == len(index)
            seen += index
        assert sorted(seen) == list(range(23)) and seen != sorted(seen)


def test_threads_and_prefetch_do_not_matter(folder: Path) -> None:
    def loader(**options: Any) -> Loader:
        return Loader(ImageFolder(folder), TRANSFORM, batch_size=4, shuffle=True, **options)

    expected = values(loader().epoch(2))
    for threads, prefetch in [(1, 1), (3, 2), (2, 9)]:
        assert values(loader(threads=threads, prefetch=prefetch).epoch(2)) == expected
    assert values(loader().epoch(3)) != expected


def test_ranks_are_disjoint_and_whole(folder: Path) -> None:
    def indices(rank: int, world_size: int) -> list[int]:
        options = {"shuffle": True, "batch_size": 3, "rank": rank, "world_size": world_size}
        loader = Loader(ImageFolder(folder), TRANSFORM, **options)  # type: ignore[arg-type]
        return [i for batch in loader for i in batch.indices.tolist()]

    ranks = [indices(rank, 3) for rank in range(3)]
    assert sorted(itertools.chain(*ranks)) == list(range(23))
    assert sorted(indices(0, 1)) == list(range(23))


def test_training_goes_on_in_the_middle_to_the_same_bytes(folder: Path) -> None:
    def loader() -> Loader:
        return Loader(ImageFolder(folder), TRANSFORM, batch_size=4, shuffle=True, seed=1)

    whole = [values(loader().epoch(epoch)) for epoch in range(3)]
    first = loader()
    assert first.state_dict() == {"epoch": 0, "batch": 0}
    assert values(first) == whole[0]
    assert first.state_dict() == {"epoch": 1, "batch": 0}
    done = []
    for batch in first:
        done += values([batch])
        if len(done) == 2:
            break
    state = first.state_dict()
    assert state == {"epoch": 1, "batch": 2} and done == whole[1][:2]
    second = loader()
    second.load_state_dict(state)
    assert second.state_dict() == state
    assert values(second) == whole[1][2:]
    assert values(second) == whole[2]
    second.set_epoch(1)
    assert values(second) == whole[1]
    epoch = second.epoch(0, 3)
    assert len(epoch) == 3 and epoch.position == (0, 3)
    with pytest.raises(ValueError, match="batch 7 is outside an epoch of 6 batches"):
        second.load_state_dict({"epoch": 0, "batch": 7})
    with pytest.raises(ValueError, match="it needs `epoch` and `batch` alone"):
        second.load_state_dict({"epoch": 0})


def test_an_epoch_that_was_left_begins_anew(folder: Path) -> None:
    loader = Loader(ImageFolder(folder), TRANSFORM, batch_size=4)
    first = values([next(iter(loader))])
    assert values(loader)[:1] == first


def test_broken_samples_stop_or_are_skipped(folder: Path) -> None:
    broken = folder / "class1" / "010.png"
    broken.write_bytes(broken.read_bytes()[:100])
    with pytest.raises(DataError, match="sample 10 .*010.png"):
        list(Loader(ImageFolder(folder), TRANSFORM, batch_size=4))
    epoch = Loader(ImageFolder(folder), TRANSFORM, batch_size=4, broken="skip").epoch(0)
    indices = [i for batch in epoch for i in batch.indices.tolist()]
    assert indices == [i for i in range(23) if i != 10]
    count, samples = epoch.skipped
    assert count == 1 and samples[0][0] == 10 and "010.png" in samples[0][1]


@pytest.mark.parametrize("mixing", [MixUp(0.4), CutMix(1.0, per="image"), [MixUp(0.2), CutMix()]], ids=repr)
def test_mixed_batches_have_soft_labels(mixing: Any, folder: Path) -> None:
    loader = Loader(ImageFolder(folder), TRANSFORM, batch_size=8, shuffle=True, mixing=mixing)
    plain = Loader(ImageFolder(folder), TRANSFORM, batch_size=8, shuffle=True)
    differ = 0
    for mixed, batch in zip(loader, plain, strict=True):
        np.testing.assert_array_equal(mixed.labels, batch.labels)
        assert mixed.soft_labels.shape == (len(batch), 3) and mixed.soft_labels.dtype == np.float32
        np.testing.assert_allclose(mixed.soft_labels.sum(axis=1), 1, rtol=1e-6)
        differ += not np.array_equal(mixed.images, batch.images)
    assert differ > 0
    assert values(loader.epoch(0)) == values(loader.epoch(0))
    with pytest.raises(ValueError, match="MixUp needs f32 or f16 output"):
        Loader(ImageFolder(folder), Compose([RandomResizedCrop(8)]), mixing=MixUp())


def test_every_kind_of_data_set(folder: Path, tmp_path: Path) -> None:
    squares = noise(10, 32, 32, 3)
    expected = AutoAugment("cifar10", seed=2)(squares, index=range(10))

    def images(dataset: Any, transform: Any = None) -> Any:
        loader = Loader(dataset, transform or AutoAugment("cifar10", seed=2), batch_size=10)
        (batch,) = loader
        assert batch.labels.tolist() == [i % 3 for i in range(10)]
        return batch.images

    with tarfile.open(tmp_path / "set-0.tar", "w") as tar:
        for i, image in enumerate(squares):
            for name, data in [(f"{i:03}.png", png(image)), (f"{i:03}.cls", str(i % 3).encode())]:
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                tar.addfile(entry, io.BytesIO(data))
    np.testing.assert_array_equal(images(TarShards(tmp_path / "set-{0..0}.tar")), expected)

    rows = [bytes([i % 3]) + image.transpose(2, 0, 1).tobytes() for i, image in enumerate(squares)]
    (tmp_path / "data.bin").write_bytes(b"".join(rows))
    np.testing.assert_array_equal(images(Cifar([tmp_path / "data.bin"])), expected)

    gray = squares[..., 0]
    (tmp_path / "images").write_bytes(struct.pack(">4I", 2051, 10, 32, 32) + gray.tobytes())
    (tmp_path / "labels").write_bytes(struct.pack(">2I", 2049, 10) + bytes(i % 3 for i in range(10)))
    as_rgb = np.repeat(gray[..., None], 3, axis=-1)
    from_gray = AutoAugment("cifar10", seed=2)(as_rgb, index=range(10))
    np.testing.assert_array_equal(images(Idx(tmp_path / "images", tmp_path / "labels")), from_gray)

    kinds: list[Callable[[Any], Any]] = [lambda a: a, Image.fromarray, png, lambda a: np.asfortranarray(a)]
    items = [(kinds[i % 4](image), i % 3) for i, image in enumerate(squares)]
    np.testing.assert_array_equal(images(items), expected)


def test_parquet_files(tmp_path: Path) -> None:
    arrow = required("PYARROW", "pyarrow")
    import pyarrow.parquet

    squares = noise(10, 32, 32, 3)
    table = arrow.table({"image": [{"bytes": png(image), "path": None} for image in squares], "label": list(range(10))})
    pyarrow.parquet.write_table(table, tmp_path / "0.parquet", row_group_size=4)
    (batch,) = Loader(Parquet(tmp_path / "0.parquet"), AutoAugment("cifar10", seed=2), batch_size=10)
    np.testing.assert_array_equal(batch.images, AutoAugment("cifar10", seed=2)(squares, index=range(10)))


def test_a_sequence_that_fails() -> None:
    class Samples:
        def __len__(self) -> int:
            return 3

        def __getitem__(self, index: int) -> Any:
            if index == 1:
                raise KeyError("the second one")
            return np.zeros((8, 8, 3), np.uint8), index

    with pytest.raises(DataError, match="sample 1 .*KeyError: 'the second one'"):
        list(Loader(Samples(), AutoAugment(), batch_size=3))  # type: ignore[arg-type]
    epoch = Loader(Samples(), AutoAugment(), broken="skip").epoch(0)  # type: ignore[arg-type]
    assert next(epoch).labels.tolist() == [0, 2]


@pytest.mark.parametrize("broken", ["stop", "skip"])
def test_a_sequence_that_ends_the_program(broken: str) -> None:
    class Samples:
        def __len__(self) -> int:
            return 3

        def __getitem__(self, index: int) -> Any:
            if index == 1:
                raise SystemExit(7)
            return np.zeros((8, 8, 3), np.uint8), index

    loader = Loader(Samples(), AutoAugment(), batch_size=1, broken=broken)  # type: ignore[arg-type]
    epoch = loader.epoch(0)
    assert next(epoch).labels.tolist() == [0]
    with pytest.raises(SystemExit, match="7"):
        next(epoch)
    assert not list(epoch)


def test_an_epoch_of_broken_samples_alone() -> None:
    loader = Loader([(b"no image", 0)] * 5, AutoAugment(), batch_size=2, broken="skip")
    with pytest.raises(DataError, match="epoch 0: all 5 samples failed and were skipped; the first is sample 0"):
        list(loader)


def test_memory_comes_back_and_is_never_taken_while_kept() -> None:
    squares = [(noise(64, 64, 3, seed=i), 0) for i in range(96)]
    transform = Compose([AutoAugment("cifar10"), Normalize()], seed=1)
    loader = Loader(squares, transform, batch_size=8, prefetch=2, threads=2)
    kept = [batch.images for batch in loader.epoch(0)]
    copies = [images.copy() for images in kept]
    addresses = set()
    for batch in loader.epoch(1):
        addresses.add(batch.images.ctypes.data)
        del batch
    assert len(addresses) <= 6, "no memory comes back"
    for images, copy in zip(kept, copies, strict=True):
        np.testing.assert_array_equal(images, copy)


def test_a_loader_works_after_a_fork(folder: Path, in_fork: Callable[[Callable[[], Any]], Any]) -> None:
    loader = Loader(ImageFolder(folder), TRANSFORM, batch_size=4, threads=2)
    expected = values(loader.epoch(0))
    running = loader.epoch(0)
    next(running)
    assert in_fork(lambda: values(loader.epoch(0))) == expected
    with pytest.raises(RuntimeError, match="this process was forked after the loader was built"):
        in_fork(lambda: next(running))
    assert values(running) == expected[1:]


@pytest.mark.parametrize("form", ["torch", "jax"])
def test_batches_of_frameworks(form: str, folder: Path) -> None:
    package = required(form.upper(), "torch" if form == "torch" else "jax.numpy")
    expected = list(Loader(ImageFolder(folder), TRANSFORM, batch_size=6))
    for batch, other in zip(Loader(ImageFolder(folder), TRANSFORM, batch_size=6, as_=form), expected, strict=True):
        assert type(batch.images) is type(package.zeros(1))
        np.testing.assert_array_equal(np.asarray(batch.images), other.images)
        np.testing.assert_array_equal(np.asarray(batch.labels), other.labels)


def test_batches_move_between_devices_of_torch(folder: Path) -> None:
    with pytest.raises(TypeError, match='ndarray: only tensors can be moved; give as_="torch" to the Loader'):
        next(iter(Loader(ImageFolder(folder), TRANSFORM))).to("cpu")
    required("TORCH", "torch")
    batch = next(iter(Loader(ImageFolder(folder), TRANSFORM, mixing=MixUp(), as_="torch")))
    moved = batch.to("meta")
    parts = (moved.images, moved.labels, moved.soft_labels, moved.indices)
    assert {part.device.type for part in parts} == {"meta"} and moved.plan == batch.plan


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "the batch size must be at least 1"),
        ({"batch_size": -1}, "batch_size: it must be 0 or more"),
        ({"threads": 0}, r"threads: a whole number of 1\.\.1024 is needed, got 0"),
        ({"rank": 2, "world_size": 2}, r"rank 2 is outside 0\.\.2"),
        ({"broken": "ignore"}, "there is no `ignore`; there are stop, skip"),
        ({"as_": "cupy"}, "as_: there is no 'cupy'"),
        ({"broken": None}, "broken: a text is needed, got None"),
        ({"mixing": "mixup"}, "mixing: a MixUp or a CutMix is needed, got 'm'"),
        ({"mixing": MixUp(0.0)}, "alpha"),
        ({"mixing": MixUp(per="pixel")}, "pixel"),
    ],
)
def test_options_that_cannot_be_used(options: dict[str, Any], message: str) -> None:
    samples = [(noise(8, 8, 3), 0)]
    with pytest.raises((TypeError, ValueError), match=message):
        Loader(samples, Compose([Normalize()]), classes=2, **options)


def test_data_sets_that_are_not_there(tmp_path: Path) -> None:
    for dataset in (ImageFolder(tmp_path / "none"), TarShards(tmp_path / "none.tar"), Cifar(tmp_path / "none.bin")):
        with pytest.raises(DataError, match="none"):
            Loader(dataset, AutoAugment())
    with pytest.raises(TypeError, match="dataset: int is none; an ImageFolder"):
        Loader(3, AutoAugment())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="transform: a Compose or a policy is needed"):
        Loader([], len)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="the data set is empty"):
        Loader([], AutoAugment())


def test_a_loader_prints_its_options() -> None:
    loader = Loader([(IMAGES[0], 0)], AutoAugment(), shuffle=True)
    assert repr(loader) == "Loader(<1 samples>, AutoAugment(policy='imagenet'), batch_size=64, shuffle=True)"
