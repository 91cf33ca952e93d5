"""Matrices of warps for libraries that take one: where in the source an output pixel is taken from."""

import math

import numpy


def source(name, value, width, height):
    """2 x 3, between coordinates in which the first pixel's center is 0.5; `value` as plans have it."""
    if name == "ShearX":
        return numpy.array([[1, value, 0], [0, 1, 0]], float)
    if name == "ShearY":
        return numpy.array([[1, 0, 0], [value, 1, 0]], float)
    if name == "TranslateX":
        return numpy.array([[1, 0, -value], [0, 1, 0]], float)
    if name == "TranslateY":
        return numpy.array([[1, 0, 0], [0, 1, -value]], float)
    assert name == "Rotate", name
    cos, sin = math.cos(math.radians(value)), math.sin(math.radians(value))
    turn, center = numpy.array([[cos, -sin], [sin, cos]]), numpy.array([width / 2, height / 2])
    return numpy.column_stack((turn, center - turn @ center))


def between_indices(matrix):
    """The same between coordinates in which the first pixel's center is 0."""
    shift = matrix[:, :2] @ (0.5, 0.5) - 0.5
    return matrix + numpy.column_stack((numpy.zeros((2, 2)), shift))


def inverse(matrix):
    """From the source to the output."""
    return numpy.linalg.inv(numpy.vstack((matrix, (0, 0, 1))))[:2]
