#!/usr/bin/env python3
"""Reference: every operation as calls into an installed Pillow, for the tests that compare this crate's bytes with it.

An operation is a dict as plans have it in JSON: {"op": "Rotate", "degrees": 30.0, "interpolation": "nearest", "fill":
[0, 0, 0]}. Nothing here computes a pixel itself; what Pillow has no function for (SolarizeAdd, and Posterize with 0
bits, which Pillow 13 refuses) is a table given to `Image.point`.

Run as a program it prints the versions as JSON. Its exit code is 2 if there is no Pillow 13 or no NumPy.
"""

import json
import platform
import sys

try:
    import numpy
    import PIL
    from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps
except ImportError as error:
    print(f"the reference needs Pillow 13 and NumPy: {error}", file=sys.stderr)
    sys.exit(2)

PILLOW = "13."
if not PIL.__version__.startswith(PILLOW):
    print(f"the reference is Pillow {PILLOW}x, and {PIL.__version__} is installed", file=sys.stderr)
    sys.exit(2)

INTERPOLATIONS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}

# The bytes are those of x86-64: elsewhere compilers may fuse a product and a sum, and a few bytes differ by 1.
VERSIONS = {
    "pillow": PIL.__version__,
    "numpy": numpy.__version__,
    "python": platform.python_version(),
    "machine": platform.machine(),
}


def fill_color(op, image):
    """The fill as Pillow wants it for this mode: gray images take the first channel."""
    return tuple(op["fill"]) if image.mode == "RGB" else op["fill"][0]


def table(image, f):
    return image.point([f(value) for value in range(256)] * len(image.getbands()))


def affine(op, image, matrix):
    method = INTERPOLATIONS[op["interpolation"]]
    return image.transform(image.size, Image.Transform.AFFINE, matrix, method, fillcolor=fill_color(op, image))


def identity(op, image, batch):
    return image.copy()


def shear_x(op, image, batch):
    return affine(op, image, (1, op["factor"], 0, 0, 1, 0))


def shear_y(op, image, batch):
    return affine(op, image, (1, 0, 0, op["factor"], 1, 0))


def translate_x(op, image, batch):
    return affine(op, image, (1, 0, -op["pixels"], 0, 1, 0))


def translate_y(op, image, batch):
    return affine(op, image, (1, 0, 0, 0, 1, -op["pixels"]))


def rotate(op, image, batch):
    return image.rotate(op["degrees"], INTERPOLATIONS[op["interpolation"]], fillcolor=fill_color(op, image))


def auto_contrast(op, image, batch):
    return ImageOps.autocontrast(image)


def invert(op, image, batch):
    return ImageOps.invert(image)


def equalize(op, image, batch):
    return ImageOps.equalize(image)


def solarize(op, image, batch):
    return ImageOps.solarize(image, op["threshold"])


def solarize_add(op, image, batch):
    return table(image, lambda v: min(255, v + op["add"]) if v < op["threshold"] else v)


def posterize(op, image, batch):
    return ImageOps.posterize(image, op["bits"]) if op["bits"] > 0 else table(image, lambda v: 0)


def contrast(op, image, batch):
    return ImageEnhance.Contrast(image).enhance(op["factor"])


def color(op, image, batch):
    return ImageEnhance.Color(image).enhance(op["factor"])


def brightness(op, image, batch):
    return ImageEnhance.Brightness(image).enhance(op["factor"])


def sharpness(op, image, batch):
    return ImageEnhance.Sharpness(image).enhance(op["factor"])


def cutout(op, image, batch):
    image = image.copy()
    if op["width"] > 0 and op["height"] > 0:
        # Pillow's rectangles include their right and bottom edges.
        corners = (op["x"], op["y"], op["x"] + op["width"] - 1, op["y"] + op["height"] - 1)
        ImageDraw.Draw(image).rectangle(corners, fill=fill_color(op, image))
    return image


def sample_pairing(op, image, batch):
    return Image.blend(image, batch[op["partner"]], op["weight"])


def desaturate(op, image, batch):
    # timm's way from the level
    return ImageEnhance.Color(image).enhance(min(1.0, max(0.0, 1.0 - op["amount"])))


def gaussian_blur(op, image, batch):
    return image.filter(ImageFilter.GaussianBlur(op["radius"]))


def crop(op, image, batch):
    x, y, width, height = (op[name] for name in ("x", "y", "width", "height"))
    if op["border"] == "constant":
        result = Image.new(image.mode, (width, height), fill_color(op, image))
        left, top = max(x, 0), max(y, 0)
        part = (left, top, min(x + width, image.width), min(y + height, image.height))
        if part[0] < part[2] and part[1] < part[3]:
            result.paste(image.crop(part), (left - x, top - y))
        return result
    # torchvision pads images by NumPy where the padding is not one color.
    sides = ((max(-y, 0), max(y + height - image.height, 0)), (max(-x, 0), max(x + width - image.width, 0)))
    pixels = numpy.asarray(image)
    pixels = numpy.pad(pixels, sides + ((0, 0),) * (pixels.ndim - 2), op["border"])
    return Image.fromarray(pixels[max(y, 0):, max(x, 0):][:height, :width])


def resize(op, image, batch):
    return image.resize((op["width"], op["height"]), INTERPOLATIONS[op["interpolation"]], op.get("box"))


def horizontal_flip(op, image, batch):
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def vertical_flip(op, image, batch):
    return image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)


def aug_mix(op, image, batch):
    results = [run(branch["ops"], image, batch) for branch in op["branches"]]
    weights = [numpy.float32(branch["weight"]) for branch in op["branches"]]
    if op["rule"] == "blends":
        for weight, result in zip(weights, results):
            image = Image.blend(image, result, weight)
        return image
    [(rule, weight)] = op["rule"].items()
    terms = list(zip(weights, results))
    if rule == "sum":
        terms.insert(0, (numpy.float32(weight), image))
    total = numpy.zeros(numpy.asarray(image).shape, numpy.float32)
    for term, result in terms:
        total += term * numpy.asarray(result, numpy.float32)
    mixed = Image.fromarray(numpy.clip(total, 0, 255).astype(numpy.uint8))
    return mixed if rule == "sum" else Image.blend(image, mixed, numpy.float32(weight))


# What a policy may have; the cases are made of these.
OPERATIONS = {
    "Identity": identity,
    "ShearX": shear_x,
    "ShearY": shear_y,
    "TranslateX": translate_x,
    "TranslateY": translate_y,
    "Rotate": rotate,
    "AutoContrast": auto_contrast,
    "Invert": invert,
    "Equalize": equalize,
    "Solarize": solarize,
    "SolarizeAdd": solarize_add,
    "Posterize": posterize,
    "Contrast": contrast,
    "Color": color,
    "Brightness": brightness,
    "Sharpness": sharpness,
    "Cutout": cutout,
    "SamplePairing": sample_pairing,
    "GaussianBlur": gaussian_blur,
    "Desaturate": desaturate,
}

# What a transform has besides.
TRANSFORM_ONLY = {
    "Crop": crop,
    "Resize": resize,
    "HorizontalFlip": horizontal_flip,
    "VerticalFlip": vertical_flip,
    "AugMix": aug_mix,
}

WARPS = ("ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate")


def image_of(data, width, height, channels):
    """A PIL image of interleaved bytes."""
    return Image.frombytes({1: "L", 3: "RGB"}[channels], (width, height), data)


def run(ops, image, batch):
    """The image after all operations. `batch` has the images before augmentation, for SamplePairing."""
    for op in ops:
        image = (OPERATIONS | TRANSFORM_ONLY)[op["op"]](op, image, batch)
    return image


if __name__ == "__main__":
    print(json.dumps(VERSIONS))
