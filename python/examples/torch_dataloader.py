"""torch: the article's policy among the transforms of torchvision, and a DataLoader with workers.

    python torch_dataloader.py FOLDER        one folder of images for each class
"""

import sys

import torch
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

from autoaugment import ImageNetPolicy


def main(root: str) -> None:
    # Seeds the draws of torchvision and ours, in the workers too.
    torch.manual_seed(0)
    transform = transforms.Compose(
        [
            transforms.RandomResizedCrop(64),
            transforms.RandomHorizontalFlip(),
            ImageNetPolicy(),
            transforms.ToTensor(),
            transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ]
    )
    dataset = datasets.ImageFolder(root, transform)
    loader = DataLoader(dataset, batch_size=8, shuffle=True, num_workers=2)

    network = torch.nn.Sequential(
        torch.nn.Conv2d(3, 16, 3, stride=2),
        torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(4),
        torch.nn.Flatten(),
        torch.nn.Linear(256, len(dataset.classes)),
    )
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3)
    for epoch in range(2):
        seen, total = 0, 0.0
        for images, labels in loader:
            loss = torch.nn.functional.cross_entropy(network(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            seen, total = seen + len(labels), total + loss.item() * len(labels)
        print(f"epoch {epoch}: {seen} images, loss {total / seen:.3f}")


if __name__ == "__main__":
    main(sys.argv[1])
