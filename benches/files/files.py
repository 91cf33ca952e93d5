#!/usr/bin/env python3
"""Files: JPEGs of about 500 x 375 from this repository's photographs, as a class folder and as WebDataset shards.

    python3 benches/files/files.py --count 2000 --out FOLDER

Needs Pillow. The seed is fixed, so the files are the same each time. A picture is a crop of a photograph with a little
grain, in one of the usual sizes. It is encoded four times, at other qualities. Most are 4:2:0, some 4:4:4, 4:2:2 or
gray.
"""

import argparse
import io
import json
import pathlib
import random
import sys
import tarfile

from PIL import Image

PHOTOS = pathlib.Path(__file__).resolve().parent.parent.parent / "photos"
CLASSES = 10
# Files of a picture, and of a shard.
ENCODINGS = 4
SHARD = 250
SIZES = ((500, 375), (500, 375), (500, 375), (500, 333), (500, 400), (375, 500), (333, 500), (480, 360))
# Pillow's names of 4:4:4, 4:2:2 and 4:2:0, by how often they occur.
SUBSAMPLINGS = {2: 85, 0: 11, 1: 4}
GRAY = 0.02
# Part of random values in a picture.
GRAIN = 0.05


def picture(photo, rng):
    """A crop of 40 % to all of what fits, resized."""
    width, height = rng.choice(SIZES)
    largest = min(photo.width / width, photo.height / height)
    scale = largest * rng.uniform(0.4, 1) ** 0.5
    w, h = width * scale, height * scale
    x, y = rng.uniform(0, photo.width - w), rng.uniform(0, photo.height - h)
    image = photo.resize((width, height), Image.Resampling.LANCZOS, (x, y, x + w, y + h))
    # Resized photographs are smoother than a camera's, and their files would be too small.
    grain = Image.frombytes("RGB", image.size, rng.randbytes(width * height * 3))
    return Image.blend(image, grain, GRAIN)


def files(count, seed=12):
    """Class and bytes of each."""
    rng = random.Random(seed)
    paths = sorted(path for path in PHOTOS.iterdir() if path.suffix in (".jpg", ".png"))
    photos = [Image.open(path).convert("RGB") for path in paths]
    image = None
    for number in range(count):
        if number % ENCODINGS == 0:
            image = picture(rng.choice(photos), rng)
            if rng.random() < GRAY:
                image = image.convert("L")
            qualities = rng.sample(range(75, 96), ENCODINGS)
        settings = {"quality": qualities[number % ENCODINGS]}
        if image.mode == "RGB":
            (settings["subsampling"],) = rng.choices(list(SUBSAMPLINGS), SUBSAMPLINGS.values())
        encoded = io.BytesIO()
        image.save(encoded, "JPEG", **settings)
        yield number % CLASSES, encoded.getvalue()


def write(count, out):
    """The folder `images`, the shards, and `made.json`, which says that all is there."""
    shard, total = None, 0
    (out / "shards").mkdir(parents=True, exist_ok=True)
    for number, (label, encoded) in enumerate(files(count)):
        folder = out / "images" / f"{label:03}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number:05}.jpg").write_bytes(encoded)
        if number % SHARD == 0:
            if shard:
                shard.close()
            shard = tarfile.open(out / "shards" / f"train-{number // SHARD:04}.tar", "w", format=tarfile.USTAR_FORMAT)
        for extension, content in (("jpg", encoded), ("cls", str(label).encode())):
            member = tarfile.TarInfo(f"{number:05}.{extension}")
            member.size = len(content)
            shard.addfile(member, io.BytesIO(content))
        total += len(encoded)
    shard.close()
    print(f"{count} files of {total / count / 1024:.1f} KiB on average in {out}", file=sys.stderr)
    (out / "made.json").write_text(json.dumps({"count": count, "bytes": total}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    write(arguments.count, arguments.out)


if __name__ == "__main__":
    main()
