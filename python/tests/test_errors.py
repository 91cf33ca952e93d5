"""Errors: for bad input, the exception and its text; never a panic, and never silence."""

from __future__ import annotations

import math
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import noise
from PIL import Image

import autoaugment
from autoaugment import (
    AugMix,
    AutoAugment,
    CenterCrop,
    Cifar,
    Compose,
    Cutout,
    DataError,
    DeviceError,
    Idx,
    ImageFolder,
    ImageNetPolicy,
    Loader,
    Normalize,
    Parquet,
    Plan,
    Policy,
    RandAugment,
    RandomCrop,
    RandomErasing,
    RandomHorizontalFlip,
    RandomResizedCrop,
    Resize,
    TarShards,
)

AUGMENT = AutoAugment("imagenet", seed=1, device="cpu")
IMAGE = noise(20, 20, 3)


def refused(error: type[Exception] | tuple[type[Exception], ...], message: str) -> Any:
    return pytest.raises(error, match=message)


@pytest.mark.parametrize("mode", ["P", "1", "LA", "RGBA", "CMYK", "I;16", "F", "I", "YCbCr", "HSV"])
def test_modes_that_are_not_taken(mode: str) -> None:
    with refused(ValueError, rf'an image of mode \'{mode}\': RGB or L is needed; convert it with image.convert\("RGB"\)'):
        AUGMENT(Image.new(mode, (8, 8)))


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (IMAGE.astype(np.float32), "float32: uint8 is needed; multiply by 255 and round if this is 0..1"),
        (IMAGE.astype(np.float64), "float64: uint8 is needed; multiply by 255"),
        (IMAGE.astype(np.int16), "int16: uint8 is needed; convert it"),
        (IMAGE.astype(np.int8), "int8: uint8 is needed"),
        (IMAGE > 100, "bool: uint8 is needed; multiply by 255"),
        (np.array([IMAGE, None], object), "object: uint8 is needed"),
        ({"image": IMAGE}, "dict: pass the image alone; autoaugment.torch.TransformV2"),
        ("photo.jpg", "str: a decoded image is needed; Compose reads files"),
        (b"\xff\xd8", "bytes: a decoded image is needed; Compose reads files"),
        (Path("photo.jpg"), "Path: a decoded image is needed; Compose reads files"),
        (None, "NoneType: an image of PIL, an array or tensor of uint8, or a list of them is needed"),
        (7, "int: an image of PIL"),
        ([IMAGE, 7], "image 1: int: an image of PIL"),
    ],
)
def test_types_that_are_not_taken(images: object, message: str) -> None:
    with refused(TypeError, message):
        AUGMENT(images)


@pytest.mark.parametrize(
    ("images", "options", "message"),
    [
        (np.zeros(5, np.uint8), {}, r"shape \(5,\): an image has 2 or 3 axes and a batch 4"),
        (np.zeros((1,) * 5, np.uint8), {}, "an image has 2 or 3 axes and a batch 4"),
        (np.zeros((), np.uint8), {}, "an image has 2 or 3 axes and a batch 4"),
        (np.zeros((3, 20, 20), np.uint8), {}, r'shape \(3, 20, 20\): with layout="hwc" the last axis must have 1 or 3'),
        (np.zeros((20, 20, 4), np.uint8), {}, "the last axis must have 1 or 3 channels, got 4"),
        (np.zeros((20, 20, 3), np.uint8), {"layout": "chw"}, r'got 20; layout="hwc" is the other one'),
        (np.zeros((0, 5, 3), np.uint8), {}, "both sides must be at least 1"),
        (np.zeros((2, 5, 0, 3), np.uint8), {}, "both sides must be at least 1"),
        (IMAGE, {"layout": "nchw"}, "layout: there is no 'nchw'; there are 'hwc' and 'chw'"),
        (Image.new("RGB", (5, 5)), {"layout": "chw"}, "layout: an image of PIL has no layout; leave it out"),
        ([], {}, "images: a list needs at least one image"),
        ([IMAGE, np.zeros((5, 5, 2), np.uint8)], {}, "the last axis must have 1 or 3 channels"),
        ([noise(2, 5, 5, 3)], {}, "an element of a list must be one image, got 2"),
        (IMAGE, {"index": -1}, "index: it must be 0 or more and below 2"),
        (IMAGE, {"index": 2**64}, "index: it must be 0 or more and below 2"),
        (IMAGE, {"index": [1, 2]}, "index: one image needs one index, got 2"),
        (noise(3, 5, 5, 3), {"index": [1, 2]}, "index: 3 images need 3 indices, got 2"),
        (noise(3, 5, 5, 3), {"index": 4}, "index: 3 images need 3 indices, got 1"),
        ([IMAGE, IMAGE], {"index": [4]}, "index: 2 images need 2 indices, got 1"),
        (IMAGE, {"index": 1, "epoch": -1}, "epoch: it must be 0 or more"),
        (IMAGE, {"epoch": 1}, "epoch: it needs `index` too"),
        ([IMAGE], {"out": IMAGE.copy()}, "out: images of a list have results of their own"),
    ],
)
def test_values_that_are_not_taken(images: object, options: dict[str, Any], message: str) -> None:
    with refused(ValueError, message):
        AUGMENT(images, **options)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: AutoAugment("imagenett"), ValueError, "did you mean `imagenet`"),
        (lambda: AutoAugment("something"), ValueError, "there is no `something`; there are imagenet, cifar10, "),
        (lambda: AutoAugment("Rotate 2 9"), ValueError, "Rotate: probability 2 is outside 0..=1"),
        (lambda: AutoAugment("Rotate 0.5 90"), ValueError, "Rotate: magnitude 90 is outside 0..=9"),
        (lambda: AutoAugment(3), TypeError, "policy: a text or a Policy is needed, got int"),  # type: ignore[arg-type]
        (lambda: AutoAugment(convention="torchvison"), ValueError, "torchvision"),
        (lambda: AutoAugment("trivialaugment", convention="timm"), ValueError, "is for learned policies"),
        (lambda: AutoAugment(interpolation="cubic"), ValueError, "bicubic"),
        (lambda: AutoAugment(seed=-1), ValueError, "seed: it must be 0 or more"),
        (lambda: AutoAugment(seed=1.5), TypeError, "seed: a whole number is needed, got float"),  # type: ignore[arg-type]
        (lambda: AutoAugment(seed=True), TypeError, "seed: a whole number is needed, got bool"),
        (lambda: AutoAugment(device=3), TypeError, "device: a text is needed, got 3"),  # type: ignore[arg-type]
        (lambda: AutoAugment(fill=True), ValueError, "fill: one value or three of 0..255 are needed, got True"),
        (lambda: AutoAugment(fill=256), ValueError, "fill: one value or three of 0..255 are needed, got 256"),
        (lambda: AutoAugment(fill=(1, 2)), ValueError, "fill: one value or three"),
        (lambda: ImageNetPolicy(fillcolor=(1, 2, 300)), ValueError, "fillcolor: one value or three"),
        (lambda: AutoAugment(threads=0), ValueError, "threads: a whole number of 1..1024"),
        (lambda: AutoAugment(threads=10**9), ValueError, "1..1024 is needed, got 1000000000"),
        (lambda: Loader([(IMAGE, 0)], AUGMENT, threads=10**9), ValueError, "1..1024 is needed, got 1000000000"),
        (lambda: RandAugment(n=0), ValueError, "n 0 is outside 1..=100"),
        (lambda: RandAugment(m=31), ValueError, "31"),
        (lambda: AugMix(severity=11), ValueError, "severity"),
        (lambda: Cutout(-1), ValueError, "-1"),
        (lambda: Policy("imagenett"), ValueError, "did you mean `imagenet`"),
        (lambda: Policy("cifar10").with_convention("x"), ValueError, "convention"),
        (lambda: Plan(1, ["Rotat(degrees=3)"]), ValueError, "Rotate"),
        (lambda: Plan(2**60, ["Invert"]), ValueError, "images: at most 1048576 are possible, got 1152921504606846976"),
        (lambda: Plan(1, ["Crop(x=0, y=0, width=0, height=3)"]), ValueError, "width 0 is outside 1..=32767"),
        (lambda: Plan.from_json("{"), ValueError, "plan"),
        (lambda: Compose([Normalize(), Resize(3)]), ValueError, "stage 1: Normalize can only be the last one"),
        (lambda: Compose([AutoAugment(seed=3)]), ValueError, "stage 1: give `seed` to Compose, not to AutoAugment"),
        (lambda: Compose([abs]), TypeError, "stage 1: builtin_function_or_method is no stage"),  # type: ignore[list-item]
        (lambda: Compose([Resize(0)]), ValueError, "size: a whole number of 1..32767 is needed, got 0"),
        (lambda: Compose([RandomHorizontalFlip(2.0)]), ValueError, "probability 2 is outside 0..=1"),
        (lambda: Compose([RandomResizedCrop(8, scale=(0.5, 0.1))]), ValueError, "scale 0.5 is more than the upper end"),
        (lambda: Compose([CenterCrop((1, 2, 3))]), ValueError, "size: one number or"),
        (lambda: Compose([Normalize("imagenets")]), ValueError, "imagenet"),
        (lambda: Compose([Normalize((0.5,) * 3)]), ValueError, "mean and std need three values each"),
        (lambda: Compose([Normalize((math.nan, 0, 0), (1.0,) * 3)]), ValueError, "mean: a finite number is needed, got nan"),
        (lambda: Compose([Normalize(5, (1.0,) * 3)]), ValueError, "mean: 3 numbers are needed, got 5"),  # type: ignore[arg-type]
        (lambda: Compose([Normalize((0.5,) * 3, (0.0,) * 3)]), ValueError, "std must be finite and not 0"),
        (lambda: Compose([Normalize(dtype="float64")]), ValueError, "dtype: there is no 'float64'"),
        (lambda: Compose([AutoAugment(fill=1), AutoAugment(fill=2)]), ValueError, "all policies need the same"),
    ],
)
def test_objects_that_cannot_be_made(make: Any, error: type[Exception], message: str) -> None:
    with refused(error, message):
        make()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda v: Resize(v), ValueError, "size: "),
        (lambda v: Resize((8, v)), ValueError, "size: a whole number of 1..32767 is needed, got "),
        (lambda v: RandomCrop(8, padding=v), ValueError, "padding: a whole number of 0..32767 is needed, got "),
        (lambda v: RandomHorizontalFlip(v), ValueError, "p: a finite number is needed, got "),
        (lambda v: RandomErasing(v), ValueError, "p: a finite number is needed, got "),
        (lambda v: RandomErasing(scale=(0.1, v)), ValueError, "scale: a finite number is needed, got "),
        (lambda v: RandomResizedCrop(8, ratio=v), ValueError, "ratio: 2 numbers are needed, got "),
        (lambda v: RandomResizedCrop(8, interpolation=v), (TypeError, ValueError), "interpolation: |unknown variant"),
        (lambda v: CenterCrop(8, fill=v), ValueError, "fill: one value or three of 0..255 are needed, got "),
        (lambda v: Cutout(v), ValueError, "side: a whole number of 0..4294967295 is needed, got "),
    ],
)
@pytest.mark.parametrize("value", [None, "red", math.nan, math.inf])
def test_values_of_stages_that_are_none(make: Any, error: Any, message: str, value: Any) -> None:
    with refused(error, message):
        Compose([make(value)])


def test_numbers_of_numpy_are_numbers() -> None:
    stages: Any = [Resize(np.int64(8)), RandomHorizontalFlip(np.float32(0.5)), Cutout(np.int8(2), fill=np.uint8(9))]
    transform = Compose(stages, threads=np.int64(1))  # type: ignore[arg-type]
    of_array = transform(IMAGE, index=np.array(3))  # type: ignore[arg-type]
    np.testing.assert_array_equal(of_array, transform(IMAGE, index=3))


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        (ImageFolder(None), "root: a path is needed, as str or os.PathLike, got None"),  # type: ignore[arg-type]
        (ImageFolder(b"images"), "root: a path is needed, as str or os.PathLike, got b'images'"),  # type: ignore[arg-type]
        (TarShards(3), "files: a path is needed, as str or os.PathLike, got 3"),  # type: ignore[arg-type]
        (TarShards(["a.tar", None]), "files: a path is needed, as str or os.PathLike, got None"),  # type: ignore[list-item]
        (TarShards("a.tar", classes=3), "classes: texts are needed, got 3"),  # type: ignore[arg-type]
        (TarShards("a.tar", masks=[3]), "masks: a text is needed, got 3"),  # type: ignore[list-item]
        (Parquet("a.parquet", image=3), "image: a text is needed, got 3"),  # type: ignore[arg-type]
        (Idx("images", None), "labels: a path is needed, as str or os.PathLike, got None"),  # type: ignore[arg-type]
        (Cifar("a.bin", kind=3), "kind: a text is needed, got 3"),  # type: ignore[arg-type]
    ],
)
def test_data_sets_of_other_types(dataset: Any, message: str) -> None:
    with refused(TypeError, message):
        Loader(dataset, AUGMENT)


def test_a_package_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("torch", "jax"):
        monkeypatch.setitem(sys.modules, name, None)
        with refused(ModuleNotFoundError, f'as_: {name} cannot be imported .*; install it, or take "numpy"'):
            Loader([(IMAGE, 0)], AUGMENT, as_=name)


@pytest.mark.parametrize("value", [None, 5, "imagenet", Normalize()])
def test_stages_that_are_no_list(value: Any) -> None:
    with refused(TypeError, "stages: a list of stages is needed, got "):
        Compose(value)


@pytest.mark.parametrize("value", [None, 5, "plan"])
def test_plans_that_are_none(value: Any) -> None:
    with refused(TypeError, "plan: a Plan is needed, got "):
        AUGMENT.apply(IMAGE, value)
    with refused(TypeError, "state: what `state_dict` returned is needed, got "):
        Loader([(IMAGE, 0)], AUGMENT).load_state_dict(value)


def test_plans_of_other_images() -> None:
    plan = AUGMENT.plan(noise(3, 20, 20, 3), index=range(3))
    with refused(ValueError, "expected a plan for 2 images, got one for 3"):
        AUGMENT.apply(noise(2, 20, 20, 3), plan)
    with refused(ValueError, "2 images need as many indices or planned images, got 3"):
        AUGMENT.apply([IMAGE, IMAGE], plan)
    with refused(ValueError, "image 0: Crop: "):
        AUGMENT.apply(IMAGE, Plan(1, ["Crop(x=50, y=0, width=20, height=3, border=reflect)"]))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    transform = Compose([Resize((8, 8))])
    Image.fromarray(IMAGE).save(tmp_path / "good.png")
    (tmp_path / "broken.png").write_bytes((tmp_path / "good.png").read_bytes()[:60])
    good = tmp_path / "good.png"
    with refused(DataError, r"image 1 \(.*missing.png\): No such file"):
        transform([good, tmp_path / "missing.png"])
    with refused(DataError, r"image 1 \(.*broken.png\): "):
        transform([str(good), str(tmp_path / "broken.png")])
    with refused(DataError, "image 0: "):
        transform([b"no image"])
    with refused(DataError, "image 0: "):
        transform(b"")


def test_a_batch_of_two_sizes_is_refused() -> None:
    with refused(ValueError, "image 1: .*crop or resize all images to one size"):
        Compose([Normalize()])([noise(5, 6, 3), noise(6, 5, 3)])
    with refused(ValueError, "image 0: RandomCrop: height 30 is more than"):
        Compose([RandomCrop(30)])([IMAGE])


def test_exceptions_pickle() -> None:
    for error in (DataError("a file"), DeviceError("a device")):
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is type(error) and str(again) == str(error)
    assert issubclass(DataError, OSError) and issubclass(DeviceError, RuntimeError)
    assert autoaugment.DataError.__module__ == "autoaugment"


def test_too_large_a_result_is_an_error() -> None:
    # More than any processor can address.
    with refused(MemoryError, "no memory for the augmented images: 216000000000000 bytes cannot be had"):
        Compose([Resize((30000, 30000)), Normalize()])(noise(20000, 4, 4, 3))
    with refused(ValueError, "1..32767 is needed, got 40000"):
        Compose([Resize((40000, 40000))])
