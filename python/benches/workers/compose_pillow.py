"""The same from images of PIL, which the data set has opened and which are decoded by Pillow."""

import package  # noqa: F401
import torch
from torchvision.datasets.folder import pil_loader

import compose
import epochs


class PillowLoader(compose.ComposeLoader):
    opened = pil_loader


if __name__ == "__main__":
    torch.set_num_threads(1)
    epochs.serve(PillowLoader, compose.VERSIONS)
