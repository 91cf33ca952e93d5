"""torchvision's transforms v2 on images of PIL, one a call."""

import package  # noqa: F401
import PIL
import torch
import torchvision
from torchvision.transforms import v2

import protocol
import tv1_pil


class TorchvisionV2(tv1_pil.Torchvision):
    def transform(self, test):
        return v2.AutoAugment(tv1_pil.POLICIES[test])


if __name__ == "__main__":
    torch.set_num_threads(1)
    versions = f"torchvision {torchvision.__version__}, torch {torch.__version__}, pillow {PIL.__version__}"
    protocol.serve(TorchvisionV2, versions)
