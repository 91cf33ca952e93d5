"""Our `Loader`: threads read, decode, crop, flip, augment and normalize. No worker processes."""

import package  # noqa: F401

import autoaugment
import epochs


def transform(**options):
    """The recipe of benches/files."""
    return autoaugment.Compose(
        [
            autoaugment.RandomResizedCrop(epochs.CROP, epochs.AREA, epochs.RATIO),
            autoaugment.RandomHorizontalFlip(0.5),
            autoaugment.AutoAugment("imagenet"),
            autoaugment.Normalize(epochs.MEAN, epochs.DEVIATION),
        ],
        device="cpu",
        **options,
    )


class OurLoader:
    def __init__(self, folder, shards, batch, count):
        self.folder, self.batch, self.loaders = folder, batch, {}

    def epoch(self, source, threads):
        epochs.only(source, "folder")
        if threads not in self.loaders:
            self.loaders[threads] = autoaugment.Loader(
                autoaugment.ImageFolder(self.folder), transform(seed=42), batch_size=self.batch, shuffle=True,
                threads=threads,
            )
        for batch in self.loaders[threads]:
            yield batch.images


if __name__ == "__main__":
    epochs.serve(OurLoader, f"autoaugment {autoaugment.__version__}")
