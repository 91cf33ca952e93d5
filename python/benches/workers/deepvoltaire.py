"""The article's well-known PyTorch code, DeepVoltaire/AutoAugment, on images of PIL. It is in no package index."""

import os
import sys

import numpy
import package  # noqa: F401
import PIL
from PIL import Image

import protocol

if not os.environ["AUTOAUGMENT_BENCHES_DEEPVOLTAIRE"]:
    sys.exit("a clone of it was not given by --deepvoltaire")
# The code is older than NumPy's removal of this name.
numpy.int = int
sys.path.insert(1, os.environ["AUTOAUGMENT_BENCHES_DEEPVOLTAIRE"])

import autoaugment  # noqa: E402


class DeepVoltaire(protocol.PerImage):
    def to_native(self, image):
        return Image.fromarray(image)

    def transform(self, test):
        return {"aa_imagenet": autoaugment.ImageNetPolicy, "aa_cifar10": autoaugment.CIFAR10Policy}[test]()


if __name__ == "__main__":
    protocol.serve(DeepVoltaire, f"pillow {PIL.__version__}, numpy {numpy.__version__}")
