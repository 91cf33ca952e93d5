"""memcpy: the limit. Copies the batch into a buffer that is used again."""

import numpy

import protocol


class Memcpy:
    def __init__(self, images, tables):
        self.images, self.out = images, numpy.zeros_like(images)

    def call(self, test, io, threads):
        def copy():
            numpy.copyto(self.out, self.images)
            return len(self.images)

        return copy

    def first(self, test):
        raise protocol.Cannot("a copy is no operation")


if __name__ == "__main__":
    protocol.serve(Memcpy, f"numpy {numpy.__version__}")
