"""The same with torchvision's own `decode_jpeg`, whose tensors its transforms v2 take."""

import torch
from torchvision.io import ImageReadMode, decode_jpeg, read_file

import epochs
import torch_pillow


def opened(path):
    return decode_jpeg(read_file(path), mode=ImageReadMode.RGB)


class TensorLoader(torch_pillow.TorchLoader):
    settings = {"loader": opened}


if __name__ == "__main__":
    torch.set_num_threads(1)
    epochs.serve(TensorLoader, torch_pillow.VERSIONS)
