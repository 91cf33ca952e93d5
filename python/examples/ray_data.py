"""Ray Data: files are read, decoded and augmented by actors.

    python ray_data.py FOLDER ACTORS         one folder of images for each class

The last line is the same for every number of actors: it has a checksum of all images. Draws depend on the seed, the
epoch and the index alone, so that nothing has to be coordinated.
"""

import hashlib
import sys
from pathlib import Path
from typing import Any

import ray

from autoaugment import AutoAugment, Compose, Normalize, RandomHorizontalFlip, RandomResizedCrop
from autoaugment.ray import MapBatches


def transform() -> Compose:
    return Compose(
        [RandomResizedCrop(64), RandomHorizontalFlip(), AutoAugment("imagenet"), Normalize("imagenet")], seed=42
    )


def summary(images: dict[int, Any]) -> str:
    checksum = hashlib.sha256()
    for index in sorted(images):
        checksum.update(images[index].tobytes())
    return f"{len(images)} images of {images[0].shape}, checksum {checksum.hexdigest()[:16]}"


def main(root: str, actors: int) -> None:
    ray.init(num_cpus=actors + 1, include_dashboard=False, log_to_driver=False)
    files = sorted(Path(root).glob("*/*.jpg"))
    rows = [{"index": index, "path": str(file), "label": file.parent.name} for index, file in enumerate(files)]
    dataset = ray.data.from_items(rows, override_num_blocks=4)
    dataset = dataset.map(lambda row: row | {"image": Path(row["path"]).read_bytes()})
    augmented = dataset.map_batches(
        MapBatches,
        fn_constructor_args=(transform(),),
        batch_size=5,
        compute=ray.data.ActorPoolStrategy(size=actors),
    )
    print(summary({row["index"]: row["image"] for row in augmented.iter_rows()}))
    ray.shutdown()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
