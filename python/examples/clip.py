"""A clip: one draw for all of its frames, because they have the same index. Views of one scene are alike.

    python clip.py FRAME.jpg ... --out FOLDER
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from autoaugment import AutoAugment


def main(frames: list[Path], clip: int, epoch: int, out: Path) -> None:
    policy = AutoAugment("imagenet", seed=42)
    images = [Image.open(frame).convert("RGB") for frame in frames]
    augmented, plan = policy(images, index=[clip] * len(images), epoch=epoch, return_plan=True)

    out.mkdir(parents=True, exist_ok=True)
    for frame, image in zip(frames, augmented, strict=True):
        image.save(out / frame.with_suffix(".png").name)
    print(f"{len(images)} frames: {' '.join(plan.images[0].operations) or 'nothing'}")

    # A clip in one array, as a video decoder gives it, is augmented in one call too.
    if len({image.size for image in images}) == 1:
        array = np.stack([np.asarray(image) for image in images])
        same = policy(array, index=[clip] * len(array), epoch=epoch)
        assert all(np.array_equal(one, np.asarray(other)) for one, other in zip(same, augmented, strict=True))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("frames", type=Path, nargs="+")
    parser.add_argument("--clip", type=int, default=0, help="the number of the clip in the data set")
    parser.add_argument("--epoch", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    main(given.frames, given.clip, given.epoch, given.out)
