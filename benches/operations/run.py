#!/usr/bin/env python3
"""Measures each operation, and the policies, beside memcpy of the same bytes, on one thread of the CPU.

    python3 benches/operations/run.py                  everything, about 3 minutes
    python3 benches/operations/run.py --seconds 0.1

Needs `cargo build --release`. Writes benches/results/<processor>/operations-<date>.csv; `UPDATE_DOCS=1 cargo test
--test docs` puts the newest into docs/benchmarks.md. A row of `autoaugment bench` is the source of each number: the
operation and memcpy take turns, and each has the median of its rounds.
"""

import argparse
import csv
import datetime
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(1, str(HERE.parent / "peers"))

import results  # noqa: E402

# Images of a batch, and their side.
SIZES = [(256, 224), (1024, 32)]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=0.5, help="of each number")
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "target" / "release" / "autoaugment")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "benches" / "results")
    return parser.parse_args()


def cases(program):
    """Names, policies and interpolations: every operation at the middle of its range, then the policies."""
    listed = json.loads(subprocess.run([program, "ops", "--json"], check=True, capture_output=True).stdout)
    for operation in listed["operations"]:
        name = operation["op"]
        yield name, f"{name} 1 5", "nearest"
        if name in ("ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate"):
            yield f"{name} bilinear", f"{name} 1 5", "bilinear"
    for policy in ("imagenet", "cifar10", "svhn"):
        yield f"the policy {policy}", policy, "nearest"


def measured(given, policy, interpolation, images, side):
    """Images per second, and the part of memcpy's."""
    command = [given.program, "bench", "--device", "cpu", "--json", "--quiet", "--seconds", given.seconds]
    command += ["--policy", policy, "--interpolation", interpolation, "--batch", images, "--size", side]
    printed = subprocess.run([str(part) for part in command], check=True, capture_output=True).stdout
    row = next(row for row in json.loads(printed)["rows"] if row["id"] == "cpu_one_thread")
    return row["images_per_second"], row["of_limit"]


def main():
    given = arguments()
    folder = given.out / results.device()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"operations-{datetime.date.today()}.csv"
    lines = []
    for name, policy, interpolation in cases(given.program):
        for images, side in SIZES:
            rate, part = measured(given, policy, interpolation, images, side)
            lines.append([name, images, side, f"{rate:.0f}", f"{part:.4f}"])
            print(f"{name:24} {images:5} x {side:3}  {rate:12,.0f} images/s  {part:.3f} of memcpy", flush=True)
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["case", "images", "side", "images_per_second", "of_memcpy"])
        writer.writerows(lines)
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
