"""Magnitudes: the value of every magnitude, worked out as the frameworks themselves do and apart from the Rust code.

* torchvision 0.29, transforms v2: `torch.linspace` in binary32 as its vectorized kernels compute it (one rounding for
  product and sum), here in exact fractions; shears through an angle and `_get_inverse_affine_matrix`.
* DeepVoltaire/AutoAugment: `numpy.linspace` in binary64.
* TensorFlow's TPU EfficientNet: `level / 10` of a maximum.

What a framework lacks has the paper's range, as `numpy.linspace` has it: SolarizeAdd 0 to 110, Cutout 0 to 60 of 331
pixels, SamplePairing 0 to 0.4. GaussianBlur and Desaturate have timm's 0.1 to 2 and 0.5 to 1.
"""

import math
from fractions import Fraction

import numpy

CONVENTIONS = ("torchvision", "deepvoltaire", "tensorflow")
LAST = {"torchvision": 9, "deepvoltaire": 9, "tensorflow": 10}
FILL = {"torchvision": [0, 0, 0], "deepvoltaire": [128, 128, 128], "tensorflow": [128, 128, 128]}


def binary32(exact):
    """The binary32 number nearest to a fraction, ties to even."""
    near = numpy.float32(float(exact))
    around = [numpy.nextafter(near, numpy.float32(-numpy.inf)), near, numpy.nextafter(near, numpy.float32(numpy.inf))]
    even = lambda v: int(v.view(numpy.uint32)) & 1
    return min(around, key=lambda v: (abs(Fraction(float(v)) - exact), even(v)))


def torch_linspace(start, end, count):
    start, end = Fraction(float(numpy.float32(start))), Fraction(float(numpy.float32(end)))
    span = Fraction(float(binary32(end - start)))
    step = Fraction(float(binary32(span / (count - 1))))
    first_half = lambda i: binary32(start + step * i)
    second_half = lambda i: binary32(end - step * (count - 1 - i))
    return [float(first_half(i) if i < count // 2 else second_half(i)) for i in range(count)]


def torchvision_shear(x, y):
    """torchvision's `_get_inverse_affine_matrix` for shears alone, in degrees, about the top left corner."""
    sx, sy, rot = math.radians(x), math.radians(y), math.radians(0.0)
    a = math.cos(rot - sy) / math.cos(sy)
    b = -math.cos(rot - sy) * math.tan(sx) / math.cos(sy) - math.sin(rot)
    c = math.sin(rot - sy) / math.cos(sy)
    d = -math.sin(rot - sy) * math.tan(sx) / math.cos(sy) + math.cos(rot)
    return [d, -b, 0.0, -c, a, 0.0]


def shear_factor(name, degrees):
    if name == "ShearX":
        matrix = torchvision_shear(degrees, 0.0)
        factor = matrix[1]
        assert matrix == [1.0, factor, 0.0, 0.0, 1.0, 0.0]
    else:
        matrix = torchvision_shear(0.0, degrees)
        factor = matrix[3]
        assert matrix == [1.0, 0.0, 0.0, factor, 1.0, 0.0]
    return factor


def torchvision(name, magnitude, negative, width, height):
    sign = -1.0 if negative else 1.0
    linspace = lambda start, end: torch_linspace(start, end, 10)[magnitude]
    if name in ("ShearX", "ShearY"):
        return shear_factor(name, math.degrees(math.atan(sign * linspace(0.0, 0.3))))
    if name in ("TranslateX", "TranslateY"):
        side = width if name == "TranslateX" else height
        return float(int(sign * linspace(0.0, 150.0 / 331.0 * side)))
    if name == "Rotate":
        return sign * linspace(0.0, 30.0)
    if name in ("Brightness", "Color", "Contrast", "Sharpness"):
        return 1.0 + sign * linspace(0.0, 0.9)
    if name == "Posterize":
        # (8 - (torch.arange(10) / ((10 - 1) / 4))).round(), in binary32
        quotient = binary32(Fraction(magnitude) / Fraction(9, 4))
        return int(numpy.round(binary32(8 - Fraction(float(quotient)))))
    if name == "Solarize":
        return 255 * linspace(1.0, 0.0)
    return paper(name, magnitude, 9, width, height)


def deepvoltaire(name, magnitude, negative, width, height):
    sign = -1 if negative else 1
    linspace = lambda start, end: float(numpy.linspace(start, end, 10)[magnitude])
    if name in ("ShearX", "ShearY"):
        return linspace(0, 0.3) * sign
    if name in ("TranslateX", "TranslateY"):
        # The repository gives `magnitude * size * sign` to `transform`, which moves the content the other way.
        side = width if name == "TranslateX" else height
        return -(linspace(0, 150 / 331) * side * sign)
    if name == "Rotate":
        return linspace(0, 30) * sign
    if name in ("Brightness", "Color", "Contrast", "Sharpness"):
        return 1 + linspace(0.0, 0.9) * sign
    if name == "Posterize":
        return int(numpy.round(numpy.linspace(8, 4, 10), 0)[magnitude])
    if name == "Solarize":
        return linspace(256, 0)
    return paper(name, magnitude, 9, width, height)


def tensorflow(name, magnitude, negative, width, height):
    sign = -1 if negative else 1
    if name in ("ShearX", "ShearY"):
        return magnitude / 10 * 0.3 * sign
    if name in ("TranslateX", "TranslateY"):
        # Its translations move the content left and up.
        return -(magnitude / 10 * 250.0 * sign)
    if name == "Rotate":
        return magnitude / 10 * 30.0 * sign
    if name in ("Brightness", "Color", "Contrast", "Sharpness"):
        return magnitude / 10 * 1.8 + 0.1
    if name == "Posterize":
        return int(magnitude / 10 * 4)
    if name == "Solarize":
        return float(int(magnitude / 10 * 256))
    if name == "SolarizeAdd":
        return int(magnitude / 10 * 110)
    if name == "Cutout":
        # The framework's number is what the square extends to each side of its center.
        return 2 * int(magnitude / 10 * 100)
    return paper(name, magnitude, 10, width, height)


def paper(name, magnitude, last, width, height):
    def linspace(start, end):
        if magnitude == int(magnitude):
            return float(numpy.linspace(start, end, last + 1)[int(magnitude)])
        return magnitude * ((end - start) / last) + start

    if name == "SolarizeAdd":
        return int(linspace(0, 110))
    if name == "Cutout":
        return int(linspace(0, 60 / 331) * min(width, height))
    if name == "SamplePairing":
        return linspace(0, 0.4)
    if name == "GaussianBlur":
        # timm's _minmax_level_to_arg
        return 0.1 + (2.0 - 0.1) * (magnitude / last)
    if name == "Desaturate":
        return 0.5 + (1.0 - 0.5) * (magnitude / last)
    assert name in ("Identity", "AutoContrast", "Invert", "Equalize"), name
    return None


def interpolation(convention, name):
    return "bicubic" if convention == "deepvoltaire" and name in ("ShearX", "ShearY") else "nearest"


def resolve(convention, name, magnitude, negative, width, height):
    """The operation as plans have it. Cutout has no place, for that is drawn; the partner of SamplePairing is 0."""
    value = globals()[convention](name, magnitude, negative, width, height)
    op = {"op": name}
    fill = FILL[convention]
    if name in ("ShearX", "ShearY"):
        op |= {"factor": value}
    elif name in ("TranslateX", "TranslateY"):
        op |= {"pixels": value}
    elif name == "Rotate":
        op |= {"degrees": value}
    elif name in ("Brightness", "Color", "Contrast", "Sharpness"):
        op |= {"factor": value}
    elif name == "Solarize":
        op |= {"threshold": value}
    elif name == "SolarizeAdd":
        op |= {"add": value, "threshold": 128}
    elif name == "Posterize":
        op |= {"bits": value}
    elif name == "Cutout":
        op |= {"width": value, "height": value, "fill": fill}
    elif name == "SamplePairing":
        op |= {"weight": value, "partner": 0}
    elif name == "GaussianBlur":
        op |= {"radius": value}
    elif name == "Desaturate":
        op |= {"amount": value}
    if name in ("ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate"):
        op |= {"interpolation": interpolation(convention, name), "fill": fill}
    return op
