"""torchvision v2 and kornia on an NVIDIA GPU, with images and results that stay there; timed by CUDA events.

    cuda_torch.py torchvision|kornia cuda|cpu

`io` is the output: "u8" are bytes, "f16" halves normalized with ImageNet's means and deviations. Both are
N x C x H x W, the libraries' own order. On the CPU, for trying it out, the clock is the host's.
"""

import sys
import time

import kornia
import torch
import torchvision
from kornia.augmentation.auto import AutoAugment
from torchvision.transforms import AutoAugmentPolicy, v2

import protocol

LIBRARY, DEVICE = sys.argv[1:3]
MEAN = torch.tensor((0.485, 0.456, 0.406), device=DEVICE).view(1, 3, 1, 1)
DEVIATION = torch.tensor((0.229, 0.224, 0.225), device=DEVICE).view(1, 3, 1, 1)


def normalized(images):
    """Of floats of 0 to 1."""
    return ((images - MEAN) / DEVIATION).half()


class Torchvision:
    """One call an image, for so it draws; all results in one tensor."""

    def __init__(self, images, tables):
        self.images = torch.from_numpy(images).to(DEVICE).permute(0, 3, 1, 2).contiguous()
        self.augment = v2.AutoAugment(AutoAugmentPolicy.IMAGENET)

    def call(self, test, io, threads):
        def augment():
            result = torch.stack([self.augment(image) for image in self.images])
            if io == "f16":
                normalized(result.float().div_(255))
            return len(self.images)

        return augment


class Kornia:
    """The whole batch a call, for which it draws one sub-policy."""

    def __init__(self, images, tables):
        self.images = torch.from_numpy(images).to(DEVICE).permute(0, 3, 1, 2).contiguous()
        self.augment = AutoAugment("imagenet").to(DEVICE)

    def call(self, test, io, threads):
        def augment():
            result = self.augment(self.images.float().div_(255))
            if io == "f16":
                normalized(result)
            else:
                result.mul(255).add_(0.5).clamp_(0, 255).byte()
            return len(self.images)

        return augment


class Events(protocol.Worker):
    """Takes the time from the device: from before a call's first kernel until after its last, gaps included."""

    def run(self, images, test, io, threads, seconds):
        key = (images, test, io)
        if key not in self.calls:
            self.calls[key] = self.peers[images].call(test, io, threads)
        done, wall, cpu = 0, 0.0, time.process_time()
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        while done == 0 or wall < seconds:
            begin.record()
            done += self.calls[key]()
            end.record()
            end.synchronize()
            wall += begin.elapsed_time(end) / 1000
        return {"images": done, "wall": wall, "cpu": time.process_time() - cpu}


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    library = {"torchvision": Torchvision, "kornia": Kornia}[LIBRARY]
    version = {"torchvision": torchvision.__version__, "kornia": kornia.__version__}[LIBRARY]
    worker = Events if DEVICE == "cuda" else protocol.Worker
    protocol.serve(library, f"{LIBRARY} {version}, torch {torch.__version__}", worker)
