"""timm on Pillow. Its CIFAR-10 is the common table in timm's machinery, for it has none of its own."""

import PIL
import timm
from PIL import Image
from timm.data import auto_augment as augment

import protocol

PARAMETERS = {"fillcolor": (0, 0, 0), "resample": Image.Resampling.NEAREST}
BILINEAR = PARAMETERS | {"resample": Image.Resampling.BILINEAR}
# What its names are for operations whose level means the paper's magnitude.
RENAMED = {"Posterize": "PosterizeOriginal"}


def single(name, value, parameters):
    """An operation at a fixed value, as a function of an image."""
    return {
        "ShearX": lambda image: augment.shear_x(image, value, **parameters),
        "TranslateX": lambda image: augment.translate_x_abs(image, -value, **parameters),
        "Rotate": lambda image: augment.rotate(image, value, **parameters),
        "AutoContrast": augment.auto_contrast,
        "Invert": augment.invert,
        "Equalize": augment.equalize,
        "Solarize": lambda image: augment.solarize(image, value),
        "Posterize": lambda image: augment.posterize(image, int(value)),
        "Contrast": lambda image: augment.contrast(image, value),
        "Color": lambda image: augment.color(image, value),
        "Brightness": lambda image: augment.brightness(image, value),
        "Sharpness": lambda image: augment.sharpness(image, value),
    }[name]


class Timm(protocol.PerImage):
    def to_native(self, image):
        return Image.fromarray(image)

    def transform(self, test):
        width = self.images.shape[2]
        settings = {"img_mean": (0, 0, 0), "interpolation": Image.Resampling.NEAREST}
        settings["translate_const"] = int(width * 150 / 331)
        if test == "aa_imagenet":
            return augment.auto_augment_transform("original", settings)
        if test == "aa_cifar10":
            # Levels go to 10 there, magnitudes to 9 in the table.
            step = lambda s: (RENAMED.get(s["op"], s["op"]), s["probability"], s["magnitude"] * 10 / 9)
            table = [[step(s) for s in sub_policy] for sub_policy in self.tables["policy"]]
            return augment.AutoAugment([[augment.AugmentOp(*s, hparams=settings) for s in pair] for pair in table])
        name, bilinear, value = protocol.operation(self.tables, test)
        return single(name, value, BILINEAR if bilinear else PARAMETERS)


if __name__ == "__main__":
    protocol.serve(Timm, f"timm {timm.__version__}, pillow {PIL.__version__}")
