"""DALI's CPU operators: one pipeline run a batch; the common tables made of its own augmentations.

The batch comes through an external source without a copy, so `io` differs only in the output.
"""

import numpy
import nvidia.dali
from nvidia.dali import fn, pipeline_def, types
from nvidia.dali.auto_aug import augmentations, auto_augment
from nvidia.dali.auto_aug.core import Policy

import protocol


def ranges(width, height):
    """Augmentations with the common ranges of magnitudes 0 to 9; its shears go the other way."""
    of = lambda augmentation, *settings: augmentation.augmentation(*settings)
    enhance = ((0, 0.9), True, augmentations.shift_enhance_range)
    return {
        "ShearX": of(augmentations.shear_x, (0, -0.3), True),
        "ShearY": of(augmentations.shear_y, (0, -0.3), True),
        "TranslateX": of(augmentations.translate_x_no_shape, (0, width * 150 / 331), True),
        "TranslateY": of(augmentations.translate_y_no_shape, (0, height * 150 / 331), True),
        "Rotate": of(augmentations.rotate, (0, 30), True),
        "AutoContrast": augmentations.auto_contrast,
        "Invert": augmentations.invert,
        "Equalize": augmentations.equalize,
        "Solarize": of(augmentations.solarize, (255, 0)),
        "Posterize": of(augmentations.posterize, (8, 4)),
        "Contrast": of(augmentations.contrast, *enhance),
        "Color": of(augmentations.color, *enhance),
        "Brightness": of(augmentations.brightness, *enhance),
        "Sharpness": of(augmentations.sharpness, (0, 0.9), True, augmentations.sharpness_kernel),
    }


def policy(name, tables, operations):
    step = lambda s: (operations[s["op"]], s["probability"], int(s["magnitude"]))
    return Policy(name, 10, [[step(s) for s in pair] for pair in tables["policy"]])


class Dali:
    def __init__(self, images, tables):
        self.images, self.tables = images, tables
        self.out = numpy.zeros_like(images)

    def pipeline(self, test, threads):
        height, width = self.images.shape[1:3]
        operations = ranges(width, height)
        warp = {"fill_value": 0, "interp_type": types.INTERP_NN}

        # Nothing runs ahead: work for the next sample would be done between samples, where nobody measures it.
        @pipeline_def(
            batch_size=len(self.images), num_threads=threads, device_id=None, enable_conditionals=True, seed=42,
            prefetch_queue_depth=1, exec_dynamic=False, exec_pipelined=False, exec_async=False,
        )
        def pipeline():
            batch = fn.external_source(lambda: self.images, no_copy=True, layout="HWC", dtype=types.UINT8, ndim=3)
            if test.startswith("aa_"):
                return auto_augment.apply_auto_augment(policy(test, self.tables, operations), batch, **warp)
            name, bilinear, _ = protocol.operation(self.tables, test)
            settings = warp if name in ("ShearX", "TranslateX", "Rotate") else {}
            if bilinear:
                settings = settings | {"interp_type": types.INTERP_LINEAR}
            positive = operations[name].augmentation(randomly_negate=False)
            return positive(batch, magnitude_bin=self.tables["magnitude"], num_magnitude_bins=10, **settings)

        made = pipeline()
        made.build()
        return made

    def call(self, test, io, threads):
        pipeline, count = self.pipeline(test, threads), len(self.images)

        def native():
            pipeline.run()
            return count

        def array():
            (result,) = pipeline.run()
            numpy.copyto(self.out, result.as_array())
            return count

        return {"native": native, "array": array}[io]

    def first(self, test):
        (result,) = self.pipeline(test, 1).run()
        return result.as_array()[:protocol.COMPARED]


if __name__ == "__main__":
    protocol.serve(Dali, f"dali {nvidia.dali.__version__}, numpy {numpy.__version__}")
