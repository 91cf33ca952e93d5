"""Data: plans, policies and every callable print, compare, pickle and come back the same."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest
from conftest import noise

import autoaugment
from autoaugment import (
    AugMix,
    AutoAugment,
    CenterCrop,
    CIFAR10Policy,
    Compose,
    Cutout,
    ImageNetPolicy,
    Normalize,
    Plan,
    PlannedImage,
    Policy,
    RandAugment,
    RandomCrop,
    RandomErasing,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomVerticalFlip,
    Resize,
    SVHNPolicy,
    TrivialAugment,
    UniformAugment,
)

CALLABLES = [
    AutoAugment(),
    AutoAugment(Policy("svhn"), seed=3, convention="tensorflow", interpolation="bilinear", fill=9, threads=2),
    AutoAugment("rand-m9-mstd0.5-inc1", device="cpu"),
    ImageNetPolicy(),
    CIFAR10Policy((1, 2, 3), seed=4),
    SVHNPolicy(fillcolor=7, device="cpu"),
    RandAugment(),
    RandAugment(3, 7, fill=(1, 2, 3)),
    TrivialAugment(seed=0),
    UniformAugment(4),
    AugMix(),
    AugMix(1, 2, 3, 0.5, False, seed=1),
    Cutout(),
    Cutout(5, fill=(1, 2, 3), seed=2),
    Compose([]),
    Compose([Resize(9), RandomCrop((8, 7), padding=2, fill=4), RandomVerticalFlip(), Cutout(2)], seed=5),
    Compose([RandomResizedCrop((8, 9)), RandomHorizontalFlip(), ImageNetPolicy(), RandomErasing(), Normalize()]),
    Compose([CenterCrop(8), Normalize((0.1, 0.2, 0.3), (0.4, 0.5, 0.6), dtype="float16", layout="hwc")], device="cpu"),
    Compose.imagenet("cifar10", seed=3),
    Compose.cifar(training=False),
]


@pytest.mark.parametrize("augment", CALLABLES, ids=repr)
def test_callables_come_back_from_text_and_pickle(augment: AutoAugment) -> None:
    image = noise(20, 20, 3)
    expected = augment(image, index=3, epoch=1)
    names = {name: getattr(autoaugment, name) for name in autoaugment.__all__}
    for again in (pickle.loads(pickle.dumps(augment)), copy.copy(augment), copy.deepcopy(augment)):
        assert again == augment and hash(again) == hash(augment) and repr(again) == repr(augment)
        np.testing.assert_array_equal(again(image, index=3, epoch=1), expected)
    assert eval(repr(augment), names) == augment
    assert augment != AutoAugment("v0")


def test_a_pickle_opens_nothing() -> None:
    assert len(pickle.dumps(AutoAugment("imagenet"))) < 300


def test_plans_are_data() -> None:
    augment = AutoAugment("imagenet", seed=3)
    batch = noise(6, 20, 20, 3)
    result, plan = augment(batch, index=range(6), return_plan=True)
    assert plan == augment.plan(batch, index=range(6)) == augment.plan([(20, 20)] * 6, index=range(6))
    assert len(plan) == len(plan.images) == 6
    assert [image.index for image in plan.images] == list(range(6))
    assert all(image.sub_policy is not None and 1 <= image.sub_policy <= 25 for image in plan.images)
    for again in (Plan.from_json(plan.to_json()), pickle.loads(pickle.dumps(plan)), copy.deepcopy(plan)):
        assert again == plan
        np.testing.assert_array_equal(augment.apply(batch, again), result)
    assert [pickle.loads(pickle.dumps(image)) for image in plan.images] == plan.images
    with pytest.raises(ValueError, match="Rotat"):
        PlannedImage(0, None, ["Rotat(degrees=3)"])
    assert plan != augment.plan(batch, index=range(1, 7))
    assert repr(plan) == "<Plan of 6 images>"
    assert str(plan).splitlines()[0].startswith("0: ")


def test_a_plan_by_hand() -> None:
    plan = Plan(2, ["Invert", "Posterize(bits=3)"])
    assert plan.images[1].operations == ["Invert", "Posterize(bits=3)"]
    batch = noise(2, 5, 5, 3)
    np.testing.assert_array_equal(AutoAugment().apply(batch, plan), (255 - batch) & 0b11100000)


def test_policies_are_data() -> None:
    for text in ["imagenet", "v0", "fast-svhn", "randaugment(n=2, m=9)", "rand-m9-mstd0.5-inc1", "augmix", "3a"]:
        policy = Policy(text)
        assert Policy(str(policy)) == policy == pickle.loads(pickle.dumps(policy))
        assert hash(Policy(str(policy))) == hash(policy)
        assert eval(repr(policy), {"Policy": Policy}) == policy
    own = Policy("Rotate 0.6 9 + Solarize 0.4 5\nIdentity 1 0")
    assert Policy(own.to_json()) == own
    assert repr(own) == "<Policy of 2 sub-policies, torchvision>"
    assert len(str(Policy("imagenet")).splitlines()) >= 25
    names = [form for form, _ in autoaugment.policies()]
    assert {"imagenet", "cifar10", "svhn", "trivialaugment"} <= set(names)
    for form in names:
        AutoAugment(form)


def test_the_import_is_light() -> None:
    program = """
import sys, time, numpy
before, start = set(sys.modules), time.process_time()
import autoaugment
used = time.process_time() - start
new = {name.partition(".")[0] for name in set(sys.modules) - before}
heavy = {"PIL", "torch", "torchvision", "jax", "ray", "datasets", "multiprocessing"} & set(sys.modules)
print(len(set(sys.modules) - before), sorted(heavy), used)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    modules, rest = ran.stdout.split(" ", 1)
    assert rest.startswith("[] "), ran.stdout
    # Its own modules, and the few of the standard library that NumPy has not imported.
    assert int(modules) <= 25, ran.stdout
