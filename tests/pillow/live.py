#!/usr/bin/env python3
"""Live: random cases with what the installed Pillow makes of them, as a case file for the Rust tests.

    python3 tests/pillow/live.py pairs --seed 7 --count 20000 --out FILE    one random operation on one random image
    python3 tests/pillow/live.py chains --seed 7 --count 2000 --out FILE    all ordered pairs of operations, and random
                                                                            chains of up to 4
    python3 tests/pillow/live.py ends --out FILE                            AutoContrast for all pairs of ends

Parameters are random too, not only those that magnitudes stand for.
"""

import argparse
import itertools
import math
import pathlib
import sys

import numpy
import casefile
import pictures
import reference
from examples import EXAMPLES

SPECIAL_FACTORS = (0.0, 1.0, 0.1, 0.5, 1.9, 1.45, 1.36, 0.73, 2.0, -1.0)
SPECIAL_ANGLES = (0.0, 30.0, -30.0, 45.0, 90.0, -90.0, 180.0, 270.0, 360.0)


def random_factor(rng):
    kind = rng.integers(6)
    if kind == 0:
        return float(rng.choice(SPECIAL_FACTORS))
    if kind == 1:
        return float(rng.uniform(-1, 40))
    return float(rng.uniform(0, 2))


def random_warp(rng):
    return {
        "interpolation": str(rng.choice(list(reference.INTERPOLATIONS))),
        "fill": [int(v) for v in rng.integers(0, 256, 3)],
    }


def random_shear(rng):
    kind = rng.integers(8)
    if kind == 0:
        # Far enough for coordinates beyond what 16 bits hold.
        return float(rng.uniform(-50000, 50000))
    if kind == 1:
        return float(rng.integers(-8, 9)) / 4
    return float(rng.uniform(-0.5, 0.5) if kind < 6 else rng.uniform(-3, 3))


def random_shift(rng, side):
    kind = rng.integers(8)
    if kind == 0:
        return float(rng.uniform(-50000, 50000))
    if kind <= 3:
        half = float(rng.integers(-2 * side, 2 * side + 1)) / 2
        # A few units in the last place decide on which side of a pixel's border a coordinate falls.
        return half if kind < 3 else half + int(rng.integers(-6, 7)) * math.ulp(half)
    return float(rng.uniform(-1.2, 1.2) * side)


def random_angle(rng):
    kind = rng.integers(6)
    if kind == 0:
        return float(rng.choice(SPECIAL_ANGLES))
    if kind == 1:
        return float(rng.integers(-360, 361))
    return float(rng.uniform(-45, 45) if kind < 5 else rng.uniform(-1000, 1000))


def random_radius(rng):
    kind = rng.integers(8)
    if kind == 0:
        return float(rng.choice((0.0, 1e-6, 0.01, 1.0, 2.0, 8.0, 128.0)))
    return float(rng.uniform(0, 3) if kind < 6 else rng.uniform(0, 128))


def random_op(rng, name, width, height):
    op = {"op": name}
    if name in ("ShearX", "ShearY"):
        op |= {"factor": random_shear(rng)} | random_warp(rng)
    elif name in ("TranslateX", "TranslateY"):
        op |= {"pixels": random_shift(rng, width if name == "TranslateX" else height)} | random_warp(rng)
    elif name == "Rotate":
        op |= {"degrees": random_angle(rng)} | random_warp(rng)
    elif name == "Solarize":
        op |= {"threshold": float(rng.uniform(-5, 300) if rng.integers(2) else rng.integers(0, 257))}
    elif name == "SolarizeAdd":
        op |= {"add": int(rng.integers(0, 256)), "threshold": int(rng.integers(0, 257))}
    elif name == "Posterize":
        op |= {"bits": int(rng.integers(0, 9))}
    elif name in ("Contrast", "Color", "Brightness", "Sharpness"):
        op |= {"factor": random_factor(rng)}
    elif name == "Cutout":
        op |= {
            "x": int(rng.integers(-width, width + 2)),
            "y": int(rng.integers(-height, height + 2)),
            "width": int(rng.integers(0, width + 3)),
            "height": int(rng.integers(0, height + 3)),
            "fill": [int(v) for v in rng.integers(0, 256, 3)],
        }
    elif name == "SamplePairing":
        op |= {"weight": float(rng.uniform(0, 1) if rng.integers(4) else rng.integers(0, 2)), "partner": 1}
    elif name == "GaussianBlur":
        op |= {"radius": random_radius(rng)}
    elif name == "Desaturate":
        op |= {"amount": float(rng.uniform(0, 1) if rng.integers(4) else rng.integers(0, 2))}
    else:
        op = EXAMPLES[name][rng.integers(len(EXAMPLES[name]))]
    return op


class Images:
    """Random images and their partners, each used for several cases."""

    def __init__(self, writer, rng):
        self.writer, self.rng = writer, rng

    def next(self):
        width, height = pictures.random_size(self.rng)
        channels = 3 if self.rng.integers(3) else 1
        drawn = [pictures.random_picture(self.rng, width, height, channels) for _ in range(2)]
        self.batch = [image for _, image in drawn]
        self.picture, self.partner = [self.writer.picture(kind, image) for kind, image in drawn]
        self.size = width, height

    def add(self, ops, why):
        result = reference.run(ops, self.batch[0], self.batch)
        self.writer.case(self.picture, self.partner, [self.writer.op(op, why) for op in ops], result, True)


def pairs(writer, rng, count):
    images = Images(writer, rng)
    names = list(reference.OPERATIONS)
    for k in range(count):
        # Each operation as often as the others, and 40 operations an image.
        if k % 40 == 0:
            images.next()
        images.add([random_op(rng, names[k % len(names)], *images.size)], "random")


def chains(writer, rng, count):
    images = Images(writer, rng)
    names = list(reference.OPERATIONS)
    for _ in range(4):
        for k, pair in enumerate(itertools.product(names, repeat=2)):
            if k % 36 == 0:
                images.next()
            images.add([random_op(rng, name, *images.size) for name in pair], "a pair")
    for k in range(count):
        if k % 40 == 0:
            images.next()
        chosen = rng.choice(names, rng.integers(2, 5))
        images.add([random_op(rng, str(name), *images.size) for name in chosen], "a chain")


def ends(writer):
    """A channel of 256 pixels has each value between its ends, so three pairs of ends go into one image."""
    all_pairs = [(low, high) for low in range(256) for high in range(low, 256)]
    values = numpy.arange(256)
    number = writer.op({"op": "AutoContrast"}, "all pairs of ends")
    for start in range(0, len(all_pairs), 3):
        chosen = (all_pairs[start:start + 3] * 3)[:3]
        channels = numpy.stack([numpy.clip(values, low, high) for low, high in chosen], -1)
        image = reference.image_of(channels.astype(numpy.uint8).tobytes(), 256, 1, 3)
        picture = writer.picture(f"ends {chosen}", image)
        writer.case(picture, None, [number], reference.run([{"op": "AutoContrast"}], image, [image]), True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("pairs", "chains", "ends"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    writer = casefile.Writer(reference.VERSIONS, arguments.seed)
    rng = numpy.random.default_rng(arguments.seed)
    if arguments.what == "pairs":
        pairs(writer, rng, arguments.count)
    elif arguments.what == "chains":
        chains(writer, rng, arguments.count)
    else:
        ends(writer)
    arguments.out.write_bytes(writer.bytes())


if __name__ == "__main__":
    sys.exit(main())
