#!/usr/bin/env python3
"""Compares our loader with those that people would take instead: from JPEGs to normalized batches.

    python3 benches/files/run.py                              everything, about 15 minutes on two cores
    python3 benches/files/run.py --peers ours,dali --count 500 --rounds 3

Needs Linux, Rust and Python 3.11 with venv. The libraries are installed under target/peers when first asked for (9 GB),
as for benches/peers. Writes benches/results/<processor>/files-<date>.csv and prints a table. What is measured, how to
read it and what to look out for is in benches/files/README.md.
"""

import argparse
import datetime
import json
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(1, str(HERE.parent / "peers"))

import contestants  # noqa: E402
import environments  # noqa: E402
import results  # noqa: E402

TEST, SIZE, BATCH = "imagenet_training", 224, 64
# Each with its source, and its worker as in `contestants.WORKERS`. From `whole`, files are decoded and no more: limits.
LOADERS = {
    "libjpeg_turbo": ("whole", ("whole.py", "torch", "processes")),
    "ours_decode": ("whole", (None, None, "processes")),
    "ours": ("folder", (None, None, "threads")),
    "ours_shards": ("shards", (None, None, "threads")),
    "torch_pillow": ("folder", ("torch_pillow.py", "torch", "threads")),
    "torch_tensor": ("folder", ("torch_tensor.py", "torch", "threads")),
    "timm": ("folder", ("timm_loader.py", "torch", "threads")),
    "webdataset": ("shards", ("webdataset_loader.py", "torch", "threads")),
    "spdl": ("folder", ("spdl_loader.py", "torch", "threads")),
    "dali_cpu": ("folder", ("dali_loader.py", "dali", "threads")),
}
# How far the mean and the deviation of a loader's values may be from ours: policies are drawn, and fills differ.
TOLERANCE = 0.25


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known = ", ".join(LOADERS)
    parser.add_argument("--peers", type=lambda text: text.split(","), default=["all"], help=f"all, or some of {known}")
    parser.add_argument("--count", type=int, default=2000, help="files")
    parser.add_argument("--rounds", type=int, default=5, help="samples of each")
    parser.add_argument("--cores", type=int, default=os.cpu_count(), help="processes or threads that make batches")
    parser.add_argument("--out", type=pathlib.Path, default=contestants.ROOT / "benches" / "results")
    parser.add_argument("--work", type=pathlib.Path, default=contestants.ROOT / "target" / "peers")
    parser.add_argument("--ours", help="our worker, if it is built: an executable")
    given = parser.parse_args()
    if given.peers == ["all"]:
        given.peers = list(LOADERS)
    for name in given.peers:
        if name not in LOADERS:
            parser.error(f"no loader is called {name}; there are {known}")
    if "ours" not in given.peers:
        given.peers.insert(0, "ours")
    return given


def made_files(given):
    """The folder of the images and the shards, made if they aren't there."""
    folder = given.work / f"files-{given.count}"
    if not (folder / "made.json").exists():
        command = [environments.with_pillow(given.work), HERE / "files.py", "--count", given.count, "--out", folder]
        subprocess.run([str(part) for part in command], check=True)
    return folder


def start(given, notes):
    """The loaders that could be started, by name, with the files; all begin with an epoch whose values are checked."""
    files = made_files(given)
    shards = [str(path) for path in sorted((files / "shards").iterdir())]
    started, expected = {}, None
    # Ours first, for what is right.
    for name in sorted(given.peers, key=lambda name: name != "ours"):
        source, worker = LOADERS[name]
        try:
            loader = contestants.Contestant(name, worker, [given.cores], given.work, given.ours, HERE / "workers")
            loader.load(folder=str(files / "images"), shards=shards, batch=BATCH, count=given.count)
            if source != "whole":
                checked = loader.processes[0].ask("check", io=source, threads=given.cores)
                expected = expected or checked
                refuse_other(checked, expected)
            started[name] = loader
        except (environments.Missing, contestants.Died, ValueError) as reason:
            notes.add(name, f"could not be measured: {reason}")
    return started


def refuse_other(checked, expected):
    """Refuses values that are not the recipe's."""
    for name in ("mean", "deviation"):
        if not abs(checked[name] - expected[name]) < TOLERANCE:
            raise ValueError(f"the {name} of its values is {checked[name]:.3f}; ours is {expected[name]:.3f}")
    if checked["shape"] != expected["shape"]:
        raise ValueError(f"its images have the shape {checked['shape']}; ours have {expected['shape']}")


def measure(given, started, notes):
    """Samples by loader; an epoch each, one after the other, so that noise hits all alike."""
    samples, order = {}, list(started.values())
    # The first round warms up and is not counted.
    for number in range(given.rounds + 1):
        for loader in list(order):
            try:
                sample = loader.run(given.cores, io=LOADERS[loader.name][0])
            except contestants.Died as reason:
                notes.add(loader.name, f"died: {reason}")
                order.remove(loader)
                continue
            if number:
                samples.setdefault(loader.name, []).append(sample)
        # Everyone has another neighbor in front next time.
        order = order[1:] + order[:1]
        print(f"round {number} of {given.rounds}", file=sys.stderr)
    return samples


def main():
    given = arguments()
    given.work.mkdir(parents=True, exist_ok=True)
    given.ours = given.ours or contestants.build_ours("files", ["loader"])
    began, notes, rows = time.time(), results.Notes(), []
    try:
        started = start(given, notes)
    except environments.Missing as reason:
        sys.exit(f"the files need Pillow: {reason}")
    samples = measure(given, started, notes)
    for name in given.peers:
        if name in samples:
            cell = (TEST, SIZE, LOADERS[name][0], given.cores)
            rows.append(results.row(name, cell, samples[name], started[name].versions, None))
            started[name].end()
    path = given.out / results.device() / f"files-{datetime.date.today()}.csv"
    rows += notes.rows
    results.write(path, rows)
    print("\n".join(results.tables(rows)))
    print(f"\n{path}, in {time.time() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
