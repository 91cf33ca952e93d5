#!/usr/bin/env python3
"""The article's experiment with its own data: a network that knows ImageNet is fine-tuned on other classes.

Policies against each other, each with the same seeds:

    fine_tune.py compare --set pets --data /data --weights w.pth --policy none,imagenet,found.json --out pets.csv

A child of a search, which trains for a few epochs with the policy that it is given:

    autoaugment search --out found.json --child 'fine_tune.py child --set pets --data /data --weights w.pth'

It needs torch, torchvision, timm and autoaugment. Nothing is downloaded: `--data` has the files as torchvision unpacks
them, and `--weights` those of timm's network.
"""

import argparse
import copy
import csv
import json
import os
import random
import statistics
import sys
from pathlib import Path

import numpy
import timm
import torch
import torchvision.datasets as sets
from autoaugment import AutoAugment, CenterCrop, Compose, Normalize, RandomHorizontalFlip, RandomResizedCrop, Resize
from torch.utils.data import ConcatDataset, DataLoader, Subset

FIELDS = ["policy", "seed", "epochs", "validation", "test"]


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mode", choices=["compare", "child"])
    parser.add_argument("--set", choices=SETS, default="folders", help="the data set's form")
    parser.add_argument("--data", type=Path, required=True, help="folders: one with train/CLASS and test/CLASS")
    parser.add_argument("--network", default="inception_v4", help="a network of timm")
    parser.add_argument("--weights", required=True, help="a file of its weights on ImageNet; none for random ones")
    parser.add_argument("--size", type=int, default=448, help="side of the images in pixels")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=0.01, help="SGD's rate at first")
    parser.add_argument("--epochs", type=int, help="at most; 10 for a child")
    parser.add_argument("--least-crop", type=float, default=0.08, help="the least part of an image that a crop has")
    parser.add_argument("--held-out", type=float, default=0.2, help="the part of the training images for validation")
    parser.add_argument("--policy", default="none,imagenet", help="none, names, and files that end in .json or .txt")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, help="a CSV of all runs; those that it has are not done again")
    parser.add_argument("--workers", type=int, default=min(4, os.cpu_count() or 1), help="processes that read images")
    return parser.parse_args()


def rgb(image):
    return image.convert("RGB")


def caltech101(root):
    """30 images of each class for training, as in the paper, and all others for testing, without the background."""
    whole = sets.Caltech101(root, transform=rgb)
    chosen = divided(whole.y, 0, lambda count: min(30, count - 1))
    return tuple((Subset(whole, part), [whole.y[i] for i in part]) for part in chosen)


def flowers102(root):
    train, val, test = (sets.Flowers102(root, split=split) for split in ("train", "val", "test"))
    return (ConcatDataset([train, val]), train._labels + val._labels), (test, test._labels)


def halves(make, labels):
    """A data set whose parts for training and for testing are given."""
    return lambda root: tuple((part, labels(part)) for part in make(root))


SETS = {
    "flowers": flowers102,
    "caltech": caltech101,
    "pets": halves(lambda root: [sets.OxfordIIITPet(root, s) for s in ("trainval", "test")], lambda part: part._labels),
    "aircraft": halves(lambda root: [sets.FGVCAircraft(root, s) for s in ("trainval", "test")], lambda p: p._labels),
    "cars": halves(
        lambda root: [sets.StanfordCars(root, s) for s in ("train", "test")], lambda p: [c for _, c in p._samples]
    ),
    "folders": halves(lambda root: [sets.ImageFolder(root / s) for s in ("train", "test")], lambda p: p.targets),
}


def divided(labels, seed, first):
    """Two lists of indices. Of a class with so many images, the first one has `first(count)`, drawn by the seed."""
    by_class = {}
    for index, label in enumerate(labels):
        by_class.setdefault(label, []).append(index)
    parts = [], []
    for _, indices in sorted(by_class.items()):
        random.Random(seed).shuffle(indices)
        count = first(len(indices))
        parts[0].extend(indices[:count])
        parts[1].extend(indices[count:])
    return parts


class Collate:
    """Makes a batch of samples: first images of one size, so that SamplePairing finds partners, then the policy."""

    def __init__(self, stages, policy, network):
        config = timm.get_pretrained_cfg(network)
        self.sized = Compose(stages, device="cpu", threads=1)
        self.policy = policy and AutoAugment(policy, device="cpu", threads=1)
        self.normalized = Compose([Normalize(config.mean, config.std)], device="cpu", threads=1)

    def __call__(self, samples):
        images, labels = zip(*samples, strict=True)
        batch = numpy.stack([numpy.asarray(image) for image in self.sized(list(images))])
        if self.policy:
            batch = self.policy(batch)
        return torch.from_numpy(self.normalized(batch)), torch.tensor(labels)


class Trainer:
    """The data and the network, for runs with policies and seeds."""

    def __init__(self, options):
        self.options = options
        (self.known, self.labels), (self.test, test_labels) = SETS[options.set](options.data)
        self.classes = max(*self.labels, *test_labels) + 1
        slot = int(os.environ.get("AUTOAUGMENT_SLOT", "0"))
        count = torch.cuda.device_count()
        self.device = torch.device(f"cuda:{slot % count}" if count else "cpu")

    def network(self):
        known = {} if self.options.weights == "none" else {"pretrained_cfg_overlay": {"file": self.options.weights}}
        network = timm.create_model(self.options.network, bool(known), num_classes=self.classes, **known)
        return network.to(self.device)

    def batches(self, dataset, stages, policy=None, seed=None):
        """Batches of normalized images, shuffled if there is a seed."""
        generator = None if seed is None else torch.Generator().manual_seed(seed)
        return DataLoader(
            dataset,
            self.options.batch,
            shuffle=seed is not None,
            generator=generator,
            collate_fn=Collate(stages, policy, self.options.network),
            num_workers=self.options.workers,
        )

    def tested(self, network, dataset):
        """Accuracy and mean loss."""
        size = self.options.size
        network.eval()
        right, loss = 0, 0.0
        with torch.no_grad():
            for images, labels in self.batches(dataset, [Resize(size * 8 // 7), CenterCrop(size)]):
                scores, labels = network(images.to(self.device)), labels.to(self.device)
                right += (scores.argmax(1) == labels).sum().item()
                loss += torch.nn.functional.cross_entropy(scores, labels, reduction="sum").item()
        return right / len(dataset), loss / len(dataset)

    def run(self, policy, seed, epochs, patience=15, halved_after=5):
        """Fine-tunes all layers. The rate is halved, and training stops, after epochs without a gain on the validation
        images. Returns the network of the best epoch, the number of epochs, and what it says of the validation images.
        """
        seed %= 2**63
        torch.manual_seed(seed)
        held_out, training = divided(self.labels, seed, lambda count: round(self.options.held_out * count))
        training, held_out = Subset(self.known, training), Subset(self.known, held_out)
        if not len(training) or not len(held_out):
            sys.exit("no images for training or validation; change --held-out")
        stages = [RandomResizedCrop(self.options.size, (self.options.least_crop, 1.0)), RandomHorizontalFlip()]
        batches = self.batches(training, stages, policy, seed)
        network = self.network()
        optimizer = torch.optim.SGD(network.parameters(), lr=self.options.rate, momentum=0.9)
        best, since, done = None, 0, 0
        while done < epochs and since < patience:
            network.train()
            for images, labels in batches:
                scores = network(images.to(self.device))
                loss = torch.nn.functional.cross_entropy(scores, labels.to(self.device))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            done += 1
            accuracy, loss = self.tested(network, held_out)
            if best is None or accuracy > best[0]:
                best, since = (accuracy, loss, copy.deepcopy(network.state_dict())), 0
                continue
            since += 1
            if since % halved_after == 0:
                optimizer.param_groups[0]["lr"] /= 2
        network.load_state_dict(best[2])
        return network, done, best[:2]


def text_of(name):
    """A policy as AutoAugment takes it."""
    if name == "none":
        return None
    return Path(name).read_text() if name.endswith((".json", ".txt")) else name


def child(options):
    job = json.loads(sys.stdin.readline())
    policy = job["policy"] if job["policy"] is None or isinstance(job["policy"], str) else json.dumps(job["policy"])
    _, _, (accuracy, loss) = Trainer(options).run(policy, job["seed"], options.epochs or 10)
    print(json.dumps({"accuracy": accuracy, "loss": loss}))


def compare(options):
    # Before hours of training: a name that is wrong.
    policies = {name: text_of(name) for name in options.policy.split(",")}
    for policy in filter(None, policies.values()):
        AutoAugment(policy, device="cpu")
    trainer = Trainer(options)
    rows = []
    if options.out and options.out.exists():
        with options.out.open(newline="") as file:
            rows = list(csv.DictReader(file))
    for seed in range(options.seeds):
        for name, policy in policies.items():
            if any(row["policy"] == name and int(row["seed"]) == seed for row in rows):
                continue
            network, epochs, (validation, _) = trainer.run(policy, seed, options.epochs or 1000)
            test, _ = trainer.tested(network, trainer.test)
            rows.append(dict(zip(FIELDS, [name, seed, epochs, validation, test], strict=True)))
            print(f"{name}, seed {seed}: {epochs} epochs, test {100 * test:.2f} %", file=sys.stderr)
            if options.out:
                # Whole or not at all, whatever stops the program.
                new = options.out.with_suffix(".new")
                with new.open("w", newline="") as file:
                    writer = csv.DictWriter(file, FIELDS)
                    writer.writeheader()
                    writer.writerows(rows)
                new.replace(options.out)
    print(table(rows, list(policies)))


def table(rows, names):
    """Accuracies, and gains over the first policy seed by seed."""
    tests = {name: {} for name in names}
    for row in (row for row in rows if row["policy"] in tests):
        tests[row["policy"]][int(row["seed"])] = 100 * float(row["test"])
    lines = [f"| fine-tuned | test accuracy | minus {names[0]} |", "|--|--|--|"]
    for name in names:
        seeds = sorted(tests[name].keys() & tests[names[0]].keys())
        gains = [tests[name][seed] - tests[names[0]][seed] for seed in seeds]
        gain = f"{statistics.mean(gains):+.2f}"
        if len(gains) > 1:
            gain += f" ± {statistics.stdev(gains) / len(gains) ** 0.5:.2f}"
        lines.append(f"| {name} | {statistics.mean(tests[name].values()):.2f} | {gain} |")
    return "\n".join(lines)


if __name__ == "__main__":
    given = options()
    child(given) if given.mode == "child" else compare(given)
