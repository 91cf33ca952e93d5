"""jax: batches of `Loader` as arrays of jax, and a small network.

    python jax_train.py FOLDER               one folder of images for each class
"""

import sys
from typing import Any

import jax
import jax.numpy as jnp

from autoaugment import AutoAugment, Compose, ImageFolder, Loader, Normalize, RandomHorizontalFlip, RandomResizedCrop


def logits(parameters: dict[str, Any], images: Any) -> Any:
    """A convolution, means over parts of the image, and a linear layer."""
    maps = jax.lax.conv_general_dilated(images, parameters["kernel"], (4, 4), "SAME", dimension_numbers=LAYOUT)
    maps = jax.nn.relu(maps)
    means = maps.reshape(len(maps), -1, 4, 4, 4, 4).mean(axis=(3, 5))
    return means.reshape(len(maps), -1) @ parameters["weights"]


LAYOUT = ("NCHW", "OIHW", "NCHW")


def loss(parameters: dict[str, Any], images: Any, labels: Any) -> Any:
    each = jax.nn.log_softmax(logits(parameters, images))
    return -each[jnp.arange(len(labels)), labels].mean()


def main(root: str) -> None:
    transform = Compose(
        [RandomResizedCrop(64), RandomHorizontalFlip(), AutoAugment("imagenet"), Normalize("imagenet")], seed=42
    )
    # With drop_last all batches have one shape, and jax compiles the step once.
    loader = Loader(ImageFolder(root), transform, batch_size=8, shuffle=True, drop_last=True, as_="jax")

    one, two = jax.random.split(jax.random.key(0))
    parameters = {
        "kernel": jax.random.normal(one, (16, 3, 5, 5)) / 9,
        "weights": jax.random.normal(two, (256, len(loader.classes))) / 16,
    }
    step = jax.jit(jax.value_and_grad(loss))
    for epoch in range(2):
        seen, total = 0, 0.0
        for batch in loader:
            value, slope = step(parameters, batch.images, batch.labels)
            parameters = jax.tree.map(lambda old, down: old - 0.05 * down, parameters, slope)
            seen, total = seen + len(batch), total + float(value) * len(batch)
        print(f"epoch {epoch}: {seen} images, loss {total / seen:.3f}")


if __name__ == "__main__":
    main(sys.argv[1])
