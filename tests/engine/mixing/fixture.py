#!/usr/bin/env python3
"""Reference: what torchvision's MixUp and CutMix make of small normalized batches, for the tests that compare bits with it.

The transforms are torchvision's own; only what they draw is given to them. Writes torchvision.json beside itself:

    python3 tests/engine/mixing/fixture.py
"""

import json
import pathlib
import random
import struct
from unittest import mock

import torch
import torchvision
from torchvision.transforms import v2

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
CLASSES = 5


def binary32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def drawing(transform, lam, center=None):
    """Has the transform draw this lambda and this center."""
    transform._dist = mock.Mock(sample=lambda shape: torch.tensor([lam]))
    points = iter(center or ())
    return mock.patch.object(torch, "randint", lambda high, size: torch.tensor([next(points)]))


def little_endian(tensor):
    return tensor.contiguous().numpy().tobytes().hex()


def batch(shape, seed):
    generator = random.Random(seed)
    return torch.tensor([generator.randrange(256) for _ in range(torch.Size(shape).numel())], dtype=torch.uint8).reshape(shape)


def normalized(images, dtype):
    """As this crate has it: step by step in binary32; binary16 is that rounded."""
    channels = images.shape[1]
    mean, std = (torch.tensor(values[:channels]).reshape(1, channels, 1, 1) for values in (MEAN, STD))
    return ((images.float() / 255 - mean) / std).to(dtype)


def case(kind, lam, shape, dtype, seed, center=None):
    images = batch(shape, seed)
    labels = torch.tensor([random.Random(seed + i).randrange(CLASSES) for i in range(shape[0])])
    transform = {"mixup": v2.MixUp, "cutmix": v2.CutMix}[kind](alpha=1.0, num_classes=CLASSES)
    with drawing(transform, lam, center):
        mixed, soft = transform(normalized(images, dtype), labels)
    return {
        "mixing": kind,
        "lambda": lam,
        "center": center,
        "shape": shape,
        "dtype": str(dtype).removeprefix("torch."),
        "bytes": little_endian(images),
        "labels": labels.tolist(),
        "mixed": little_endian(mixed),
        "soft_labels": little_endian(soft),
    }


def box(lam, center, width, height):
    transform = v2.CutMix(alpha=1.0, num_classes=CLASSES)
    with drawing(transform, lam, center):
        params = transform.make_params([torch.zeros(1, 3, height, width)])
    return [lam, *center, width, height, *params["box"], params["lam_adjusted"]]


def main():
    rng = random.Random(0)
    cases = []
    lambdas = [binary32(v) for v in (0.3, 1 / 3, 0.5, 0.9, 1.0, 0.0, 1e-5, 0.99999, 2.0**-130, rng.random())]
    for i, lam in enumerate(lambdas):
        shape = [[4, 3, 5, 7], [3, 1, 6, 6], [1, 3, 4, 5], [2, 3, 3, 3]][i % 4]
        for dtype in (torch.float32, torch.float16):
            cases.append(case("mixup", lam, shape, dtype, i))
            center = [rng.randrange(shape[3]), rng.randrange(shape[2])]
            cases.append(case("cutmix", lam, shape, dtype, 100 + i, center))
    boxes = []
    for _ in range(300):
        width, height = rng.randrange(1, 300), rng.randrange(1, 300)
        boxes.append(box(binary32(rng.random() ** 2), [rng.randrange(width), rng.randrange(height)], width, height))
    made_by = {"torch": torch.__version__, "torchvision": torchvision.__version__}
    text = {"made_by": made_by, "mean": MEAN, "std": STD, "classes": CLASSES, "cases": cases, "boxes": boxes}
    lines = json.dumps(text).replace('{"mixing"', '\n{"mixing"').replace('"boxes"', '\n"boxes"')
    pathlib.Path(__file__).with_name("torchvision.json").write_text(lines + "\n")


if __name__ == "__main__":
    main()
