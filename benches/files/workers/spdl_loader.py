"""SPDL's pipeline of threads, from a class folder, with Pillow and torchvision's transforms v2.

Its own decoder needs the system's FFmpeg, and it has no policies.
"""

import random

import PIL
import spdl.pipeline
import torch
import torchvision
from torchvision.datasets import ImageFolder

import epochs
import torch_pillow


class SpdlLoader:
    def __init__(self, folder, shards, batch, count):
        self.dataset, self.batch = ImageFolder(folder, torch_pillow.transform()), batch

    def epoch(self, source, threads):
        epochs.only(source, "folder")
        order = random.sample(range(len(self.dataset)), len(self.dataset))
        builder = spdl.pipeline.PipelineBuilder().add_source(order)
        builder = builder.pipe(self.dataset.__getitem__, concurrency=threads).aggregate(self.batch)
        pipeline = builder.pipe(torch.utils.data.default_collate).add_sink(epochs.AHEAD).build(num_threads=threads)
        with pipeline.auto_stop():
            for images, _labels in pipeline:
                yield images


if __name__ == "__main__":
    torch.set_num_threads(1)
    versions = f"torchvision {torchvision.__version__}, torch {torch.__version__}, pillow {PIL.__version__}"
    epochs.serve(SpdlLoader, f"spdl {spdl.__version__}, {versions}")
