"""webdataset, from tar shards, with Pillow and torchvision's transforms v2."""

import PIL
import torch
import torchvision
import webdataset

import epochs
import torch_pillow


class WebDatasetLoader:
    def __init__(self, folder, shards, batch, count):
        self.shards, self.batch, self.loaders = shards, batch, {}

    def epoch(self, source, threads):
        epochs.only(source, "shards")
        if threads not in self.loaders:
            dataset = webdataset.WebDataset(self.shards, shardshuffle=len(self.shards), empty_check=False)
            dataset = dataset.shuffle(1000).decode("pilrgb").to_tuple("jpg", "cls")
            dataset = dataset.map_tuple(torch_pillow.transform(), lambda label: label).batched(self.batch)
            self.loaders[threads] = webdataset.WebLoader(
                dataset, batch_size=None, num_workers=threads, persistent_workers=True, prefetch_factor=epochs.AHEAD,
            )
        for images, _labels in self.loaders[threads]:
            yield images


if __name__ == "__main__":
    torch.set_num_threads(1)
    versions = f"webdataset {webdataset.__version__}, torchvision {torchvision.__version__}"
    epochs.serve(WebDatasetLoader, f"{versions}, torch {torch.__version__}, pillow {PIL.__version__}")
