#!/usr/bin/env python3
"""Compares our CPU executor with the libraries that people would take instead.

    python3 benches/peers/run.py                              everything, about ten minutes
    python3 benches/peers/run.py --peers ours,opencv --tests rotate,aa_imagenet --sizes 224 --rounds 3

Needs Rust and Python 3.11 with venv. Environments with the libraries are made under target/peers when first asked for
(9 GB for all). Writes benches/results/<processor>/<date>.csv and prints tables. What is measured, how to read it and
what to look out for is in benches/peers/README.md.
"""

import argparse
import datetime
import pathlib
import subprocess
import sys
import time

import contestants
import environments
import results

ROOT = contestants.ROOT
OPERATIONS = (
    "shear_x", "translate_x", "rotate", "rotate_bilinear", "autocontrast", "invert", "equalize", "solarize",
    "posterize", "contrast", "color", "brightness", "sharpness",
)
POLICIES = ("aa_imagenet", "aa_cifar10")
# What the others are compared with.
REFERENCE = "tv1_pil"


def policy(size):
    return "aa_cifar10" if size <= 64 else "aa_imagenet"


def count(size):
    """How many images of that size: about as many as a batch has."""
    return 1024 if size <= 64 else 256


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = lambda text: text.split(",")
    numbers = lambda text: [int(part) for part in text.split(",")]
    known = ", ".join(contestants.WORKERS)
    parser.add_argument("--peers", type=names, default=["all"], help=f"all, or some of {known}")
    parser.add_argument("--tests", type=names, default=["policies", "ops"], help=f"policies, ops, or some of {', '.join((*POLICIES, *OPERATIONS))}")
    parser.add_argument("--sizes", type=numbers, default=[224, 32])
    parser.add_argument("--rounds", type=int, default=5, help="samples of each")
    parser.add_argument("--seconds", type=float, default=0.15, help="the least that a sample takes; of policies twice")
    parser.add_argument("--cores", type=numbers, default=[1, 2], help="of policies; single operations have one")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "benches" / "results", help="folder of results")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "target" / "peers", help="environments and images")
    parser.add_argument("--ours", help="our worker, if it is built: an executable")
    given = parser.parse_args()
    if given.peers == ["all"]:
        given.peers = list(contestants.WORKERS)
    for name in given.peers:
        if name not in contestants.WORKERS:
            parser.error(f"no library is called {name}; there are {known}")
    if "ours" not in given.peers:
        given.peers.insert(0, "ours")
    for name in given.tests:
        if name not in ("policies", "ops", *POLICIES, *OPERATIONS):
            names = ", ".join((*POLICIES, *OPERATIONS))
            parser.error(f"no test is called {name}; there are policies, ops, {names}")
    if not list(cells(given)):
        parser.error("nothing to measure: aa_imagenet is for images larger than 64 x 64, aa_cifar10 for smaller ones")
    return given


def cells(given):
    """Test, size, io and cores of all that is measured."""
    for size in given.sizes:
        if "policies" in given.tests or policy(size) in given.tests:
            yield from ((policy(size), size, io, cores) for cores in given.cores for io in ("native", "array"))
        for test in OPERATIONS:
            if test in given.tests or "ops" in given.tests:
                yield test, size, "native", 1


def start(given, notes):
    """The contestants that could be started, by name."""
    started = {}
    for name in given.peers:
        try:
            worker = contestants.WORKERS[name]
            started[name] = contestants.Contestant(name, worker, given.cores, given.work, given.ours)
        except (environments.Missing, contestants.Died) as reason:
            notes.add(name, f"could not be started: {reason}")
    return started


def images_file(folder, size):
    """Where the images of a size are, made if they aren't there."""
    path = folder / f"images-{size}.npy"
    if not path.exists():
        script = contestants.HERE / "images.py"
        command = [environments.with_pillow(folder), script, "--size", size, "--count", count(size), "--out", path]
        subprocess.run([str(part) for part in command], check=True)
    return path


def load(given, started):
    """Gives all the same images and the same tables."""
    for size in given.sizes:
        path = images_file(given.work, size)
        tables = started["ours"].processes[0].ask("tables", width=size, height=size)
        for contestant in started.values():
            contestant.load(
                images=str(size), path=str(path), count=count(size), height=size, width=size, tables=tables
            )


def compare(given, started, wanted):
    """By contestant, test and size: how far its results are from the reference's."""
    compared = {}
    if REFERENCE not in started:
        return compared
    reference = str(given.work / "reference.bin")
    for test, size, _, _ in wanted:
        if test not in OPERATIONS:
            continue
        request = {"images": str(size), "test": test}
        started[REFERENCE].processes[0].ask("apply", out=reference, **request)
        for name, contestant in started.items():
            answer = contestant.processes[0].ask("compare", **request | {"with": reference})
            if "cannot" not in answer:
                compared[name, test, size] = answer
    return compared


def measure(given, started, wanted, notes):
    """Samples by contestant and cell. Rounds are outermost and contestants innermost, so that noise hits all alike."""
    samples = {}
    order = list(started.values())
    # The first round warms up and is not counted.
    for number in range(given.rounds + 1):
        for test, size, io, cores in wanted:
            for contestant in list(order):
                # Policies also have draws that differ.
                seconds = given.seconds * (1 if test in OPERATIONS else 2) / (1 if number else 2)
                try:
                    sample = contestant.run(cores, images=str(size), test=test, io=io, seconds=seconds)
                except contestants.Died as reason:
                    notes.add(contestant.name, f"died in {test}: {reason}")
                    order.remove(contestant)
                    continue
                if "cannot" in sample:
                    notes.add(contestant.name, f"has no {test}: {sample['cannot']}")
                elif number:
                    samples.setdefault((contestant.name, (test, size, io, cores)), []).append(sample)
        # Everyone has another neighbor in front next time.
        order = order[1:] + order[:1]
        print(f"round {number} of {given.rounds}", file=sys.stderr)
    return samples


def main():
    given = arguments()
    given.work.mkdir(parents=True, exist_ok=True)
    given.ours = given.ours or contestants.build_ours()
    began = time.time()
    notes, rows = results.Notes(), []
    started = start(given, notes)
    wanted = list(cells(given))
    try:
        load(given, started)
    except environments.Missing as reason:
        sys.exit(f"the images need Pillow and NumPy: {reason}")
    compared = compare(given, started, wanted)
    samples = measure(given, started, wanted, notes)
    for name, contestant in started.items():
        for cell in wanted:
            if (name, cell) in samples:
                difference = compared.get((name, cell[0], cell[1]))
                rows.append(results.row(name, cell, samples[name, cell], contestant.versions, difference))
    for contestant in started.values():
        contestant.end()
    path = given.out / results.device() / f"{datetime.date.today()}.csv"
    rows += notes.rows
    results.write(path, rows)
    print("\n".join(results.tables(rows)))
    print(f"\n{path}, in {time.time() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
