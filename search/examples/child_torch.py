#!/usr/bin/env python3
"""A child of a search that trains with PyTorch: CIFAR-10's first 4,000 images as the paper's reduced CIFAR-10 has.

    autoaugment search --child 'python3 search/examples/child_torch.py /data/cifar10' --threads 4 --out policy.json

It needs torch, torchvision and the files of CIFAR-10, which torchvision downloads to the folder if they are not there.
AUTOAUGMENT_SLOT is below --threads and differs among children that run at once, so that each takes a GPU of its own.
The policy is drawn as by torchvision's AutoAugment, whose convention the search's policies have. Change `network`, `data`
and `EPOCHS` to your own.
"""

import json
import os
import sys

import torch
import torchvision
from torchvision.transforms import v2

EPOCHS = 20
TRAINING, VALIDATION = 4000, 5000


def augmentation(policy):
    """torchvision's AutoAugment with the sub-policies of a job."""
    if policy is None:
        return v2.Identity()
    augment = v2.AutoAugment()
    # SamplePairing needs a second image, and Cutout is none of AutoAugment's; leave both out of --operations.
    augment._policies = [
        tuple((step["op"], step["probability"], int(step["magnitude"])) for step in steps)
        for steps in policy["sub_policies"]
    ]
    return augment


def data(folder, policy):
    whole = torchvision.datasets.CIFAR10(folder, download=True)
    images = torch.from_numpy(whole.data).permute(0, 3, 1, 2)
    labels = torch.tensor(whole.targets)
    augment = v2.Compose([v2.RandomCrop(32, padding=4), v2.RandomHorizontalFlip(), augmentation(policy)])
    return images, labels, augment


def network():
    return torchvision.models.resnet18(num_classes=10)


def main():
    job = json.loads(sys.stdin.readline())
    torch.manual_seed(job["seed"] % 2**63)
    slot = int(os.environ.get("AUTOAUGMENT_SLOT", "0"))
    count = torch.cuda.device_count()
    device = torch.device(f"cuda:{slot % count}" if count else "cpu")

    images, labels, augment = data(sys.argv[1], job["policy"])
    scale = lambda batch: (batch.float() / 255 - 0.47) / 0.25
    net = network().to(device)
    steps = EPOCHS * (TRAINING // 100)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4, nesterov=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(EPOCHS):
        for chosen in torch.randperm(TRAINING).split(100):
            batch = torch.stack([augment(images[i]) for i in chosen])
            loss = torch.nn.functional.cross_entropy(net(scale(batch).to(device)), labels[chosen].to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()

    net.eval()
    right, loss = 0, 0.0
    with torch.no_grad():
        for chosen in torch.arange(TRAINING, TRAINING + VALIDATION).split(500):
            answers, truth = net(scale(images[chosen]).to(device)), labels[chosen].to(device)
            loss += torch.nn.functional.cross_entropy(answers, truth, reduction="sum").item()
            right += (answers.argmax(1) == truth).sum().item()
    print(json.dumps({"accuracy": right / VALIDATION, "loss": loss / VALIDATION}))


if __name__ == "__main__":
    main()
