"""Pictures: images that hurt, and random ones."""

import numpy
from PIL import Image, ImageOps

from reference import image_of

PHOTOS = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg")


def splitmix64(seed, count):
    """`count` bytes: the SplitMix64 generator's numbers, little end first."""
    with numpy.errstate(over="ignore"):
        z = numpy.uint64(seed) + numpy.arange(1, (count + 7) // 8 + 1, dtype=numpy.uint64) * numpy.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        z ^= z >> numpy.uint64(31)
    return z.astype("<u8").tobytes()[:count]


def mixed(seed, width, height, channels):
    return image_of(splitmix64(seed, width * height * channels), width, height, channels)


def every_value(channels):
    """16 x 16: each channel has each of the 256 values once, in another order each."""
    values = numpy.arange(256)
    orders = [(values * factor + 7) % 256 for factor in (1, 77, 201)][:channels]
    return image_of(numpy.stack(orders, -1).astype(numpy.uint8).tobytes(), 16, 16, channels)


def constant(width, height, color):
    return Image.new("RGB" if isinstance(color, tuple) else "L", (width, height), color)


def two_valued(seed, width, height, low, high):
    """Each value is one of two, in each channel; `low` and `high` have one number a channel."""
    bits = numpy.frombuffer(splitmix64(seed, width * height * len(low)), numpy.uint8).reshape(height, width, -1) & 1
    values = numpy.where(bits == 1, numpy.array(high), numpy.array(low)).astype(numpy.uint8)
    return image_of(values.tobytes(), width, height, len(low))


def ramp(along_rows):
    """256 x 256 gray: the column's number, or the row's. Together they have every pair of values."""
    columns = numpy.tile(numpy.arange(256, dtype=numpy.uint8), (256, 1))
    return image_of((columns.T if along_rows else columns).tobytes(), 256, 256, 1)


def photo(root, name, size=None):
    image = Image.open(root / "photos" / name).convert("RGB")
    return image if size is None else ImageOps.fit(image, size)


def random_size(rng):
    """Tiny ones, ones with a side of 1, odd ones, and a few larger."""
    kind = rng.integers(8)
    if kind == 0:
        return int(rng.integers(1, 5)), int(rng.integers(1, 5))
    if kind == 1:
        long = int(rng.integers(1, 80))
        return (1, long) if rng.integers(2) else (long, 1)
    if kind == 2:
        side = int(rng.integers(2, 60))
        return side, side
    if kind == 3:
        return int(rng.integers(60, 130)), int(rng.integers(60, 130))
    return int(rng.integers(3, 60)), int(rng.integers(3, 60))


def random_picture(rng, width, height, channels):
    """Noise, a limited range, one value, two values, a gradient, or a normal distribution; its kind and the image."""
    shape = (height, width, channels)
    kind = ("noise", "limited", "constant", "two-valued", "gradient", "normal")[rng.integers(6)]
    if kind == "noise":
        values = rng.integers(0, 256, shape)
    elif kind == "limited":
        low, high = sorted(rng.integers(0, 256, 2))
        values = rng.integers(low, high + 1, shape)
    elif kind == "constant":
        values = numpy.broadcast_to(rng.integers(0, 256, channels), shape)
    elif kind == "two-valued":
        values = rng.choice(rng.integers(0, 256, 2), shape)
    elif kind == "gradient":
        line = numpy.linspace(0, 255, width)[None, :, None] + numpy.linspace(0, 60, height)[:, None, None]
        values = line + rng.integers(-6, 7, shape)
    else:
        values = rng.normal(128, 40, shape)
    return kind, image_of(numpy.clip(values, 0, 255).astype(numpy.uint8).tobytes(), width, height, channels)
