"""timm's `create_loader`, from a class folder: Pillow, its transforms, and its prefetcher, which normalizes batches."""

import PIL
import timm
import torch
from timm.data import create_dataset, create_loader

import epochs


class TimmLoader:
    def __init__(self, folder, shards, batch, count):
        self.folder, self.batch, self.loaders = folder, batch, {}

    def epoch(self, source, threads):
        epochs.only(source, "folder")
        if threads not in self.loaders:
            self.loaders[threads] = create_loader(
                create_dataset("", root=self.folder), input_size=(3, epochs.CROP, epochs.CROP), batch_size=self.batch,
                is_training=True, scale=epochs.AREA, ratio=epochs.RATIO, hflip=0.5, color_jitter=0.0,
                auto_augment="original", interpolation="bilinear", mean=epochs.MEAN, std=epochs.DEVIATION,
                num_workers=threads, persistent_workers=True, pin_memory=False, device=torch.device("cpu"),
            )
        for images, _labels in self.loaders[threads]:
            yield images


if __name__ == "__main__":
    torch.set_num_threads(1)
    epochs.serve(TimmLoader, f"timm {timm.__version__}, torch {torch.__version__}, pillow {PIL.__version__}")
