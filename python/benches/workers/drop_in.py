"""Our `ImageNetPolicy` in place of torchvision's `AutoAugment`, and nothing else changed."""

import package  # noqa: F401
import torch
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

import autoaugment
import compose
import epochs
import torch_pillow


def transform():
    theirs = torch_pillow.transform().transforms
    ours = autoaugment.AutoAugment("imagenet", device="cpu")
    return v2.Compose([ours if isinstance(one, v2.AutoAugment) else one for one in theirs])


class DropIn(torch_pillow.TorchLoader):
    def __init__(self, folder, shards, batch, count):
        self.dataset, self.batch, self.loaders = ImageFolder(folder, transform()), batch, {}


if __name__ == "__main__":
    torch.set_num_threads(1)
    epochs.serve(DropIn, compose.VERSIONS)
