"""torchvision's transforms v2 on several images a call, N x C x H x W bytes: one operation for all, so no policies.

16 images a call, of small images 256: `kornia_batch.py` says why.
"""

import itertools

import torch

import protocol
import tv2_tensor


class TorchvisionBatch:
    def __init__(self, images, tables):
        self.images, self.tables = images, tables
        self.native = self.to_native(images)
        self.out = torch.zeros(images.shape, dtype=torch.uint8)

    @staticmethod
    def to_native(images):
        return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()

    def transform(self, test):
        if test in tv2_tensor.POLICIES:
            raise protocol.Cannot("it draws once a call, not for each image")
        return tv2_tensor.single(self.tables, test, *self.images.shape[1:3])

    def call(self, test, io, threads):
        transform, last = self.transform(test), len(self.images)
        chunk = 16 if self.images.shape[1] > 64 else 256
        parts = itertools.cycle(slice(first, first + chunk) for first in range(0, last, chunk))

        def native():
            transform(self.native[next(parts)])
            return chunk

        def array():
            part = next(parts)
            self.out[part] = transform(self.to_native(self.images[part])).permute(0, 2, 3, 1)
            return chunk

        return {"native": native, "array": array}[io]

    def first(self, test):
        return self.transform(test)(self.native[:protocol.COMPARED]).permute(0, 2, 3, 1).numpy()


if __name__ == "__main__":
    torch.set_num_threads(1)
    protocol.serve(TorchvisionBatch, tv2_tensor.VERSIONS)
