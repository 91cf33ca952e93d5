"""DALI on the CPU, from a class folder: decoding of the random crop alone, its own policy, and fused normalization."""

import nvidia.dali
from nvidia.dali import fn, pipeline_def, types
from nvidia.dali.auto_aug import auto_augment

import epochs

AHEAD = 2


@pipeline_def(device_id=None, enable_conditionals=True, seed=42, prefetch_queue_depth=AHEAD)
def training(folder):
    files, labels = fn.readers.file(file_root=folder, random_shuffle=True, initial_fill=2048, name="files")
    images = fn.decoders.image_random_crop(
        files, device="cpu", output_type=types.RGB, random_area=list(epochs.AREA),
        random_aspect_ratio=list(epochs.RATIO), num_attempts=10,
    )
    images = fn.resize(images, size=(epochs.CROP, epochs.CROP), interp_type=types.INTERP_LINEAR)
    images = auto_augment.auto_augment_image_net(images, shape=(epochs.CROP, epochs.CROP), fill_value=0)
    # After the policy, as a flip costs nothing here. Its signs are drawn evenly.
    images = fn.crop_mirror_normalize(
        images, dtype=types.FLOAT, output_layout="CHW", mirror=fn.random.coin_flip(probability=0.5),
        mean=[255 * value for value in epochs.MEAN], std=[255 * value for value in epochs.DEVIATION],
    )
    return images, labels


class DaliLoader:
    def __init__(self, folder, shards, batch, count):
        self.folder, self.batch, self.batches, self.pipelines = folder, batch, count // batch, {}

    def epoch(self, source, threads):
        """As many full batches as there are. They are asked for one by one, so that none is made for the next epoch."""
        epochs.only(source, "folder")
        if threads not in self.pipelines:
            self.pipelines[threads] = training(self.folder, batch_size=self.batch, num_threads=threads)
            self.pipelines[threads].build()
        pipeline, asked = self.pipelines[threads], min(AHEAD, self.batches)
        for _ in range(asked):
            pipeline.schedule_run()
        for _ in range(self.batches):
            images, _labels = pipeline.share_outputs()
            yield images.as_array()
            pipeline.release_outputs()
            if asked < self.batches:
                pipeline.schedule_run()
                asked += 1


if __name__ == "__main__":
    epochs.serve(DaliLoader, f"dali {nvidia.dali.__version__}")
