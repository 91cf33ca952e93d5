"""Bytes: those of Pillow 13, and those of the Rust command line, for the same draws."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from conftest import noise
from PIL import Image

import autoaugment
from autoaugment import (
    AugMix,
    AutoAugment,
    CIFAR10Policy,
    Cutout,
    ImageNetPolicy,
    RandAugment,
    SVHNPolicy,
    TrivialAugment,
    UniformAugment,
)

CALLABLES = [
    ImageNetPolicy(seed=1),
    CIFAR10Policy(seed=1),
    SVHNPolicy(fillcolor=(1, 200, 30), seed=1),
    AutoAugment("imagenet", seed=1),
    AutoAugment("v0", seed=1),
    AutoAugment("fast-cifar10", seed=1),
    AutoAugment("rand-m9-mstd0.5-inc1", seed=1),
    AutoAugment("Rotate 1 7 + Color 1 3", seed=1, interpolation="bicubic", fill=(9, 8, 7)),
    RandAugment(n=3, m=15, seed=1),
    TrivialAugment(seed=1),
    UniformAugment(seed=1),
    AugMix(seed=1),
    Cutout(9, fill=(5, 6, 7), seed=1),
]


@pytest.mark.parametrize("augment", CALLABLES, ids=repr)
def test_bytes_are_those_of_pillow(augment: AutoAugment, reference: ModuleType) -> None:
    batch = noise(24, 37, 50, 3)
    result, plan = augment(batch, index=range(24), epoch=2, return_plan=True)
    planned = json.loads(plan.to_json())["images"]
    changed = 0
    for number, (image, own) in enumerate(zip(batch, planned, strict=True)):
        expected = np.asarray(reference.run(own["ops"], Image.fromarray(image), [Image.fromarray(b) for b in batch]))
        np.testing.assert_array_equal(result[number], expected, err_msg=str(plan.images[number]))
        changed += not np.array_equal(expected, image)
    assert changed > 3, "a test that changes nothing shows nothing"


@pytest.mark.parametrize("policy", ["imagenet", "trivialaugment", "rand-m9-mstd0.5-inc1"])
@pytest.mark.parametrize("layout", ["hwc", "chw"])
def test_bytes_are_those_of_the_command_line(policy: str, layout: str, command_line: str, tmp_path: Path) -> None:
    batch = noise(17, 30, 44, 3)
    images = batch if layout == "hwc" else np.ascontiguousarray(batch.transpose(0, 3, 1, 2))
    np.save(tmp_path / "batch.npy", images)
    arguments = [command_line, "apply", str(tmp_path / "batch.npy"), "--out", str(tmp_path / "out"), "--quiet"]
    options = ["--policy", policy, "--seed", "9", "--epoch", "4", "--device", "cpu", "--layout", "n" + layout]
    subprocess.run(arguments + options, check=True)
    (written,) = (tmp_path / "out").glob("*.npy")
    own = AutoAugment(policy, seed=9, device="cpu")(images, index=range(17), epoch=4, layout=layout)
    np.testing.assert_array_equal(own, np.load(written))


def test_each_image_of_a_batch_has_a_draw_of_its_own() -> None:
    batch = np.repeat(noise(1, 32, 32, 3), 64, axis=0)
    result, plan = AutoAugment("imagenet", seed=3)(batch, return_plan=True)
    assert len({image.tobytes() for image in result}) > 20
    assert len({image.sub_policy for image in plan.images}) > 10


def test_the_articles_policies_are_of_the_articles_convention() -> None:
    for kind, name in [(ImageNetPolicy, "imagenet"), (CIFAR10Policy, "cifar10"), (SVHNPolicy, "svhn")]:
        policy = kind().policy
        assert policy == autoaugment.Policy(name).with_convention("deepvoltaire")
        assert policy.convention == "deepvoltaire"
    filled = ImageNetPolicy(fillcolor=(1, 2, 3), seed=0)
    text = str(filled.plan([(40, 40)] * 200, index=range(200)))
    assert "fill=[1,2,3]" in text and "fill=[128,128,128]" not in text


def test_images_of_one_clip_have_one_draw() -> None:
    frames = noise(12, 32, 32, 3)
    clip = np.repeat(frames[:1], 12, axis=0)
    result = AutoAugment("imagenet", seed=5)(clip, index=[77] * 12)
    assert len({frame.tobytes() for frame in result}) == 1
