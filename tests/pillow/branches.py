"""Branches: what torchvision's and timm's AugMix draw and mix, recorded as the operation AugMix of plans."""

from unittest import mock

import numpy
from timm.data import auto_augment
from torchvision.transforms import v2


class Branches:
    """Which of the recorded operations belong to which branch of an AugMix: each begins with the same image."""

    def __init__(self, recorder):
        self.image, self.recorder, self.starts = None, recorder, []

    def before(self, image):
        self.image = image if self.image is None else self.image
        if image is self.image:
            self.starts.append(len(self.recorder.ops))

    def mix(self, rule, weights):
        """Replaces what was recorded by one operation."""
        ops = self.recorder.ops
        ends = self.starts[1:] + [len(ops)]
        assert len(self.starts) == len(weights), (self.starts, weights)
        branches = [
            {"weight": float(weight), "ops": ops[start:end]} for weight, start, end in zip(weights, self.starts, ends)
        ]
        ops[:] = [{"op": "AugMix", "rule": rule, "branches": branches}]


def torchvision_augmix_run(scheme):
    """Its operations run on PIL images here, its mixture as it is."""
    sample, apply = scheme._sample_dirichlet, scheme._apply_image_or_video_transform

    def run(image, recorder):
        drawn = []
        branches = Branches(recorder)

        def sampled(parameters):
            drawn.append(sample(parameters))
            return drawn[-1]

        def applied(tensor, *arguments, **keywords):
            branches.before(tensor)
            result = apply(v2.functional.to_pil_image(tensor[0]), *arguments, **keywords)
            return v2.functional.pil_to_tensor(result)[None]

        with mock.patch.object(scheme, "_sample_dirichlet", sampled):
            with mock.patch.object(scheme, "_apply_image_or_video_transform", applied):
                result = scheme(image)
        kept, weights = drawn
        branches.mix({"sum": float(kept[0, 0])}, (weights * kept[:, 1:])[0])
        return result

    return run


def timm_augmix_run(scheme):
    dirichlet, beta, plain = numpy.random.dirichlet, numpy.random.beta, auto_augment.AugmentOp.__call__

    def run(image, recorder):
        drawn = {}
        branches = Branches(recorder)

        def applied(op, image):
            branches.before(image)
            return plain(op, image)

        with mock.patch.object(numpy.random, "dirichlet", lambda *a: drawn.setdefault("weights", dirichlet(*a))):
            with mock.patch.object(numpy.random, "beta", lambda *a: drawn.setdefault("m", beta(*a))):
                with mock.patch.object(auto_augment.AugmentOp, "__call__", applied):
                    result = scheme(image)
        weights, m = numpy.float32(drawn["weights"]), numpy.float32(drawn["m"])
        if scheme.blended:
            branches.mix("blends", scheme._calc_blended_weights(weights, m))
        else:
            branches.mix({"sum_then_blend": float(m)}, weights)
        return result

    return run
