"""torchvision's transforms v2 on the whole batch, N x C x H x W bytes: one operation for all, so no policies."""

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
            raise protocol.Cannot("it draws once for a batch, not for each image")
        return tv2_tensor.single(self.tables, test, *self.images.shape[1:3])

    def call(self, test, io, threads):
        transform, count = self.transform(test), len(self.images)

        def native():
            transform(self.native)
            return count

        def array():
            self.out.copy_(transform(self.to_native(self.images)).permute(0, 2, 3, 1))
            return count

        return {"native": native, "array": array}[io]

    def first(self, test):
        return self.transform(test)(self.native[:protocol.COMPARED]).permute(0, 2, 3, 1).numpy()


if __name__ == "__main__":
    torch.set_num_threads(1)
    protocol.serve(TorchvisionBatch, tv2_tensor.VERSIONS)
