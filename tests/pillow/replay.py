#!/usr/bin/env python3
"""Replay: runs a plan by Pillow.

    python3 tests/pillow/replay.py PLAN.json IMAGES --shape N,H,W,C --out FILE
    python3 tests/pillow/replay.py PLAN.json IMAGES --sizes WxH,WxH,... --channels C --out FILE
    ... --normalize MEAN,MEAN,MEAN,STD,STD,STD     binary32, N x C x H x W, as NumPy computes it

IMAGES and FILE are the images' values, one after the other, and nothing else.
"""

import argparse
import json
import pathlib

import numpy
import reference


def normalized(image, numbers):
    mean, std = numpy.array(numbers, numpy.float32).reshape(2, 3)
    pixels = numpy.asarray(image).reshape(image.height, image.width, -1)
    channels = pixels.shape[2]
    values = (pixels.astype(numpy.float32) / numpy.float32(255) - mean[:channels]) / std[:channels]
    return values.transpose(2, 0, 1).tobytes()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("plan", type=pathlib.Path)
    parser.add_argument("images", type=pathlib.Path)
    parser.add_argument("--shape")
    parser.add_argument("--sizes")
    parser.add_argument("--channels", type=int)
    parser.add_argument("--normalize")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    if arguments.shape:
        count, height, width, channels = (int(v) for v in arguments.shape.split(","))
        sizes = [(width, height)] * count
    else:
        channels = arguments.channels
        sizes = [tuple(int(v) for v in size.split("x")) for size in arguments.sizes.split(",")]
    data = arguments.images.read_bytes()
    batch = []
    at = 0
    for width, height in sizes:
        end = at + width * height * channels
        batch.append(reference.image_of(data[at:end], width, height, channels))
        at = end
    assert len(data) == at, f"{len(data)} bytes, and {sizes} x {channels} are {at}"
    planned = json.loads(arguments.plan.read_text())["images"]
    assert len(planned) == len(batch), f"a plan for {len(planned)} images, and there are {len(batch)}"
    results = (reference.run(entry["ops"], image, batch) for entry, image in zip(planned, batch))
    if arguments.normalize:
        numbers = [float(v) for v in arguments.normalize.split(",")]
        results = (normalized(image, numbers) for image in results)
    else:
        results = (image.tobytes() for image in results)
    arguments.out.write_bytes(b"".join(results))


if __name__ == "__main__":
    main()
