"""DALI's CPU operators: one pipeline run a batch; the common tables made of its own augmentations.

The batch comes through an external source without a copy, so `io` differs only in the output, which it has as a list.
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


# Of single operations, of 0 to 9.
MAGNITUDE = 5


class Dali:
    def __init__(self, images, tables):
        self.images, self.tables = images, tables
        self.out = numpy.zeros_like(images)

    def pipeline(self, test, threads):
        images = list(self.images)
        height, width = self.images.shape[1:3]
        operations = ranges(width, height)
        warp = {"fill_value": 0}

        # Nothing runs ahead: work for the next sample would be done between samples, where nobody measures it.
        @pipeline_def(
            batch_size=len(images), num_threads=threads, device_id=None, enable_conditionals=True, seed=42,
            prefetch_queue_depth=1, exec_dynamic=False, exec_pipelined=False, exec_async=False,
        )
        def pipeline():
            batch = fn.external_source(lambda: images, no_copy=True, layout="HWC", dtype=types.UINT8, ndim=3)
            if test.startswith("aa_"):
                pairs = [[(operations[s["op"]], s["probability"], int(s["magnitude"])) for s in pair] for pair in self.tables["policy"]]
                settings = warp | {"interp_type": types.INTERP_NN}
                return auto_augment.apply_auto_augment(Policy(test, 10, pairs), batch, **settings)
            name, bilinear, _ = protocol.operation(self.tables, test)
            settings = {}
            if name in ("ShearX", "TranslateX", "Rotate"):
                settings = warp | {"interp_type": types.INTERP_LINEAR if bilinear else types.INTERP_NN}
            positive = operations[name].augmentation(randomly_negate=False)
            return positive(batch, magnitude_bin=MAGNITUDE, num_magnitude_bins=10, **settings)

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
            for i in range(count):
                self.out[i] = result.at(i)
            return count

        return {"native": native, "array": array}[io]

    def first(self, test):
        (result,) = self.pipeline(test, 1).run()
        return numpy.stack([result.at(i) for i in range(protocol.COMPARED)])


if __name__ == "__main__":
    protocol.serve(Dali, f"dali {nvidia.dali.__version__}, numpy {numpy.__version__}")
