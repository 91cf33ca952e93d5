"""Protocol: how `run.py` has a library compute and be timed, a line of JSON each way.

On starting a worker says {"versions": TEXT}. It answers each request with one line; {"cannot": WHY} where the library
has no such thing.

    {"do": "load", "images": NAME, "path": FILE.npy, "count", "height", "width", "tables": {...}}    {}
    {"do": "run", "images": NAME, "test", "io", "threads", "seconds"}          {"images": done, "wall": s, "cpu": s}
    {"do": "apply", "images": NAME, "test", "out": FILE}                       {}, the first images' bytes are in FILE
    {"do": "compare", "images": NAME, "test", "with": FILE}                    {"mean": ..., "off": ...}

`tables` is what ours answers to {"do": "tables", "height", "width"}: {"policy": [[{"op", "probability", "magnitude",
"values"}, ...], ...], "magnitude": of single operations, "operations": {"ShearX": [value, negative], ...}}; values are
parameters as plans have them.

`cpu` is the CPU time of the whole process, all threads, so what others took from the machine does not count.
"""

import itertools
import json
import os
import sys
import time

import numpy

# How many images "apply" and "compare" take.
COMPARED = 16


class Cannot(Exception):
    """The library has no such operation."""


class PerImage:
    """A library that takes one image a call. `images` is N x H x W x 3 bytes."""

    def __init__(self, images, tables):
        self.images, self.tables = images, tables
        self.natives = [self.to_native(image) for image in images]
        self.out = numpy.zeros_like(images)

    def to_native(self, image):
        """An image in the library's own form."""
        return image

    def to_array(self, image):
        """What can be assigned to H x W x 3 bytes."""
        return image

    def transform(self, test):
        """The function that is applied to each image."""
        raise NotImplementedError

    def call(self, test, io, threads):
        """A function that augments some images and returns how many."""
        transform = self.transform(test)
        images, natives, out = self.images, self.natives, self.out
        # So many between two looks at the clock.
        chunk = 16 if images.shape[1] > 64 else 128
        parts = itertools.cycle(range(first, first + chunk) for first in range(0, len(images), chunk))

        def native():
            for i in next(parts):
                transform(natives[i])
            return chunk

        def array():
            for i in next(parts):
                out[i] = self.to_array(transform(self.to_native(images[i])))
            return chunk

        return {"native": native, "array": array}[io]

    def first(self, test):
        """The first images, as bytes."""
        transform = self.transform(test)
        return numpy.stack([self.to_array(transform(native)) for native in self.natives[:COMPARED]])


def operation(tables, test):
    """Name of a single operation, whether it is bilinear, and its value, None if it has none."""
    names = {name.lower(): name for name in tables["operations"]}
    name = names[test.removesuffix("_bilinear").replace("_", "")]
    values = tables["operations"][name]
    return name, test.endswith("_bilinear"), values[0] if values else None


class Worker:
    def __init__(self, peer):
        self.peer = peer
        self.peers = {}
        self.calls = {}

    def load(self, images, path, count, height, width, tables):
        array = numpy.load(path)
        assert array.shape == (count, height, width, 3), (path, array.shape)
        self.peers[images] = self.peer(array, tables)
        return {}

    def run(self, images, test, io, threads, seconds):
        key = (images, test, io, threads)
        if key not in self.calls:
            self.calls[key] = self.peers[images].call(test, io, threads)
        call, done = self.calls[key], 0
        cpu, wall = time.process_time(), time.perf_counter()
        while done == 0 or time.perf_counter() - wall < seconds:
            done += call()
        return {"images": done, "wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}

    def apply(self, images, test, out):
        with open(out, "wb") as file:
            file.write(numpy.ascontiguousarray(self.peers[images].first(test)).tobytes())
        return {}

    def compare(self, images, test, **rest):
        got = numpy.asarray(self.peers[images].first(test))
        expected = numpy.fromfile(rest["with"], numpy.uint8).reshape(got.shape)
        difference = numpy.abs(got.astype(numpy.int16) - expected)
        return {"mean": float(difference.mean()), "off": float((difference > 1).mean())}


def serve(peer, versions, worker=Worker):
    """Answers requests until there are none. `peer` is made with (images, tables); `worker` times it."""
    # Libraries print to standard output; that is not for the driver.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(message):
        print(json.dumps(message), file=answers, flush=True)

    worker = worker(peer)
    answer({"versions": versions})
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer(getattr(worker, request.pop("do"))(**request))
        except Cannot as reason:
            answer({"cannot": str(reason)})
