"""DALI on an NVIDIA GPU, with images that stay there: a run a batch, timed by the host's clock until the GPU is done.

    cuda_dali.py cuda|cpu

`io` as in `cuda_torch.py`. On the CPU, for trying it out, no PyTorch is needed.
"""

import sys

import nvidia.dali
from nvidia.dali import fn, pipeline_def, types
from nvidia.dali.auto_aug import auto_augment

import dali_cpu
import protocol

ON_GPU = sys.argv[1] == "cuda"
DEVICE = "gpu" if ON_GPU else "cpu"


class Dali:
    def __init__(self, images, tables):
        self.images, self.tables = images, tables
        self.height, self.width = images.shape[1:3]
        if ON_GPU:
            import torch

            self.synchronize = torch.cuda.synchronize
            self.images = torch.from_numpy(images).cuda()
        else:
            self.synchronize = lambda: None

    def call(self, test, io, threads):
        table = dali_cpu.policy(test, self.tables, dali_cpu.ranges(self.width, self.height))
        scale = [255 * value for value in (0.485, 0.456, 0.406)], [255 * value for value in (0.229, 0.224, 0.225)]

        # Nothing runs ahead, so that a run's time is its own.
        @pipeline_def(
            batch_size=len(self.images), num_threads=threads, device_id=0 if ON_GPU else None, enable_conditionals=True,
            seed=42, prefetch_queue_depth=1, exec_dynamic=False, exec_pipelined=False, exec_async=False,
        )
        def pipeline():
            batch = fn.external_source(
                lambda: self.images, no_copy=True, device=DEVICE, layout="HWC", dtype=types.UINT8, ndim=3
            )
            result = auto_augment.apply_auto_augment(table, batch, fill_value=0, interp_type=types.INTERP_NN)
            if io == "f16":
                mean, deviation = scale
                result = fn.crop_mirror_normalize(
                    result, dtype=types.FLOAT16, output_layout="CHW", mean=mean, std=deviation
                )
            return result

        made = pipeline()
        made.build()

        def augment():
            made.run()
            self.synchronize()
            return len(self.images)

        return augment


if __name__ == "__main__":
    protocol.serve(Dali, f"dali {nvidia.dali.__version__}")
