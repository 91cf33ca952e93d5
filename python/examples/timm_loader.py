"""timm: what `create_loader` and its transform do, by `Loader` and `Compose`, for one of timm's networks.

    python timm_loader.py FOLDER             one folder of images for each class

It replaces

    create_loader(create_dataset("", root), (3, 160, 160), batch_size=8, is_training=True, interpolation="bicubic",
                  auto_augment="rand-m9-mstd0.5-inc1", re_prob=0.25, re_mode="const")
"""

import sys

import timm
import torch
from timm.data import resolve_data_config
from timm.optim import create_optimizer_v2

from autoaugment import (
    AutoAugment,
    Compose,
    ImageFolder,
    Loader,
    Normalize,
    RandomErasing,
    RandomHorizontalFlip,
    RandomResizedCrop,
)


def create_transform(model: torch.nn.Module, auto_augment: str, re_prob: float) -> Compose:
    """What the network was made for: its size, interpolation, mean and deviation."""
    data = resolve_data_config(model=model)
    fill = tuple(round(255 * value) for value in data["mean"])
    return Compose(
        [
            RandomResizedCrop(data["input_size"][1:], interpolation=data["interpolation"]),
            RandomHorizontalFlip(),
            AutoAugment(auto_augment),
            # timm erases to 0 after it normalizes: to the mean.
            RandomErasing(re_prob, scale=(0.02, 1 / 3), ratio=(0.3, 1 / 0.3), fill=fill),
            Normalize(data["mean"], data["std"]),
        ],
        seed=42,
    )


def main(root: str) -> None:
    torch.manual_seed(0)
    model = timm.create_model("test_resnet", num_classes=3)
    transform = create_transform(model, "rand-m9-mstd0.5-inc1", re_prob=0.25)
    loader = Loader(ImageFolder(root), transform, batch_size=8, shuffle=True, as_="torch")
    optimizer = create_optimizer_v2(model, "adamw", lr=1e-3)
    for epoch in range(2):
        seen, total = 0, 0.0
        for batch in loader:
            loss = torch.nn.functional.cross_entropy(model(batch.images), batch.labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            seen, total = seen + len(batch), total + loss.item() * len(batch)
        print(f"epoch {epoch}: {seen} images of {tuple(batch.images.shape[1:])}, loss {total / seen:.3f}")


if __name__ == "__main__":
    main(sys.argv[1])
