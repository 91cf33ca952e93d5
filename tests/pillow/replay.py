#!/usr/bin/env python3
"""Replay: runs a plan by Pillow.

    python3 tests/pillow/replay.py PLAN.json IMAGES --shape N,H,W,C --out FILE

IMAGES and FILE are N x H x W x C bytes and nothing else.
"""

import argparse
import json
import pathlib

import reference


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("plan", type=pathlib.Path)
    parser.add_argument("images", type=pathlib.Path)
    parser.add_argument("--shape", required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    count, height, width, channels = (int(v) for v in arguments.shape.split(","))
    data = arguments.images.read_bytes()
    size = height * width * channels
    assert len(data) == count * size, f"{len(data)} bytes are not {arguments.shape}"
    batch = [reference.image_of(data[i * size:(i + 1) * size], width, height, channels) for i in range(count)]
    planned = json.loads(arguments.plan.read_text())["images"]
    assert len(planned) == count, f"a plan for {len(planned)} images, and there are {count}"
    results = (reference.run(entry["ops"], image, batch).tobytes() for entry, image in zip(planned, batch))
    arguments.out.write_bytes(b"".join(results))


if __name__ == "__main__":
    main()
