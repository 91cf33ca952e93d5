#!/usr/bin/env python3
"""Frameworks: what the installed torchvision and timm make of magnitudes, and what their own draws make of images.

    python3 tests/pillow/frameworks.py                                 write tests/fixtures/frameworks.bin
    python3 tests/pillow/frameworks.py --check                         work it out again and compare; exit code 1 if it differs
    python3 tests/pillow/frameworks.py --seed 7 --count 2000 --out FILE  as many fresh images a scheme, with all bytes

The frameworks run as they are, on PIL images; what they ask of Pillow is recorded as operations that plans have. Only
Posterize to 0 bits or less, which Pillow 13 refuses, gives black here, as 0 bits did before. The levels of fast-autoaugment, which is
no package, are worked out from its list of ranges.

Needs Pillow 13, NumPy, torch, torchvision and timm. The form of the file is in casefile.py. Exit code 2: one is missing.
"""

import argparse
import itertools
import json
import pathlib
import random
import sys
import zlib
from unittest import mock

import casefile
import numpy
import pictures
import reference
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

try:
    import timm
    import torch
    import torchvision
    from branches import timm_augmix_run, torchvision_augmix_run
    from timm.data import auto_augment
    from torchvision.transforms import v2
except ImportError as error:
    print(f"the frameworks are not all there: {error}", file=sys.stderr)
    sys.exit(2)

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FILE = ROOT / "tests" / "fixtures" / "frameworks.bin"
VERSIONS = reference.VERSIONS | {
    "torch": torch.__version__, "torchvision": torchvision.__version__, "timm": timm.__version__
}
SIZES = ((224, 224), (32, 32), (331, 331), (7, 5), (65, 63), (1, 1))
FRACTIONS = (0.25, 0.5, 2.5, 3.05, 4.999, 7.75, 9.99)
NAMES = {number: name for name, number in reference.INTERPOLATIONS.items()}

# The schemes whose draws are recorded: torchvision's, and timm's configuration strings.
TORCHVISION = {
    "imagenet": lambda: v2.AutoAugment(v2.AutoAugmentPolicy.IMAGENET),
    "cifar10": lambda: v2.AutoAugment(v2.AutoAugmentPolicy.CIFAR10),
    "svhn": lambda: v2.AutoAugment(v2.AutoAugmentPolicy.SVHN),
    "randaugment(n=2, m=9)": lambda: v2.RandAugment(),
    "randaugment(n=3, m=30)": lambda: v2.RandAugment(num_ops=3, magnitude=30),
    "trivialaugment": lambda: v2.TrivialAugmentWide(),
}
TORCHVISION_AUGMIX = {
    "augmix(severity=3, width=3)": lambda: v2.AugMix(),
    "augmix(severity=10, width=4, depth=3, alpha=0.5)": lambda: v2.AugMix(10, 4, 3, 0.5),
}
TIMM = (
    "original-mstd0.5", "originalr", "v0-mstd0.5", "v0r-mstd0.5", "rand-m9-n3-mstd0.5", "rand-m9-mstd0.5-inc1",
    "rand-mstd1-tweights", "rand-m15-mstd101-mmax20-p0.9", "rand-m15-mmax20-inc1-p0.9", "3a-mstd0.5", "rand-m9-mstd0.5-t3a",
    "rand-m9-n3-t3aw",
)
# What timm's training pipeline sets for it.
AUGMIX_HPARAMS = {"translate_pct": 0.3}
TIMM_AUGMIX = ("augmix-m3", "augmix-m5-w4-d2", "augmix-m10-b1")


class Recorder:
    """Collects what is asked of Pillow while it runs, and not what Pillow asks of itself."""

    def __init__(self):
        self.ops = []
        self.depth = 0

    def wrapped(self, original, describe):
        def call(*arguments, **keywords):
            if self.depth == 0:
                self.ops.append(describe(*arguments, **keywords))
            self.depth += 1
            try:
                if self.ops[-1] == {"op": "Posterize", "bits": 0}:
                    return reference.posterize(self.ops[-1], arguments[0], None)
                return original(*arguments, **keywords)
            finally:
                self.depth -= 1

        return call

    def recording(self):
        """Within this, every call is recorded."""
        patches = [
            mock.patch.object(Image.Image, "transform", self.wrapped(Image.Image.transform, affine)),
            mock.patch.object(Image.Image, "rotate", self.wrapped(Image.Image.rotate, rotate)),
        ]
        for name, function, parameter in (
            ("AutoContrast", "autocontrast", None), ("Invert", "invert", None), ("Equalize", "equalize", None),
            ("Solarize", "solarize", "threshold"), ("Posterize", "posterize", "bits"),
        ):
            describe = lambda image, value=None, name=name, parameter=parameter: (
                {"op": name} | ({parameter: max(value, 0) if parameter == "bits" else float(value)} if parameter else {})
            )
            patches.append(mock.patch.object(ImageOps, function, self.wrapped(getattr(ImageOps, function), describe)))
        for name in ("Contrast", "Color", "Brightness", "Sharpness"):
            enhancer = getattr(ImageEnhance, name)
            describe = lambda self, factor, name=name: {"op": name, "factor": float(factor)}
            patches.append(mock.patch.object(enhancer, "enhance", self.wrapped(enhancer.enhance, describe)))
        blur = ImageFilter.GaussianBlur
        describe = lambda self, image: {"op": "GaussianBlur", "radius": self.radius}
        patches.append(mock.patch.object(blur, "filter", self.wrapped(blur.filter, describe)))
        return patches


def fill(color):
    return [0, 0, 0] if color is None else [int(v) for v in color]


def affine(image, size, method, data=None, resample=Image.Resampling.NEAREST, fill_=1, fillcolor=None, **others):
    assert size == image.size and method == Image.Transform.AFFINE and not others
    data = [float(v) for v in data]
    rest = {"interpolation": NAMES[resample], "fill": fill(fillcolor)}
    names = ("ShearX", "TranslateX", "ShearY", "TranslateY")
    places = (1, 2, 3, 5)
    assert data[0] == data[4] == 1.0, data
    changed = [k for k, place in enumerate(places) if data[place] != 0.0] or [1]
    assert len(changed) == 1, data
    name, value = names[changed[0]], data[places[changed[0]]]
    return {"op": name, **({"factor": value} if name.startswith("Shear") else {"pixels": -value})} | rest


def rotate(image, angle, resample=Image.Resampling.NEAREST, expand=False, center=None, translate=None, fillcolor=None):
    assert not expand and center is None and translate is None
    return {"op": "Rotate", "degrees": float(angle), "interpolation": NAMES[resample], "fill": fill(fillcolor)}


def recorded(run, image):
    """What `run` makes of an image, and the operations that it asked for."""
    recorder = Recorder()
    patches = recorder.recording()
    for patch in patches:
        patch.start()
    try:
        result = run(image, recorder)
    finally:
        for patch in patches:
            patch.stop()
    return result, recorder.ops


def timm_ops(scheme):
    """The operations of a timm transform."""
    layers = [scheme.ops] if hasattr(scheme, "ops") else scheme.policy
    return [op for layer in layers for op in layer]


# timm's operations that are no function of Pillow, and what they are made to say.
OWN = {
    "SolarizeAdd": lambda image, add, thresh=128, **_: {"op": "SolarizeAdd", "add": add, "threshold": thresh},
    "Desaturate": lambda image, factor, **_: {"op": "Desaturate", "amount": factor},
}


def timm_run(scheme):
    def run(image, recorder):
        for op in timm_ops(scheme):
            if op.name in OWN:
                op.aug_fn = recorder.wrapped(auto_augment.NAME_TO_OP[op.name], OWN[op.name])
        return scheme(image)

    return run


def timm_scheme(text):
    make = auto_augment.rand_augment_transform if text.startswith("rand") else auto_augment.auto_augment_transform
    return make(text, None)


def schemes():
    for name, make in TORCHVISION.items():
        scheme = make()
        yield name, lambda image, _, scheme=scheme: scheme(image)
    for text in TIMM:
        yield text, timm_run(timm_scheme(text))
    for name, make in TORCHVISION_AUGMIX.items():
        yield name, torchvision_augmix_run(make())
    for text in TIMM_AUGMIX:
        yield text, timm_augmix_run(auto_augment.augment_and_mix_transform(text, dict(AUGMIX_HPARAMS)))


def add_draws(writer, seed, count, whole):
    # Equal operations are kept once, so that which scheme drew them stands with the case.
    writer.header["why"] = []
    rng = numpy.random.default_rng(seed)
    drawn = [pictures.random_picture(rng, 32, 32, 3) for _ in range(30)]
    numbers = [writer.picture(kind, image) for kind, image in drawn]
    for name, run in schemes():
        random.seed(seed)
        numpy.random.seed(seed)
        torch.manual_seed(seed)
        for k in range(count):
            image = drawn[k % len(drawn)][1]
            result, ops = recorded(run, image)
            listed = [writer.op(op, "drawn by a framework") for op in ops or [{"op": "Identity"}]]
            writer.case(numbers[k % len(numbers)], None, listed, result, whole)
            writer.header["why"].append(name)


def only(ops, name):
    """The one operation that was recorded. A matrix that does nothing does not say which warp it is of, and timm does not
    ask for 8 bits."""
    (op,) = ops or [{"op": "Posterize", "bits": 8}]
    if op["op"] == "TranslateX" and op["op"] != name:
        value = op.pop("pixels")
        assert value == 0.0
        op |= {"op": name} | ({"factor": 0.0} if name.startswith("Shear") else {"pixels": 0.0})
    assert op["op"] == name, (op, name)
    return op


def of_torchvision(table, scheme, bins):
    space = scheme._AUGMENTATION_SPACE
    for (width, height), (name, (magnitudes, signed)) in itertools.product(SIZES, space.items()):
        values = magnitudes(bins, height, width)
        if values is None:
            continue
        image = Image.new("RGB", (width, height))
        for index, negative in itertools.product(range(bins), (False, True)):
            magnitude = float(values[index]) * (-1 if signed and negative else 1)
            apply = lambda image, _: scheme._apply_image_or_video_transform(
                image, name, magnitude, interpolation=scheme.interpolation, fill=scheme._fill
            )
            _, ops = recorded(apply, image)
            yield [table, name, index, negative, width, height, only(ops, name)]


INCREASING = {
    name: f"{name}Increasing" for name in ("Posterize", "Solarize", "Color", "Contrast", "Brightness", "Sharpness")
}
# A convention's names of operations.
VARIANTS = {
    "timm": {},
    "timm-original": {"Posterize": "PosterizeOriginal"},
    "timm-research": {"Posterize": "PosterizeIncreasing"},
    "timm-increasing": INCREASING,
    "timm-augmix": INCREASING,
    "timm-random-blur": {"GaussianBlur": "GaussianBlurRand"},
}
RELATIVE = {"TranslateX": "TranslateXRel", "TranslateY": "TranslateYRel"}
TIMM_NAMES = (
    "ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate", "Solarize", "SolarizeAdd", "Posterize", "Contrast", "Color",
    "Brightness", "Sharpness", "Desaturate", "GaussianBlur",
)


def of_timm(table):
    hparams = {"img_mean": (128, 128, 128), "interpolation": Image.Resampling.BICUBIC}
    if table == "timm-augmix":
        hparams |= AUGMIX_HPARAMS
    for (width, height), name in itertools.product(SIZES, TIMM_NAMES):
        image = Image.new("RGB", (width, height))
        theirs = (VARIANTS[table] | RELATIVE).get(name, name)
        for magnitude, negative in itertools.product((*range(11), *FRACTIONS), (False, True)):
            op = auto_augment.AugmentOp(theirs, prob=1.0, magnitude=magnitude, hparams=hparams)
            run = timm_run(mock.Mock(ops=[op], side_effect=op))
            # Of a span the upper end is recorded; the other is what the Rust test has.
            spans = []
            upper = mock.patch.object(random, "uniform", lambda low, high: spans.append(low) or high)
            with upper, mock.patch.object(random, "random", lambda: 0.9 if negative else 0.1):
                _, ops = recorded(run, image)
            assert all(low == 0.1 for low in spans), spans
            yield [table, name, magnitude, negative, width, height, only(ops, name)]


# `augment_list` of fast-autoaugment's augmentations.py.
FAST_AUTOAUGMENT = {
    "ShearX": (-0.3, 0.3), "ShearY": (-0.3, 0.3), "TranslateX": (-0.45, 0.45), "TranslateY": (-0.45, 0.45),
    "Rotate": (-30, 30), "Solarize": (0, 256), "Posterize": (4, 8), "Contrast": (0.1, 1.9), "Color": (0.1, 1.9),
    "Brightness": (0.1, 1.9), "Sharpness": (0.1, 1.9), "Cutout": (0, 0.2),
}


def of_fast_autoaugment():
    warp = {"interpolation": "nearest", "fill": [0, 0, 0]}
    levels = [k / 10 for k in range(11)] + [0.0333, 0.123456, 0.7172489834, 0.99999]
    for (width, height), (name, (low, high)) in itertools.product(SIZES, FAST_AUTOAUGMENT.items()):
        for level, negative in itertools.product(levels, (False, True)):
            value = level * (high - low) + low
            signed = -value if negative else value
            if name in ("ShearX", "ShearY"):
                op = {"factor": signed} | warp
            elif name in ("TranslateX", "TranslateY"):
                op = {"pixels": -(signed * (width if name == "TranslateX" else height))} | warp
            elif name == "Rotate":
                op = {"degrees": signed} | warp
            elif name == "Solarize":
                op = {"threshold": float(value)}
            elif name == "Posterize":
                op = {"bits": int(value)}
            elif name == "Cutout":
                # A rectangle from x to the truncated x + side, both painted.
                side = 0 if value <= 0.0 else int(value * width) + 1
                op = {"width": side, "height": side, "fill": [125, 123, 114]}
            else:
                op = {"factor": value}
            yield ["fast-autoaugment", name, level, negative, width, height, {"op": name} | op]


def levels():
    yield from of_fast_autoaugment()
    for table in VARIANTS:
        yield from of_timm(table)
    yield from of_torchvision("torchvision", v2.AutoAugment(), 10)
    yield from of_torchvision("torchvision-randaugment", v2.RandAugment(), 31)
    yield from of_torchvision("torchvision-trivialaugment", v2.TrivialAugmentWide(), 31)
    yield from of_torchvision("torchvision-augmix", v2.AugMix(), 10)


def build():
    writer = casefile.Writer(VERSIONS, 13)
    add_draws(writer, 13, 300, False)
    writer.header["magnitudes"] = list(levels())
    return writer


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--out", type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.out:
        writer = casefile.Writer(VERSIONS, arguments.seed)
        add_draws(writer, arguments.seed, arguments.count, True)
        arguments.out.write_bytes(writer.bytes())
        return 0
    built = build()
    if arguments.check:
        committed, blob = casefile.read(FILE)
        built.header["made_by"] = committed["made_by"]
        same = json.loads(json.dumps(built.header)) == committed and bytes(built.blob) == blob
        print(f"{FILE.name}: {len(committed['cases'])} cases {'are as the frameworks have them' if same else 'DIFFER'}")
        return 0 if same else 1
    FILE.write_bytes(zlib.compress(built.bytes(), 9))
    cases, table = len(built.header["cases"]), len(built.header["magnitudes"])
    print(f"{FILE}: {cases} cases, {table} magnitudes, {FILE.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
