"""grain: files are read and augmented by their index, then shuffled and batched.

    python grain_pipeline.py FOLDER          one folder of images for each class
"""

import sys
from pathlib import Path
from typing import Any

import grain

from autoaugment import AutoAugment, Compose, Normalize, RandomHorizontalFlip, RandomResizedCrop
from autoaugment.grain import MapWithIndex


class Files:
    """The files of a folder as grain reads them."""

    def __init__(self, root: str) -> None:
        self.files = sorted(Path(root).glob("*/*.jpg"))
        self.classes = sorted({file.parent.name for file in self.files})

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: Any) -> dict[str, Any]:
        file = self.files[index]
        return {"image": file.read_bytes(), "label": self.classes.index(file.parent.name)}


def main(root: str) -> None:
    transform = Compose(
        [RandomResizedCrop(64), RandomHorizontalFlip(), AutoAugment("imagenet"), Normalize("imagenet")], seed=42
    )
    source = grain.MapDataset.source(Files(root))
    for epoch in range(2):
        # Before the shuffle, where the index is the sample's.
        augmented = source.map_with_index(MapWithIndex(transform, epoch=epoch))
        seen = 0
        for batch in augmented.shuffle(seed=epoch).batch(8).to_iter_dataset():
            assert batch["image"].shape[1:] == (3, 64, 64)
            seen += len(batch["label"])
        print(f"epoch {epoch}: {seen} images of {batch['image'].shape[1:]}")


if __name__ == "__main__":
    main(sys.argv[1])
