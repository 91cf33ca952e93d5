"""PyTorch's DataLoader with torchvision's transforms v2, from a class folder, with Pillow: as in torchvision's training."""

import PIL
import torch
import torchvision
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder
from torchvision.transforms import AutoAugmentPolicy, v2

import epochs

def transform():
    """Of an image of Pillow's, or of a tensor of bytes."""
    return v2.Compose([
        v2.RandomResizedCrop(epochs.CROP, scale=epochs.AREA, ratio=epochs.RATIO, antialias=True),
        v2.RandomHorizontalFlip(0.5),
        v2.AutoAugment(AutoAugmentPolicy.IMAGENET),
        v2.ToImage(),
        v2.ToDtype(torch.float32, scale=True),
        v2.Normalize(epochs.MEAN, epochs.DEVIATION),
        v2.ToPureTensor(),
    ])


class TorchLoader:
    # What opens a file.
    settings = {}

    def __init__(self, folder, shards, batch, count):
        self.dataset, self.batch, self.loaders = ImageFolder(folder, transform(), **self.settings), batch, {}

    def epoch(self, source, threads):
        epochs.only(source, "folder")
        if threads not in self.loaders:
            self.loaders[threads] = DataLoader(
                self.dataset, self.batch, shuffle=True, num_workers=threads, persistent_workers=True,
                prefetch_factor=epochs.AHEAD,
            )
        for images, _labels in self.loaders[threads]:
            yield images


VERSIONS = f"torchvision {torchvision.__version__}, torch {torch.__version__}, pillow {PIL.__version__}"

if __name__ == "__main__":
    torch.set_num_threads(1)
    epochs.serve(TorchLoader, VERSIONS)
