"""webdataset: images of tar shards, augmented by their keys; and shards by `Loader`, without webdataset.

    python webdataset_shards.py SHARD.tar ...        with the members KEY.jpg and KEY.cls

The draws of a sample depend on its key, wherever it stands: shuffled, or in other shards. `Loader` goes by its number.
"""

import sys
from collections.abc import Iterable
from typing import Any

import numpy as np
import webdataset

from autoaugment import AutoAugment, Compose, Loader, Normalize, RandomResizedCrop, TarShards

TRANSFORM = Compose([RandomResizedCrop(64), AutoAugment("imagenet"), Normalize("imagenet")], seed=42)


def augmented(sample: tuple[str, bytes, bytes]) -> tuple[Any, int]:
    """The image of a member, decoded and augmented in one call."""
    key, image, label = sample
    return TRANSFORM(image, index=key, epoch=0), int(label)


def summary(batches: Iterable[tuple[Any, Any]]) -> str:
    images, labels = (np.concatenate([np.asarray(part) for part in parts]) for parts in zip(*batches, strict=True))
    return f"{images.shape}, mean {images.mean():.5f}, labels {np.bincount(labels).tolist()}"


def main(shards: list[str]) -> None:
    dataset = webdataset.WebDataset(shards, shardshuffle=False, empty_check=False).shuffle(100)
    dataset = dataset.to_tuple("__key__", "jpg", "cls").map(augmented).batched(8)
    print("webdataset:", summary(iter(webdataset.WebLoader(dataset, batch_size=None))))

    loader = Loader(TarShards(shards), TRANSFORM, batch_size=8, shuffle=True)
    print("Loader:", summary((batch.images, batch.labels) for batch in loader))


if __name__ == "__main__":
    main(sys.argv[1:])
