"""libjpeg-turbo alone: the files decoded whole to RGB, from memory, by simplejpeg's thin wrapper. Nothing else."""

import pathlib

import simplejpeg

import epochs


class Whole:
    def __init__(self, folder, shards, batch, count):
        self.files = [path.read_bytes() for path in sorted(pathlib.Path(folder).glob("*/*.jpg"))]

    def epoch(self, source, threads):
        epochs.only(source, "whole")
        for file in self.files:
            yield simplejpeg.decode_jpeg(file, "RGB", fastdct=False, fastupsample=False)[None]


if __name__ == "__main__":
    epochs.serve(Whole, f"simplejpeg {simplejpeg.__version__}")
