#!/usr/bin/env python3
"""Fixtures: writes tests/fixtures/pillow-13.bin, what Pillow makes of every operation at every magnitude.

    python3 tests/pillow/fixtures.py            write the file
    python3 tests/pillow/fixtures.py --check    work it out again and compare; exit code 1 if it differs
    python3 tests/pillow/fixtures.py --show 123 say what case 123 is and write its images as PNG under target/diff
    python3 tests/pillow/fixtures.py --show 123 --out FILE
                                                also write the expected bytes

Needs Pillow 13 and NumPy; on x86-64, see reference.py. The form of the file is in casefile.py.
"""

import argparse
import itertools
import json
import math
import pathlib
import sys
import zlib

import casefile
import magnitudes
import pictures
import reference
from examples import EXAMPLES
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FILE = ROOT / "tests" / "fixtures" / "pillow-13.bin"
# Up to this many pixels the expected bytes are kept, above only their digest.
WHOLE = 16 * 16
# For the sizes that magnitudes are compared at; translations and Cutout depend on it.
SIZES = ((224, 224), (32, 32), (331, 331), (7, 5), (65, 63), (1, 1))
# Levels between whole numbers, which only the tensorflow convention has.
FRACTIONS = (0.25, 0.5, 2.5, 3.05, 4.999, 7.75, 9.99)
# What has combinations or places for its edges, written below.
BY_HAND = ("SolarizeAdd", "SamplePairing", "GaussianBlur", "Cutout", *reference.WARPS)


def of_magnitudes(width, height):
    """Each magnitude of each convention with both signs, warps in all interpolations: pairs of operation and why."""
    for convention in magnitudes.CONVENTIONS:
        for magnitude in range(magnitudes.LAST[convention] + 1):
            for name, negative in itertools.product(reference.OPERATIONS, (False, True)):
                op = magnitudes.resolve(convention, name, magnitude, negative, width, height)
                why = f"{convention} magnitude {magnitude}{' negative' if negative else ''}"
                if name == "Cutout":
                    for x, y in ((width // 2, height // 2), (0, height - 1)):
                        yield {"op": name, "x": x - op["width"] // 2, "y": y - op["width"] // 2} | op, why
                elif name == "SamplePairing":
                    yield op | {"partner": 1}, why
                elif name in reference.WARPS:
                    for interpolation in reference.INTERPOLATIONS:
                        yield op | {"interpolation": interpolation}, why
                else:
                    yield op, why


def at_the_edges(width, height):
    """Parameters at which something could change over: pairs of operation and why."""
    fill = [10, 200, 77]
    # The first example of each is for chains.
    left = {name: EXAMPLES[name][1:] for name in reference.OPERATIONS}
    ops = [*left.pop("Solarize")]
    ops += [{"op": "SolarizeAdd", "add": a, "threshold": t} for a in (0, 1, 127, 128, 255) for t in (0, 1, 128, 255, 256)]
    ops += left.pop("Posterize")
    for name in ("Brightness", "Color", "Contrast", "Sharpness"):
        ops += left.pop(name)
    ops += [{"op": "SamplePairing", "weight": w, "partner": p} for w in (0.0, 1e-7, 0.5, 0.73, 1.0) for p in (0, 1)]
    # The box grows by a pixel where 4 radius^2 + 1 is the square of an odd number.
    edges = [math.sqrt(((2 * k + 1) ** 2 - 1) / 4) for k in range(4)]
    radii = (1e-6, 0.01, 0.29, 0.5, 1.0, 2.0, 3.5, 10.0, 50.0, 127.9, 128.0)
    ops += [{"op": "GaussianBlur", "radius": r} for r in (*edges, *(math.nextafter(e, 9) for e in edges), *radii)]
    ops += left.pop("Desaturate")
    for x, y, w, h in ((-3, -2, 5, 4), (width - 2, height - 1, 9, 9), (width, 0, 3, 3), (-9, 0, 9, 9), (1, 1, 0, 4), (0, 0, 1, 1)):
        ops.append({"op": "Cutout", "x": x, "y": y, "width": w, "height": h, "fill": fill})
    for interpolation in reference.INTERPOLATIONS:
        rest = {"interpolation": interpolation, "fill": fill}
        for degrees in (-1e-13, 1e-9, 45.0, 89.999999, 90.0, -90.0, 135.0, 180.0, -180.0, 270.0, 359.5, 360.0, 450.0, 1e6):
            ops.append({"op": "Rotate", "degrees": degrees} | rest)
        for factor in (1e-9, 0.5, -1.0, 1.0, 3.7, -40000.0):
            ops += [{"op": name, "factor": factor} | rest for name in ("ShearX", "ShearY")]
        for pixels in (0.25, 0.5, -0.5, 0.75, 1.0, -1.5, 2.4999999, 1000.0, -40000.0):
            ops += [{"op": name, "pixels": pixels} | rest for name in ("TranslateX", "TranslateY")]
    # Pillow adds 1 for each column; near an integer the sum may fall on another side than a single addition would.
    for half, by in itertools.product((-5.5, -1.5, 0.5, 2.5), range(-6, 7)):
        rest = {"interpolation": "nearest", "fill": fill}
        ops += [{"op": name, "pixels": half + by * math.ulp(half)} | rest for name in ("TranslateX", "TranslateY")]
    # Those above have more than their examples say; what is left has been added since.
    ops += [op for name in left if name not in BY_HAND for op in left[name]]
    return ((op, "an edge") for op in ops)


def one_of_each(width, height):
    """One operation of each kind, for chains."""
    ops = {name: dict(EXAMPLES[name][0]) for name in reference.OPERATIONS}
    # What depends on the size of the picture.
    ops["TranslateX"]["pixels"] = 0.31 * width
    ops["TranslateY"]["pixels"] = -0.25 * height
    ops["Cutout"] |= {"x": width // 4, "y": height // 3}
    return list(ops.values())


def is_color(op):
    """Whether an operation computes with colors; coordinates do not need the largest pictures."""
    return op["op"] not in reference.WARPS and op["op"] != "Cutout"


def all_pictures():
    """Groups of pictures of one shape, each being the next one's partner: name, image, source and a filter of ops."""
    everything = lambda op: True
    stored = lambda name, image: (name, image, None, everything)

    def generated(name, seed, *shape, filter=everything):
        return name, pictures.mixed(seed, *shape), {"splitmix64": seed}, filter

    for width, height in ((1, 1), (2, 2), (1, 17), (17, 1), (3, 5)):
        for channels in (3, 1):
            yield [generated(f"mixed {seed}", seed, width, height, channels) for seed in (1, 2)]
    yield [
        stored("every value", pictures.every_value(3)),
        stored("constant", pictures.constant(16, 16, (200, 7, 90))),
        stored("two-valued", pictures.two_valued(3, 16, 16, (3, 100, 0), (250, 101, 255))),
    ]
    yield [
        stored("every value", pictures.every_value(1)),
        stored("two-valued", pictures.two_valued(3, 16, 16, (25,), (180,))),
    ]
    yield [
        generated("mixed", 4, 65, 63, 3),
        stored("constant", pictures.constant(65, 63, (200, 7, 90))),
        stored("two-valued", pictures.two_valued(5, 65, 63, (3, 100, 0), (250, 101, 255))),
    ]
    yield [
        generated("mixed", 6, 65, 63, 1),
        stored("two-valued", pictures.two_valued(7, 65, 63, (25,), (180,))),
    ]
    photos = [(name, pictures.photo(ROOT, name, (96, 64))) for name in pictures.PHOTOS]
    yield [stored(f"{name} small", image) for name, image in photos]
    # The names are those of the committed file.
    yield [stored(f"{name} small grey", image.convert("L")) for name, image in photos[:2]]
    yield [(name, pictures.photo(ROOT, name), {"photo": f"photos/{name}"}, is_color) for name in ("chelsea.png",)]
    yield [generated(f"2^17 pixels {seed}", seed, 512, 256, 3, filter=is_color) for seed in (8, 9)]
    pairing = lambda op: op["op"] == "SamplePairing"
    yield [(f"ramp {k}", pictures.ramp(k == 1), None, pairing) for k in (0, 1)]


def build():
    writer = casefile.Writer(reference.VERSIONS)
    for group in all_pictures():
        numbers = [writer.picture(name, image, source) for name, image, source, _ in group]
        for k, (_, image, _, wanted) in enumerate(group):
            width, height = image.size
            # The second of two pictures of noise is there as a partner only, where running it would take long.
            if width * height == 1 << 17 and k > 0:
                continue
            next_one = (k + 1) % len(group)
            partner = numbers[next_one] if len(group) > 1 else None
            batch = [image, group[next_one][1]]

            def add(ops):
                if partner is None and any(op.get("partner") == 1 for op, _ in ops):
                    return
                result = reference.run([op for op, _ in ops], image, batch)
                listed = [writer.op(op, why) for op, why in ops]
                writer.case(numbers[k], partner, listed, result, width * height <= WHOLE)

            seen = set()
            for op, why in itertools.chain(of_magnitudes(width, height), at_the_edges(width, height)):
                key = json.dumps(op, sort_keys=True)
                if wanted(op) and key not in seen:
                    seen.add(key)
                    add([(op, why)])
            if group[0][0] in ("every value", "mixed"):
                for pair in itertools.product(one_of_each(width, height), repeat=2):
                    add([(op, "a chain") for op in pair])
    for convention, (width, height) in itertools.product(magnitudes.CONVENTIONS, SIZES):
        fractions = FRACTIONS if convention == "tensorflow" else ()
        for magnitude in (*range(magnitudes.LAST[convention] + 1), *fractions):
            for name, negative in itertools.product(reference.OPERATIONS, (False, True)):
                op = magnitudes.resolve(convention, name, magnitude, negative, width, height)
                writer.header["magnitudes"].append([convention, name, magnitude, negative, width, height, op])
    return writer


def picture_of(header, blob, number):
    entry = header["pictures"][number]
    width, height, channels = entry["width"], entry["height"], entry["channels"]
    match entry["source"]:
        case {"stored": offset}:
            return reference.image_of(blob[offset:offset + width * height * channels], width, height, channels)
        case {"splitmix64": seed}:
            return pictures.mixed(seed, width, height, channels)
        case {"photo": path}:
            return Image.open(ROOT / path).convert("RGB")


def show(number, out):
    header, blob = casefile.read(FILE)
    picture, partner, listed, _ = header["cases"][number]
    image = picture_of(header, blob, picture)
    batch = [image] if partner is None else [image, picture_of(header, blob, partner)]
    ops = [header["ops"][k]["op"] for k in listed]
    result = reference.run(ops, image, batch)
    if out:
        out.write_bytes(result.tobytes())
    folder = ROOT / "target" / "diff"
    folder.mkdir(parents=True, exist_ok=True)
    print(f"case {number}: {json.dumps(ops)} on {header['pictures'][picture]['name']}, {image.width} x {image.height}")
    for name, side in (("source", image), ("expected", result)):
        path = folder / f"case-{number}-{name}.png"
        side.save(path)
        print(f"{name}: {path}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--show", type=int, metavar="CASE")
    parser.add_argument("--out", type=pathlib.Path, metavar="FILE")
    arguments = parser.parse_args()
    if arguments.show is not None:
        return show(arguments.show, arguments.out)
    built = build()
    if arguments.check:
        committed, blob = casefile.read(FILE)
        # Other versions of Python and NumPy are fine as long as they lead to the same cases and bytes.
        built.header["made_by"] = committed["made_by"]
        same = json.loads(json.dumps(built.header)) == committed and bytes(built.blob) == blob
        print(f"{FILE.name}: {len(committed['cases'])} cases {'are as Pillow has them' if same else 'DIFFER'}")
        return 0 if same else 1
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_bytes(zlib.compress(built.bytes(), 9))
    cases, table = len(built.header["cases"]), len(built.header["magnitudes"])
    print(f"{FILE}: {cases} cases, {table} magnitudes, {FILE.stat().st_size} bytes")


if __name__ == "__main__":
    sys.exit(main())
