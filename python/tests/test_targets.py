"""Targets: masks, boxes and keypoints follow the plan of their image."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from conftest import noise
from PIL import Image

from autoaugment import (
    AutoAugment,
    Compose,
    Normalize,
    Plan,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomVerticalFlip,
)

WARPS = "\n".join(f"{op} 0.9 7 + Invert 0 1" for op in ["Rotate", "ShearX", "ShearY", "TranslateX", "TranslateY"])
FILL = 9


def crops(fill: int) -> Compose:
    """A transform whose result for a gray image is what a mask must become."""
    warps = AutoAugment(WARPS, interpolation="nearest", fill=fill)
    crop = RandomResizedCrop((40, 30), interpolation="nearest")
    return Compose([crop, RandomHorizontalFlip(), RandomVerticalFlip(), warps], seed=3, device="cpu")


def wide(labels: np.ndarray[Any, Any], dtype: Any) -> Any:
    """Other labels for 0..=255, which use all bytes of a type, and the sign."""
    if dtype == np.bool_:
        return (labels & 1).astype(dtype)
    kind = np.dtype(dtype)
    spread = labels.astype(np.uint64)
    for byte in range(1, kind.itemsize):
        spread |= (labels.astype(np.uint64) ^ np.uint64(37 * byte)) << np.uint64(8 * byte)
    return spread.astype(np.dtype(f"u{kind.itemsize}")).view(kind.newbyteorder("="))


@pytest.mark.parametrize(
    "dtype", [np.uint8, np.bool_, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.uint64, np.int64]
)
def test_masks_are_moved_as_images_are(dtype: Any) -> None:
    labels = noise(12, 50, 44, 1)[..., 0]
    moved, plan = crops(FILL)(labels[..., None], index=range(12), return_plan=True)
    expected = wide(moved[..., 0], dtype)
    fill = int(wide(np.array([FILL], np.uint8), dtype)[0])
    masks = plan.masks(wide(labels, dtype), fill=fill)
    assert masks.dtype == dtype and masks.flags.writeable
    np.testing.assert_array_equal(masks, expected)
    # Each by itself, several of one image, and a list of any sizes.
    for i in range(3):
        one = Plan.from_json(crops(FILL).plan([(44, 50)], index=i).to_json())
        np.testing.assert_array_equal(one.masks(wide(labels[i], dtype), fill=fill), expected[i])
        both = one.masks(wide(np.stack([labels[i], 255 - labels[i]]), dtype), fill=fill)
        np.testing.assert_array_equal(both[0], expected[i])
        assert both.shape == (2, 40, 30)


def test_masks_of_images_of_several_sizes() -> None:
    labels = [noise(40 + i, 60 - i, 1, seed=i)[..., 0] for i in range(5)]
    expected, plan = crops(0)(labels, index=range(5), return_plan=True)
    kinds = [labels[0], Image.fromarray(labels[1]), labels[2].astype(">i4"), labels[3][None]]
    kinds.append(np.asfortranarray(labels[4]))
    masks = plan.masks(kinds)
    assert isinstance(masks, list) and masks[3].shape == (1, 40, 30) and masks[2].dtype == np.int32
    for mask, image in zip(masks, expected, strict=True):
        np.testing.assert_array_equal(mask.reshape(40, 30), image.reshape(40, 30))


def test_an_image_of_pil_with_a_palette_is_a_mask() -> None:
    mask = Image.fromarray(np.array([[1, 2, 3]], np.uint8), "P")
    assert Plan(1, ["HorizontalFlip"]).masks(mask).tolist() == [[3, 2, 1]]
    assert Plan(1, ["HorizontalFlip"]).masks(Image.new("1", (2, 1), 1)).tolist() == [[True, True]]


def test_colors_and_cutouts_leave_masks_alone() -> None:
    mask = noise(6, 7, 1)[..., 0]
    plan = Plan(1, ["Invert", "Sharpness(factor=2)", "Cutout(x=0, y=0, width=2, height=3)"])
    np.testing.assert_array_equal(plan.masks(mask), mask)
    cut = plan.masks(mask, fill=200, cutout=True)
    assert (cut[:3, :2] == 200).all()
    np.testing.assert_array_equal(cut[3:], mask[3:])


def test_no_masks_have_a_size_too() -> None:
    plan = Plan(1, ["Resize(width=8, height=9)", "HorizontalFlip"])
    assert plan.masks(np.empty((0, 30, 20), np.int64)).shape == (0, 9, 8)
    assert plan.size_after((20, 30)) == (8, 9)
    boxes, visible = plan.boxes([], (20, 30))
    assert boxes.shape == (0, 4) and visible.shape == (0,)
    points, inside = plan.keypoints(np.empty((0, 2)), (20, 30))
    assert points.shape == (0, 2) and inside.dtype == np.bool_


def test_boxes_and_keypoints_are_where_masks_are() -> None:
    transform = crops(0)
    seen = 0
    for index in range(40):
        mask = np.zeros((60, 80), np.uint8)
        left, top = 20 + index % 17, 10 + index % 13
        mask[top : top + 20, left : left + 30] = 1
        _, plan = transform(noise(60, 80, 3), index=index, return_plan=True)
        moved = plan.masks(mask)
        boxes, visible = plan.boxes([[left, top, left + 30, top + 20]], (80, 60))
        corners = [[left, top], [left + 30, top], [left, top + 20], [left + 30, top + 20]]
        points, inside = plan.keypoints(corners, (80, 60))
        rows, columns = np.nonzero(moved)
        if not len(rows):
            assert visible[0] < 0.05
            continue
        found = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        # A nearest pixel can be half a pixel away, and a corner of a turned box be less than a pixel.
        np.testing.assert_allclose(boxes[0], found, atol=3)
        if inside.all():
            np.testing.assert_allclose(boxes[0], [*points.min(axis=0), *points.max(axis=0)], atol=1e-6)
            assert visible[0] == pytest.approx(1)
            seen += 1
    assert seen > 5


def test_a_box_that_left_is_gone() -> None:
    boxes, visible = Plan(2, ["TranslateX(pixels=30)"]).boxes([[5, 5, 15, 10], [0, 0, 4, 4]], (40, 20), image=1)
    assert boxes.tolist() == [[35, 5, 40, 10], [30, 0, 34, 4]] and visible.tolist() == [0.5, 1]
    boxes, visible = Plan(1, ["TranslateX(pixels=30)"]).boxes(np.array([[12, 5, 20, 10]], np.int32), (40, 20))
    assert boxes.tolist() == [[0, 0, 0, 0]] and visible.tolist() == [0]


PLAN = Plan(2, ["HorizontalFlip"])
MASK = np.zeros((2, 4, 5), np.uint8)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: PLAN.masks(MASK.astype(np.float32)), TypeError, "masks: float32: masks of labels are whole numbers"),
        (lambda: PLAN.masks(MASK[:1]), ValueError, "masks: 2 images need as many, got 1"),
        (lambda: PLAN.masks(MASK[..., None]), ValueError, r"masks: shape \(2, 4, 5, 1\): H x W is needed, or N x H x W"),
        (lambda: PLAN.masks([MASK[0]]), ValueError, "masks: 2 images need 2 elements, got 1"),
        (lambda: PLAN.masks([MASK[0], MASK[0] / 2]), TypeError, "masks 1: float64: masks of labels"),
        (lambda: PLAN.masks(MASK, fill=256), ValueError, "fill: masks of uint8 have 0..=255, got 256"),
        (lambda: PLAN.masks(MASK.astype(np.int16), fill=-32769), ValueError, "have -32768..=32767, got -32769"),
        (lambda: PLAN.masks(MASK > 1, fill=255), ValueError, "fill: masks of bool have 0..=1, got 255"),
        (lambda: PLAN.masks(MASK[:, :0]), ValueError, "both sides must be at least 1"),
        (lambda: PLAN.boxes("all", (4, 5)), ValueError, "boxes: M x 4 numbers are needed: could not convert .*'all'"),
        (lambda: PLAN.keypoints({}, (4, 5)), ValueError, "points: M x 2 numbers are needed: .*dict"),
        (lambda: PLAN.boxes([[1, 2, 3]], (4, 5)), ValueError, r"boxes: shape \(1, 3\): M x 4 is needed"),
        (lambda: PLAN.boxes([[0, 0, 1, 1], [3, 2, 1, 4]], (4, 5)), ValueError, "boxes: 1: .*is right of the right side"),
        (lambda: PLAN.boxes([[0, 0, np.nan, 4]], (4, 5)), ValueError, "boxes: 0: .*is not finite"),
        (lambda: PLAN.boxes([[0, 0, 1, 1]], (4, 5), image=2), IndexError, "there is no image 2 in a plan of 2 images"),
        (lambda: PLAN.boxes([[0, 0, 1, 1]], (0, 5)), ValueError, "both sides must be at least 1"),
        (lambda: PLAN.keypoints([1, 2], (4, 5)), ValueError, r"points: shape \(2,\): M x 2 is needed"),
        (lambda: PLAN.keypoints([[1, 2]], (4, 5), image=3), IndexError, "there is no image 3"),
    ],
)
def test_targets_that_cannot_follow(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_no_target_follows_several_ways_at_once() -> None:
    plan = AutoAugment("augmix", seed=1).plan([(30, 30)] * 20, index=range(20))
    with pytest.raises(ValueError, match="AugMix|augmix|branches"):
        plan.masks(np.zeros((20, 30, 30), np.uint8))
    with pytest.raises(ValueError, match="AugMix|augmix|branches"):
        for image in range(20):
            plan.boxes([[0, 0, 1, 1]], (30, 30), image=image)


def test_masks_follow_whatever_the_images_become() -> None:
    transform = Compose([RandomResizedCrop(24), AutoAugment("imagenet"), Normalize()], seed=2)
    images = [noise(30, 40, 3, seed=i) for i in range(4)]
    floats, plan = transform(images, index=range(4), return_plan=True)
    masks = np.stack(plan.masks([np.ones((30, 40), np.int64)] * 4, fill=-100))
    assert floats.shape == (4, 3, 24, 24) and masks.shape == (4, 24, 24) and set(np.unique(masks)) <= {1, -100}
