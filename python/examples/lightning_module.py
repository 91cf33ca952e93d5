"""Lightning: a `Loader` as the data loader of a Trainer, which saves and restores its place.

    python lightning_module.py FOLDER        one folder of images for each class
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import lightning
import torch

from autoaugment import Batch, Compose, ImageFolder, Loader


class Classifier(lightning.LightningModule):
    def __init__(self, classes: int) -> None:
        super().__init__()
        self.seen, self.total = 0, 0.0
        self.network = torch.nn.Sequential(
            torch.nn.Conv2d(3, 16, 3, stride=4),
            torch.nn.ReLU(),
            torch.nn.AdaptiveAvgPool2d(4),
            torch.nn.Flatten(),
            torch.nn.Linear(256, classes),
        )

    def training_step(self, batch: Batch, _number: int) -> Any:
        loss = torch.nn.functional.cross_entropy(self.network(batch.images), batch.labels)
        self.seen, self.total = self.seen + len(batch), self.total + loss.item() * len(batch)
        return loss

    def on_train_epoch_end(self) -> None:
        print(f"epoch {self.current_epoch}: {self.seen} images, loss {self.total / self.seen:.3f}")

    def configure_optimizers(self) -> Any:
        return torch.optim.AdamW(self.parameters(), lr=1e-3)


def main(root: str) -> None:
    lightning.seed_everything(0)

    def loader() -> Loader:
        transform = Compose.imagenet("imagenet", seed=42)
        return Loader(ImageFolder(root), transform, batch_size=8, shuffle=True, as_="torch")

    with tempfile.TemporaryDirectory() as folder:

        def trainer(epochs: int) -> Any:
            quiet = {"logger": False, "enable_progress_bar": False, "default_root_dir": folder}
            return lightning.Trainer(max_epochs=epochs, accelerator="cpu", **quiet)

        first, batches = trainer(1), loader()
        first.fit(Classifier(len(batches.classes)), batches)
        checkpoint = Path(folder, "checkpoint.ckpt")
        first.save_checkpoint(checkpoint)
        # Another process goes on there.
        trainer(2).fit(Classifier(len(batches.classes)), loader(), ckpt_path=checkpoint)


if __name__ == "__main__":
    main(sys.argv[1])
