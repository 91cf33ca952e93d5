"""Epochs: how `run.py` has a loader make batches and be timed, in the protocol of `benches/peers`.

On starting a worker says {"versions": TEXT}. It answers each request with one line; {"cannot": WHY} where the loader
does not read such a source.

    {"do": "load", "folder": PATH, "shards": [PATH, ...], "count": N, "batch": N}            {}
    {"do": "check", "io": SOURCE, "threads": N}         {"images", "shape", "mean", "deviation"} of an epoch's values
    {"do": "run", "io": SOURCE, "threads": N}                                     {"images", "wall": s, "cpu": s}

A source is `folder` or `shards`; from `whole`, the folder's files are decoded and nothing else.

A sample is a whole epoch: nothing is made before it begins, and nothing is left when it ends. `cpu` is the time of the
worker and of all processes that it started.
"""

import math
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "peers" / "workers"))

import protocol  # noqa: E402

CROP = 224
AREA, RATIO = (0.08, 1.0), (3 / 4, 4 / 3)
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# Batches that are ready before they are asked for, of each process or thread.
AHEAD = 2


def cpu_of_all():
    """CPU-seconds of this process and of all below it, those that have ended included."""
    times, children = {}, {}
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            # It has ended meanwhile.
            continue
        process = int(path.parent.name)
        times[process] = sum(map(int, fields[11:15]))
        children.setdefault(int(fields[1]), []).append(process)
    mine, waiting = 0, [os.getpid()]
    while waiting:
        process = waiting.pop()
        mine += times.get(process, 0)
        waiting += children.get(process, [])
    return mine / os.sysconf("SC_CLK_TCK")


class Worker:
    """`loader` is made with (folder, shards, batch, count); its `epoch(source, threads)` yields arrays or tensors."""

    def __init__(self, loader):
        self.made = loader

    def load(self, folder, shards, batch, count):
        self.loader = self.made(folder, shards, batch, count)
        return {}

    def check(self, io, threads):
        images, total, squares, values, shape = 0, 0.0, 0.0, 0, None
        for batch in self.loader.epoch(io, threads):
            shape = shape or list(batch.shape[1:])
            assert str(batch.dtype).endswith("float32"), batch.dtype
            images += len(batch)
            values += math.prod(batch.shape)
            total += float(batch.sum())
            squares += float((batch * batch).sum())
        mean = total / values
        return {"images": images, "shape": shape, "mean": mean, "deviation": (squares / values - mean * mean) ** 0.5}

    def run(self, io, threads, **_rest):
        images, cpu, wall = 0, cpu_of_all(), time.perf_counter()
        for batch in self.loader.epoch(io, threads):
            images += len(batch)
        return {"images": images, "wall": time.perf_counter() - wall, "cpu": cpu_of_all() - cpu}


def only(source, wanted):
    """Refuses another source than the one that the loader reads."""
    if source != wanted:
        raise protocol.Cannot(f"it reads a {wanted} only")


def serve(loader, versions):
    protocol.serve(loader, versions, Worker)
