#!/usr/bin/env python3
"""Images: random resized crops of this repository's photographs, the same for every library.

    python3 benches/peers/images.py --size 224 --count 256 --out FILE.npy

Needs Pillow and NumPy. The seed is fixed; crops have 8 % to all of a photograph's area and a ratio of 3/4 to 4/3.
"""

import argparse
import math
import pathlib
import random

import numpy
from PIL import Image

PHOTOS = pathlib.Path(__file__).resolve().parent.parent.parent / "photos"


def box(width, height, rng):
    while True:
        area = width * height * rng.uniform(0.08, 1)
        ratio = math.exp(rng.uniform(math.log(3 / 4), math.log(4 / 3)))
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < w <= width and 0 < h <= height:
            x, y = rng.randint(0, width - w), rng.randint(0, height - h)
            return x, y, x + w, y + h


def crops(size, count, seed=1):
    rng = random.Random(seed)
    paths = sorted(path for path in PHOTOS.iterdir() if path.suffix in (".jpg", ".png"))
    photos = [Image.open(path).convert("RGB") for path in paths]
    for i in range(count):
        photo = photos[i % len(photos)]
        yield numpy.asarray(photo.resize((size, size), Image.Resampling.BILINEAR, box(*photo.size, rng)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    numpy.save(arguments.out, numpy.stack(list(crops(arguments.size, arguments.count))))


if __name__ == "__main__":
    main()
