"""albumentations (AlbumentationsX) on H x W x 3 bytes: policies composed of its transforms after the common table."""

import math

import albumentations
import cv2
from albumentations import (
    Affine, AutoContrast, ColorJitter, Compose, Equalize, InvertImg, OneOf, Posterize, Rotate, Sequential, Sharpen,
    Solarize
)

import protocol


def jitter(value, which, probability):
    """One of brightness, contrast and saturation alone; the rest stays as it is."""
    ranges = {f"{name}_range": (1, 1) for name in ("brightness", "contrast", "saturation")} | {"hue_range": (0, 0)}
    return ColorJitter(**ranges | {f"{which}_range": (value, value)}, p=probability)


def made(name, value, probability=1.0, interpolation=cv2.INTER_NEAREST):
    """Its transform for an operation. Shears are about the center, and Sharpen's kernel is another than Pillow's."""
    p = {"p": probability}
    warp = p | {"interpolation": interpolation, "border_mode": cv2.BORDER_CONSTANT, "fill": 0}
    axis = name[-1:].lower()
    if name in ("ShearX", "ShearY"):
        degrees = math.degrees(math.atan(value))
        return Affine(shear={"x": (0, 0), "y": (0, 0)} | {axis: (-degrees, -degrees)}, **warp)
    if name in ("TranslateX", "TranslateY"):
        return Affine(translate_px={"x": (0, 0), "y": (0, 0)} | {axis: (int(value), int(value))}, **warp)
    if name == "Rotate":
        return Rotate(angle_range=(value, value), **warp)
    if name == "AutoContrast":
        return AutoContrast(method="pil", **p)
    if name == "Invert":
        return InvertImg(**p)
    if name == "Equalize":
        return Equalize(mode="pil", **p)
    if name == "Solarize":
        return Solarize(threshold_range=(value / 255, value / 255), **p)
    if name == "Posterize":
        return Posterize(num_bits=(int(value), int(value)), **p)
    if name == "Sharpness":
        # It has no smoothing half: the factor below 1 becomes as much sharpening.
        return Sharpen(alpha_range=(abs(value - 1), abs(value - 1)), lightness_range=(1, 1), kernel_size=3, **p)
    return jitter(value, {"Contrast": "contrast", "Color": "saturation", "Brightness": "brightness"}[name], probability)


def step(of):
    """A step of a policy, with its sign drawn where it has one."""
    if len(of["values"]) == 2:
        return OneOf([made(of["op"], value) for value in of["values"]], p=of["probability"])
    return made(of["op"], of["values"][0] if of["values"] else None, of["probability"])


class Albumentations(protocol.PerImage):
    def transform(self, test):
        if test.startswith("aa_"):
            pairs = [Sequential([step(s) for s in sub_policy], p=1) for sub_policy in self.tables["policy"]]
            composed = Compose([OneOf(pairs, p=1)])
        else:
            name, bilinear, value = protocol.operation(self.tables, test)
            composed = Compose([made(name, value, 1.0, cv2.INTER_LINEAR if bilinear else cv2.INTER_NEAREST)])
        return lambda image: composed(image=image)["image"]


if __name__ == "__main__":
    cv2.setNumThreads(1)
    protocol.serve(Albumentations, f"albumentationsx {albumentations.__version__}, opencv {cv2.__version__}")
