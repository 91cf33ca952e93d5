"""OpenCV by hand: what someone would write who wants the common policies fast, on H x W x 3 bytes.

The shortest way to each result was taken of those tried (`README.md`), as long as no value is off by more than 1.
"""

import random

import cv2
import numpy

import matrices
import protocol

CODES = numpy.arange(256)


def warp(name, value, width, height, flags=cv2.INTER_NEAREST):
    matrix = matrices.between_indices(matrices.source(name, value, width, height))
    flags |= cv2.WARP_INVERSE_MAP
    return lambda image: cv2.warpAffine(image, matrix, (width, height), flags=flags)


def translate_x(value):
    """By whole pixels, to the right if positive."""
    def apply(image):
        out = numpy.zeros_like(image)
        if value >= 0:
            out[:, value:] = image[:, :image.shape[1] - value]
        else:
            out[:, :value] = image[:, -value:]
        return out

    return apply


def translate_y(value):
    def apply(image):
        out = numpy.zeros_like(image)
        if value >= 0:
            out[value:] = image[:image.shape[0] - value]
        else:
            out[:value] = image[-value:]
        return out

    return apply


def auto_contrast(image):
    channels = []
    for channel in cv2.split(image):
        low, high, _, _ = cv2.minMaxLoc(channel)
        scale = 255 / (high - low) if high > low else 1
        channels.append(cv2.addWeighted(channel, scale, channel, 0, -low * scale if high > low else 0))
    return cv2.merge(channels)


def flat(histogram):
    """Pillow's table for a histogram of integers."""
    filled = histogram[histogram > 0]
    step = int(filled.sum() - filled[-1]) // 255
    if len(filled) <= 1 or step == 0:
        return CODES.astype(numpy.uint8)
    below = numpy.cumsum(histogram) - histogram
    return numpy.minimum((below + step // 2) // step, 255).astype(numpy.uint8)


def equalize(image):
    channels = []
    for channel in cv2.split(image):
        histogram = cv2.calcHist([channel], [0], None, [256], [0, 256])
        channels.append(cv2.LUT(channel, flat(histogram.ravel().astype(numpy.int64))))
    return cv2.merge(channels)


def solarize(threshold):
    # Thresholds have fractions; a byte is at or above one if it is above the whole number before it.
    before = -(-threshold // 1) - 1

    def apply(image):
        _, mask = cv2.threshold(image, before, 255, cv2.THRESH_BINARY)
        return cv2.bitwise_xor(image, mask)

    return apply


def posterize(bits):
    mask = numpy.uint8(0xFF << (8 - int(bits)) & 0xFF)
    return lambda image: image & mask


def contrast(factor):
    def apply(image):
        mean = int(cv2.mean(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))[0] + 0.5)
        return cv2.addWeighted(image, factor, image, 0, (1 - factor) * mean)

    return apply


def color(factor):
    # Gray for every channel, and the rest of the channel itself.
    matrix = numpy.array([[0.299, 0.587, 0.114]] * 3) * (1 - factor) + numpy.eye(3) * factor
    return lambda image: cv2.transform(image, matrix)


def brightness(factor):
    return lambda image: cv2.convertScaleAbs(image, alpha=factor)


def sharpness(factor):
    # The kernel 1 1 1, 1 5 1, 1 1 1 over 13 is 9 parts of the mean and 4 of the pixel.
    own, mean = factor + (1 - factor) * 4 / 13, (1 - factor) * 9 / 13

    def apply(image):
        out = cv2.addWeighted(image, own, cv2.blur(image, (3, 3)), mean, 0)
        out[0], out[-1], out[:, 0], out[:, -1] = image[0], image[-1], image[:, 0], image[:, -1]
        return out

    return apply


def operation(name, value, width, height, flags=cv2.INTER_NEAREST):
    """An operation at a fixed value, as a function of an image."""
    if name in ("ShearX", "ShearY", "Rotate"):
        return warp(name, value, width, height, flags)
    if name in ("TranslateX", "TranslateY"):
        return {"TranslateX": translate_x, "TranslateY": translate_y}[name](int(value))
    plain = {"AutoContrast": auto_contrast, "Invert": cv2.bitwise_not, "Equalize": equalize}
    if name in plain:
        return plain[name]
    makers = {
        "Solarize": solarize, "Posterize": posterize, "Contrast": contrast, "Color": color, "Brightness": brightness,
        "Sharpness": sharpness,
    }
    return makers[name](value)


class OpenCV(protocol.PerImage):
    def transform(self, test):
        height, width = self.images.shape[1:3]
        if not test.startswith("aa_"):
            name, bilinear, value = protocol.operation(self.tables, test)
            return operation(name, value, width, height, cv2.INTER_LINEAR if bilinear else cv2.INTER_NEAREST)
        made = lambda s: [operation(s["op"], value, width, height) for value in s["values"] or [None]]
        table = [[(s["probability"], made(s)) for s in sub_policy] for sub_policy in self.tables["policy"]]

        def apply(image):
            for probability, signs in random.choice(table):
                if random.random() < probability:
                    image = random.choice(signs)(image)
            return image

        return apply


if __name__ == "__main__":
    cv2.setNumThreads(1)
    protocol.serve(OpenCV, f"opencv {cv2.__version__}, numpy {numpy.__version__}")
