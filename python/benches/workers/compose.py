"""Our `Compose` as the `collate_fn` of torch's DataLoader, from paths: the workers' part is one call a batch."""

import package  # noqa: F401
import torch
from torchvision.datasets import ImageFolder

import autoaugment
import epochs
import loader
import torch_pillow
from autoaugment.torch import Collate


class ComposeLoader(torch_pillow.TorchLoader):
    # Files are neither opened nor decoded by the data set.
    opened = str

    def __init__(self, folder, shards, batch, count):
        self.dataset, self.batch, self.loaders = ImageFolder(folder, loader=type(self).opened), batch, {}

    def epoch(self, source, threads):
        epochs.only(source, "folder")
        if threads not in self.loaders:
            self.loaders[threads] = torch.utils.data.DataLoader(
                self.dataset, self.batch, shuffle=True, num_workers=threads, persistent_workers=True,
                prefetch_factor=epochs.AHEAD, collate_fn=Collate(loader.transform()),
            )
        for images, _labels in self.loaders[threads]:
            yield images


VERSIONS = f"autoaugment {autoaugment.__version__}, {torch_pillow.VERSIONS}"

if __name__ == "__main__":
    torch.set_num_threads(1)
    epochs.serve(ComposeLoader, VERSIONS)
