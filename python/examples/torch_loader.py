"""torch: files to mixed batches by `Loader`, without worker processes, and a training that can be interrupted.

    python torch_loader.py FOLDER            one folder of images for each class
"""

import sys
from pathlib import Path

import torch

from autoaugment import (
    AutoAugment,
    Compose,
    CutMix,
    ImageFolder,
    Loader,
    MixUp,
    Normalize,
    RandomHorizontalFlip,
    RandomResizedCrop,
)


def main(root: str) -> None:
    torch.manual_seed(0)
    transform = Compose(
        [RandomResizedCrop(64), RandomHorizontalFlip(), AutoAugment("imagenet"), Normalize("imagenet")], seed=42
    )
    loader = Loader(
        ImageFolder(root), transform, batch_size=8, shuffle=True, mixing=[MixUp(0.2), CutMix()], as_="torch"
    )

    network = torch.nn.Sequential(
        torch.nn.Conv2d(3, 16, 3, stride=2),
        torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(4),
        torch.nn.Flatten(),
        torch.nn.Linear(256, len(loader.classes)),
    )
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3)
    checkpoint = Path(root).with_suffix(".checkpoint.pt")
    if checkpoint.exists():
        state = torch.load(checkpoint)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        loader.load_state_dict(state["loader"])

    while loader.state_dict()["epoch"] < 2:
        epoch, seen, total = loader.state_dict()["epoch"], 0, 0.0
        for batch in loader:
            loss = torch.nn.functional.cross_entropy(network(batch.images), batch.soft_labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            seen, total = seen + len(batch), total + loss.item() * len(batch)
        parts = {"network": network, "optimizer": optimizer, "loader": loader}
        torch.save({name: part.state_dict() for name, part in parts.items()}, checkpoint)
        print(f"epoch {epoch}: {seen} images, loss {total / seen:.3f}")


if __name__ == "__main__":
    main(sys.argv[1])
