"""Hugging Face datasets: a transform that is applied when rows are read, by their index.

    python hugging_face.py FOLDER            one folder of images for each class
"""

import sys

import datasets
import numpy as np

from autoaugment import AutoAugment, Compose, Normalize, RandomHorizontalFlip, RandomResizedCrop
from autoaugment.hf import WithTransform


def main(root: str) -> None:
    rows = datasets.load_dataset("imagefolder", data_dir=root, split="train")
    # Rows keep their index when they are shuffled, and so their draws.
    rows = rows.add_column("index", list(range(len(rows))))
    transform = Compose(
        [RandomResizedCrop(64), RandomHorizontalFlip(), AutoAugment("imagenet"), Normalize("imagenet")], seed=42
    )
    for epoch in range(2):
        augment = WithTransform(transform, output="pixels", index="index", epoch=epoch)
        shuffled = rows.shuffle(seed=epoch).with_transform(augment, columns=["image", "index"], output_all_columns=True)
        seen = 0
        for batch in shuffled.iter(batch_size=8):
            pixels = np.asarray(batch["pixels"])
            assert pixels.shape[1:] == (3, 64, 64) and len(batch["label"]) == len(pixels)
            seen += len(pixels)
        print(f"epoch {epoch}: {seen} images of {pixels.shape[1:]}")


if __name__ == "__main__":
    main(sys.argv[1])
