"""torchvision: samples of v2, whose images are augmented and whose targets follow with the same draw."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from conftest import noise, required
from PIL import Image

from autoaugment import AutoAugment, Compose, Normalize, Plan, RandomHorizontalFlip, RandomResizedCrop

torch = required("TORCH", "torch", module=True)
tv_tensors = required("TORCH", "torchvision.tv_tensors", module=True)
v2 = required("TORCH", "torchvision.transforms.v2", module=True)

from autoaugment.torch import Indexed, TransformV2  # noqa: E402

AUGMENT = AutoAugment("imagenet", seed=4, device="cpu")
CROP = Compose([RandomResizedCrop(32), RandomHorizontalFlip(), AutoAugment("imagenet")], seed=4, device="cpu")
PIXELS = noise(48, 40, 3)
PLANES = torch.from_numpy(np.ascontiguousarray(PIXELS.transpose(2, 0, 1)))
FORMATS = ["XYXY", "XYWH", "CXCYWH"]


@pytest.fixture(params=[AUGMENT, CROP], ids=["policy", "crop"])
def augment(request: pytest.FixtureRequest) -> Iterator[Any]:
    yield request.param


def sample(format: str = "XYXY") -> dict[str, Any]:
    corners = torch.tensor([[4.0, 5.0, 30.0, 40.0], [0.0, 0.0, 10.0, 10.0]])
    boxes = v2.functional.convert_bounding_box_format(corners, tv_tensors.BoundingBoxFormat.XYXY, format)
    return {
        "image": tv_tensors.Image(PLANES),
        "targets": [
            tv_tensors.Mask(torch.arange(48 * 40).reshape(48, 40)),
            tv_tensors.Mask(PLANES[:2] > 100),
            tv_tensors.BoundingBoxes(boxes, format=format, canvas_size=(48, 40)),
            tv_tensors.KeyPoints(torch.tensor([[[1.0, 2.0], [39.0, 47.0]]]), canvas_size=(48, 40)),
        ],
        "label": 7,
        "floats": torch.rand(3),
    }


@pytest.mark.parametrize("format", FORMATS)
def test_targets_follow_with_the_draw_of_their_image(augment: Any, format: str) -> None:
    transform = TransformV2(augment, fill=1)
    changed = 0
    for index in range(30):
        before = sample(format)
        after = transform(before, index=index, epoch=2)
        expected, plan = augment(PLANES, index=index, epoch=2, return_plan=True)
        image, (labels, masks, boxes, points) = after["image"], after["targets"]
        assert type(image) is tv_tensors.Image and image.dtype == torch.uint8
        assert torch.equal(image.as_subclass(torch.Tensor), expected)
        assert after["label"] == 7 and after["floats"] is before["floats"]
        canvas = tuple(image.shape[-2:])
        for mask, old in ((labels, before["targets"][0]), (masks, before["targets"][1])):
            assert type(mask) is tv_tensors.Mask and mask.dtype == old.dtype
            np.testing.assert_array_equal(mask.numpy(), plan.masks(old.numpy(), fill=1))
        assert type(boxes) is tv_tensors.BoundingBoxes and boxes.format.value == format and boxes.canvas_size == canvas
        corners = v2.functional.convert_bounding_box_format(boxes, new_format="XYXY")
        wanted, _ = plan.boxes([[4, 5, 30, 40], [0, 0, 10, 10]], (40, 48))
        np.testing.assert_allclose(corners.numpy(), wanted, atol=1e-4)
        assert type(points) is tv_tensors.KeyPoints and points.canvas_size == canvas and points.shape == (1, 2, 2)
        wanted, _ = plan.keypoints([[1.5, 2.5], [39.5, 47.5]], (40, 48))
        np.testing.assert_allclose(points.numpy()[0], wanted - 0.5, atol=1e-4)
        changed += not torch.equal(labels, before["targets"][0])
    assert changed > 3


def test_a_flip_is_that_of_torchvision() -> None:
    flip = Compose([RandomHorizontalFlip(1.0)], device="cpu")
    for format in FORMATS:
        for dtype in (torch.float32, torch.int64):
            before = sample(format)["targets"]
            before[2] = tv_tensors.wrap(before[2].to(dtype), like=before[2])
            before[3] = tv_tensors.wrap(before[3].to(dtype), like=before[3])
            ours = TransformV2(flip)(tv_tensors.Image(PLANES), *before)
            theirs = v2.RandomHorizontalFlip(1.0)(tv_tensors.Image(PLANES), *before)
            for one, other in zip(ours, theirs, strict=True):
                assert type(one) is type(other) and one.dtype == other.dtype
                np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_boxes_that_left_are_removed_by_torchvision() -> None:
    away = AutoAugment("TranslateX 1 9", seed=0, device="cpu")
    boxes = tv_tensors.BoundingBoxes(torch.tensor([[0, 0, 2, 2], [10, 10, 30, 30]]), format="XYXY", canvas_size=(48, 40))
    for index in range(8):
        given = {"image": tv_tensors.Image(PLANES), "boxes": boxes, "labels": torch.tensor([1, 2])}
        after = v2.SanitizeBoundingBoxes()(TransformV2(away)(given, index=index))
        assert len(after["boxes"]) == len(after["labels"])
        if len(after["boxes"]) == 1:
            return
    raise AssertionError("no box left its image")


def test_what_is_an_image_is_what_torchvision_says() -> None:
    transform = TransformV2(AUGMENT)
    expected = AUGMENT(PLANES, index=3)
    # The first plain tensor, unless something says that it is an image.
    image, rest = transform((PLANES, PLANES), index=3)
    assert torch.equal(image, expected) and rest is PLANES
    floats = torch.rand(3, 4, 4)
    first, image = transform(floats, tv_tensors.Image(PLANES), index=3)
    assert first is floats and torch.equal(image, expected)
    picture, tensor = transform(Image.fromarray(PIXELS), PLANES, index=3)
    assert isinstance(picture, Image.Image) and tensor is PLANES
    np.testing.assert_array_equal(np.asarray(picture), expected.numpy().transpose(1, 2, 0))
    assert type(transform(PLANES, index=3)) is torch.Tensor
    for given in ({"label": 3}, 3, PIXELS, (tv_tensors.Mask(PLANES[0]), "cat")):
        with pytest.raises(TypeError, match="the sample needs an image: a tv_tensors.Image, an image of PIL or a tensor"):
            transform(given)


def test_two_views_have_one_draw() -> None:
    transform = TransformV2(CROP)
    first, second = transform(tv_tensors.Image(PLANES), tv_tensors.Image(PLANES))
    assert torch.equal(first, second)
    with pytest.raises(ValueError, match="one draw, so they need one size; got Image of 48 x 40 and Image of 20 x 40"):
        transform(tv_tensors.Image(PLANES), tv_tensors.Image(PLANES[:, :20]))


def test_a_video_has_one_draw_and_a_batch_has_many() -> None:
    frames = torch.stack([PLANES] * 8)
    video = tv_tensors.Video(frames)
    transform = TransformV2(AutoAugment("trivialaugment", seed=2, device="cpu"))
    clip = transform(video, index=5)
    assert type(clip) is tv_tensors.Video and len({bytes(frame.numpy().tobytes()) for frame in clip}) == 1
    masks = tv_tensors.Mask(torch.arange(8 * 48 * 40).reshape(8, 48, 40))
    batch, moved = transform(tv_tensors.Image(frames), masks, index=range(8))
    expected, plan = transform.augment(frames, index=range(8), return_plan=True)
    assert torch.equal(batch.as_subclass(torch.Tensor), expected)
    assert len({bytes(image.numpy().tobytes()) for image in batch}) > 3
    np.testing.assert_array_equal(moved.numpy(), plan.masks(masks.numpy()))
    boxes = tv_tensors.BoundingBoxes(torch.tensor([[0, 0, 2, 2]]), format="XYXY", canvas_size=(48, 40))
    with pytest.raises(ValueError, match="boxes and keypoints follow one image; transform samples before"):
        transform(tv_tensors.Image(frames), boxes)
    with pytest.raises(ValueError, match="8 images need as many"):
        transform(tv_tensors.Image(frames), tv_tensors.Mask(masks[:3]))


def test_channels_last_and_floats() -> None:
    image = tv_tensors.Image(PLANES)
    frames = torch.stack([PLANES] * 2).to(memory_format=torch.channels_last)
    result = AUGMENT(tv_tensors.Image(frames), index=range(2))
    assert type(result) is tv_tensors.Image and result.is_contiguous(memory_format=torch.channels_last)
    normalized = Compose([AutoAugment("imagenet"), Normalize("unit")], seed=4)
    expected = normalized(torch.stack([PLANES] * 2), index=range(2))
    assert torch.equal(normalized(frames, index=range(2)), expected)
    floats = TransformV2(normalized)(image, index=0)
    assert type(floats) is tv_tensors.Image and floats.dtype == torch.float32
    assert torch.equal(floats.as_subclass(torch.Tensor), expected[0])
    picture = TransformV2(normalized)(Image.fromarray(PIXELS), index=0)
    assert type(picture) is tv_tensors.Image and torch.equal(picture.as_subclass(torch.Tensor), expected[0])


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (lambda: tv_tensors.Image(PLANES.float()), TypeError, "float32: uint8 is needed; multiply by 255"),
        (lambda: PLANES.float(), TypeError, "float32: uint8 is needed"),
        (lambda: tv_tensors.Image(PLANES[None, None]), ValueError, "an image has 2 or 3 axes, and a batch or a video 4"),
        (
            lambda: (tv_tensors.Image(PLANES), tv_tensors.Mask(torch.zeros(48, 41, dtype=torch.uint8))),
            ValueError,
            "masks of 48 x 41 pixels, and the image has 48 x 40",
        ),
        (
            lambda: (tv_tensors.Image(PLANES), tv_tensors.Mask(torch.zeros(48, 40))),
            TypeError,
            "masks: float32: masks of labels are whole numbers",
        ),
        (
            lambda: (
                tv_tensors.Image(PLANES),
                tv_tensors.BoundingBoxes(torch.zeros(1, 4), format="XYXY", canvas_size=(9, 9)),
            ),
            ValueError,
            "BoundingBoxes of 9 x 9 pixels, and the image has 48 x 40",
        ),
        (
            lambda: (
                tv_tensors.Image(PLANES),
                tv_tensors.BoundingBoxes(torch.zeros(1, 5), format="XYWHR", canvas_size=(48, 40)),
            ),
            ValueError,
            "boxes of format XYWHR: their sides turn; give XYXY, XYWH or CXCYWH",
        ),
    ],
)
def test_samples_that_are_refused(given: Any, error: type[Exception], message: str) -> None:
    made = given()
    with pytest.raises(error, match=message):
        TransformV2(AUGMENT)(*made if isinstance(made, tuple) else (made,))


def test_transforms_print_and_pickle() -> None:
    transform = TransformV2(CROP, fill=255, cutout=True)
    assert "RandomResizedCrop" in repr(transform) and "fill=255, cutout=True" in repr(transform)
    expected = transform(tv_tensors.Image(PLANES), index=1)
    for again in (pickle.loads(pickle.dumps(transform)), copy.deepcopy(transform)):
        assert repr(again) == repr(transform)
        assert torch.equal(again(tv_tensors.Image(PLANES), index=1), expected)
    with pytest.raises(TypeError, match="augment: a Compose or a policy is needed, got int"):
        TransformV2(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="give Normalize the layout 'chw'"):
        TransformV2(Compose([Normalize(layout="hwc")]))


def test_it_stands_among_transforms_of_torchvision() -> None:
    together = v2.Compose([v2.ToImage(), TransformV2(AUGMENT), v2.ToDtype(torch.float32, scale=True)])
    torch.manual_seed(1)
    first = together(Image.fromarray(PIXELS))
    assert first.shape == (3, 48, 40) and first.dtype == torch.float32


def test_samples_of_a_data_loader() -> None:
    class Samples:
        def __len__(self) -> int:
            return 12

        def __getitem__(self, index: int) -> Any:
            return tv_tensors.Image(PLANES), tv_tensors.Mask(PLANES[0]), index

    transform = TransformV2(CROP, fill=255)
    dataset = Indexed(Samples(), transform)
    for workers in (0, 2):
        dataset.set_epoch(1)
        loader = torch.utils.data.DataLoader(dataset, batch_size=4, num_workers=workers)
        for images, masks, indices in loader:
            for image, mask, index in zip(images, masks, indices, strict=True):
                expected, plan = CROP(PLANES, index=int(index), epoch=1, return_plan=True)
                assert torch.equal(image, expected)
                np.testing.assert_array_equal(mask.numpy(), plan.masks(PLANES[0].numpy(), fill=255))


def test_a_plan_by_hand_is_what_the_targets_of_a_sample_follow() -> None:
    plan = Plan(1, ["HorizontalFlip"])
    assert torch.equal(torch.from_numpy(plan.masks(PLANES[0])), PLANES[0].flip(-1))
