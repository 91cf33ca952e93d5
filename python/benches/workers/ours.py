"""Ours: `AutoAugment` called with one image of PIL, one array, one tensor, or a batch; and with floats out.

torch is imported, as it is where people train: its generator gives the draws of calls without an index.
"""

import itertools

import numpy
import package  # noqa: F401
import torch
from PIL import Image

import autoaugment
import protocol

ONE = {"device": "cpu", "threads": 1}


class Ours:
    def __init__(self, images, tables):
        self.images = images
        self.forms = {
            "pil": [Image.fromarray(image) for image in images],
            "array": list(images),
            "tensor": [torch.from_numpy(image).permute(2, 0, 1).contiguous() for image in images],
        }

    def call(self, test, io, threads):
        policy = test.removeprefix("aa_")
        if io == "batch":
            return self.batch(autoaugment.AutoAugment(policy, seed=42, **ONE))
        if io == "plan_u8":
            return self.plans(autoaugment.AutoAugment(policy, seed=42, **ONE))
        if io == "plan_f32":
            stages = [autoaugment.AutoAugment(policy), autoaugment.Normalize("imagenet")]
            return self.plans(autoaugment.Compose(stages, seed=42, **ONE))
        augment, forms = autoaugment.AutoAugment(policy, **ONE), self.forms[io]
        # So many between two looks at the clock.
        chunk = 16 if self.images.shape[1] > 64 else 128
        parts = itertools.cycle(range(first, first + chunk) for first in range(0, len(forms), chunk))

        def call():
            for i in next(parts):
                augment(forms[i])
            return chunk

        return call

    def batch(self, augment):
        """The whole batch a call, with the index of each image, over memory that comes back."""
        index, epochs = numpy.arange(len(self.images)), itertools.count(1)

        def call():
            augment(self.images, index=index, epoch=next(epochs))
            return len(index)

        return call

    def plans(self, augment):
        """The same under plans that were drawn before, as the command line times it."""
        indices = range(len(self.images))
        plans = itertools.cycle([augment.plan(self.images, index=indices, epoch=epoch) for epoch in range(16)])

        def call():
            augment.apply(self.images, next(plans))
            return len(indices)

        return call


if __name__ == "__main__":
    torch.set_num_threads(1)
    protocol.serve(Ours, f"autoaugment {autoaugment.__version__}, numpy {numpy.__version__}, torch {torch.__version__}")
