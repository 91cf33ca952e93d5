"""Forms: every type and layout of images gives the bytes of the plain array, and comes back as what it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from conftest import noise, required
from PIL import Image

from autoaugment import AutoAugment, Compose, Normalize, Resize

AUGMENT = AutoAugment("imagenet", seed=11, device="cpu")
BATCH = noise(9, 34, 41, 3)
INDEX = list(range(100, 109))
EXPECTED = AUGMENT(BATCH, index=INDEX, epoch=1)


class Foreign:
    """An array of a package that NumPy knows nothing of but DLPack."""

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self.array = array

    def __dlpack__(self, **options: Any) -> Any:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.array.__dlpack_device__()

    def __array_namespace__(self) -> type[Foreign]:
        return Foreign

    @classmethod
    def from_dlpack(cls, array: np.ndarray[Any, Any]) -> Foreign:
        return cls(np.from_dlpack(array))


def test_an_image_of_pil_gives_an_image_of_pil() -> None:
    for image, index, expected in zip(BATCH, INDEX, EXPECTED, strict=True):
        result = AUGMENT(Image.fromarray(image), index=index, epoch=1)
        assert isinstance(result, Image.Image) and result.mode == "RGB" and result.size == (41, 34)
        np.testing.assert_array_equal(np.asarray(result), expected)
        # A result can be written to, closed and augmented again.
        result.putpixel((0, 0), (1, 2, 3))
        AUGMENT(result)


@pytest.mark.parametrize("size", [(1, 1), (5, 3), (17, 16), (1, 700), (2049, 1025)])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_images_of_pil_of_every_size(size: tuple[int, int], mode: str) -> None:
    pixels = noise(size[1], size[0], 3)
    image = Image.fromarray(pixels).convert(mode)
    expected = AUGMENT(np.asarray(image), index=3)
    # Again and again from its own result, of which nothing else is kept.
    for _ in range(3):
        result, plan = AUGMENT(image, index=3, return_plan=True)
        np.testing.assert_array_equal(np.asarray(result), expected)
        np.testing.assert_array_equal(np.asarray(AUGMENT.apply(image, plan)), expected)
        image, expected = result, AUGMENT(expected, index=3)


def test_gray_images_stay_gray() -> None:
    gray = noise(40, 30, 1)[..., 0]
    expected = AUGMENT(gray[..., None], index=4)[..., 0]
    assert expected.shape == (40, 30)
    np.testing.assert_array_equal(AUGMENT(gray, index=4), expected)
    result = AUGMENT(Image.fromarray(gray), index=4)
    assert result.mode == "L"
    np.testing.assert_array_equal(np.asarray(result), expected)
    np.testing.assert_array_equal(AUGMENT(gray[None], index=4, layout="chw"), expected[None])


def test_an_image_is_a_batch_of_one() -> None:
    np.testing.assert_array_equal(AUGMENT(BATCH[3], index=103, epoch=1), EXPECTED[3])


def test_planes_have_the_same_bytes() -> None:
    planes = np.ascontiguousarray(BATCH.transpose(0, 3, 1, 2))
    result = AUGMENT(planes, index=INDEX, epoch=1, layout="chw")
    np.testing.assert_array_equal(result, EXPECTED.transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(AUGMENT(planes[2], index=102, epoch=1, layout="chw"), result[2])


@pytest.mark.parametrize("name", ["window", "every second image", "mirrored", "fortran", "transposed", "read-only"])
def test_views_have_the_same_bytes(name: str) -> None:
    wide = noise(18, 60, 70, 3)
    view = {
        "window": wide[:9, 10:44, 20:61],
        "every second image": wide[::2, :34, :41],
        "mirrored": wide[:9, :34, :41][:, :, ::-1],
        "fortran": np.asfortranarray(BATCH),
        "transposed": np.ascontiguousarray(BATCH.transpose(0, 2, 1, 3)).transpose(0, 2, 1, 3),
        "read-only": np.frombuffer(BATCH.tobytes(), np.uint8).reshape(BATCH.shape),
    }[name]
    expected = AUGMENT(np.array(view, order="C"), index=INDEX, epoch=1)
    np.testing.assert_array_equal(AUGMENT(view, index=INDEX, epoch=1), expected)
    np.testing.assert_array_equal(AUGMENT(view[4], index=104, epoch=1), expected[4])
    # One axis of length 1 may have any stride.
    np.testing.assert_array_equal(AUGMENT(view[4:5], index=104, epoch=1), expected[4:5])


def test_lists_of_any_sizes_give_lists() -> None:
    images = [noise(20 + i, 50 - i, 3, seed=i) for i in range(12)]
    expected = [AUGMENT(image, index=i) for i, image in enumerate(images)]
    for made in (AUGMENT(images, index=range(12)), AUGMENT(tuple(images), index=range(12))):
        for one, other in zip(made, expected, strict=True):
            np.testing.assert_array_equal(one, other)
    assert isinstance(AUGMENT(tuple(images)), tuple)
    mixed = [Image.fromarray(images[0]), images[1], images[2][..., 0]]
    first, second, third = AUGMENT(mixed, index=range(3))
    assert isinstance(first, Image.Image) and second.shape == images[1].shape and third.ndim == 2
    np.testing.assert_array_equal(np.asarray(first), expected[0])
    result, plan = AUGMENT(images, index=range(12), return_plan=True)
    assert [image.index for image in plan.images] == list(range(12))
    for one, other in zip(AUGMENT.apply(images, plan), result, strict=True):
        np.testing.assert_array_equal(one, other)


def test_anything_with_dlpack_comes_back_as_what_it_was() -> None:
    result = AUGMENT(Foreign(BATCH), index=INDEX, epoch=1, layout="hwc")
    assert isinstance(result, Foreign)
    np.testing.assert_array_equal(result.array, EXPECTED)


def test_foreign_arrays_that_are_not_taken() -> None:
    class OnDevice(Foreign):
        def __dlpack__(self, **options: Any) -> Any:
            raise BufferError("the array is on a device")

    with pytest.raises(ValueError, match="layout: say 'hwc' or 'chw' for test_forms.Foreign, which has no usual one"):
        AUGMENT(Foreign(BATCH))
    with pytest.raises(TypeError, match="OnDevice: an array on the CPU that NumPy can read is needed .*on a device"):
        AUGMENT(OnDevice(BATCH), layout="hwc")
    with pytest.raises(TypeError, match="float32: uint8 is needed; multiply by 255"):
        AUGMENT(Foreign(BATCH.astype(np.float32)), layout="hwc")


def test_arrays_of_jax() -> None:
    jax = required("JAX", "jax.numpy")
    result = AUGMENT(jax.asarray(BATCH), index=INDEX, epoch=1, layout="hwc")
    assert type(result) is type(jax.zeros(1))
    np.testing.assert_array_equal(np.asarray(result), EXPECTED)


def test_tensors_of_torch() -> None:
    torch = required("TORCH", "torch")
    planes = torch.from_numpy(np.ascontiguousarray(BATCH.transpose(0, 3, 1, 2)))
    expected = EXPECTED.transpose(0, 3, 1, 2)
    result = AUGMENT(planes, index=INDEX, epoch=1)
    assert isinstance(result, torch.Tensor)
    np.testing.assert_array_equal(result.numpy(), expected)
    last = planes.to(memory_format=torch.channels_last)
    result = AUGMENT(last, index=INDEX, epoch=1)
    assert result.is_contiguous(memory_format=torch.channels_last)
    np.testing.assert_array_equal(result.numpy(), expected)
    out = torch.empty_like(planes)
    assert AUGMENT(planes, index=INDEX, epoch=1, out=out) is out
    np.testing.assert_array_equal(out.numpy(), expected)
    with pytest.raises(TypeError, match="float32: uint8 is needed; multiply by 255"):
        AUGMENT(planes.float())
    with pytest.raises(TypeError, match="a tensor on meta: one on the CPU is needed; call .cpu\\(\\) first"):
        AUGMENT(planes.to("meta"))
    with pytest.raises(TypeError, match="out: a tensor on the CPU is needed, got one on meta"):
        AUGMENT(planes, out=planes.to("meta"))
    with pytest.raises(ValueError, match="layout="):
        AUGMENT(torch.from_numpy(BATCH))
    np.testing.assert_array_equal(AUGMENT(torch.from_numpy(BATCH), index=INDEX, epoch=1, layout="hwc"), EXPECTED)


def test_an_empty_batch_stays_empty() -> None:
    assert AUGMENT(BATCH[:0], index=[]).shape == (0, 34, 41, 3)


def test_images_are_not_changed() -> None:
    before = BATCH.copy()
    AUGMENT(BATCH)
    np.testing.assert_array_equal(before, BATCH)


def test_floats_are_those_of_the_formula() -> None:
    result = Compose([Resize((34, 41)), Normalize("imagenet")])(BATCH)
    mean = np.array([0.485, 0.456, 0.406], np.float32)
    std = np.array([0.229, 0.224, 0.225], np.float32)
    expected = (BATCH.astype(np.float32) / np.float32(255) - mean) / std
    np.testing.assert_array_equal(result, expected.transpose(0, 3, 1, 2))
    half = Compose([Normalize("imagenet", dtype="float16", layout="hwc")])(BATCH)
    np.testing.assert_array_equal(half, expected.astype(np.float16))
