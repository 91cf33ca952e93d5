"""torch: the four laws of draws in the workers of a `DataLoader`, errors between processes, and a pair of ranks."""

from __future__ import annotations

import itertools
import multiprocessing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import workers
from conftest import noise, required
from PIL import Image

from autoaugment import AutoAugment, Compose, DataError, Resize

torch = required("TORCH", "torch", module=True)
data = required("TORCH", "torch.utils.data", module=True)

from autoaugment.torch import Indexed  # noqa: E402

IMAGES = noise(12, 16, 16, 3)
POLICY = AutoAugment("trivialaugment", seed=5, device="cpu")
ONE_COLOR = np.repeat(IMAGES[:1], 24, axis=0)

# Whether workers stay for the next epoch.
GRID = [
    (method, count, persistent)
    for method, count, persistent in itertools.product(multiprocessing.get_all_start_methods(), (1, 2, 3), (False, True))
]


def loader(dataset: Any, method: str, count: int, persistent: bool) -> Any:
    options: dict[str, Any] = {}
    if count:
        context = multiprocessing.get_context(method)
        if method == "forkserver":
            context.set_forkserver_preload(["workers", "torch.utils.data", "autoaugment.torch"])
        options = {"multiprocessing_context": context, "persistent_workers": persistent}
    return data.DataLoader(dataset, batch_size=4, num_workers=count, collate_fn=list, **options)


def epochs(method: str, count: int, persistent: bool, seed: int) -> list[list[tuple[bytes, bytes, bytes]]]:
    """What each sample of two epochs draws by its index, by a seed, and by a generator."""
    dataset = workers.Laws(ONE_COLOR, Indexed)
    torch.manual_seed(seed)
    made = loader(dataset, method, count, persistent)
    results = []
    for epoch in range(2):
        dataset.set_epoch(epoch)
        results.append([sample for batch in made for sample in batch])
    return results


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("method", "count", "persistent"), [("none", 0, False), *GRID])
def test_the_laws_hold_in_workers(method: str, count: int, persistent: bool) -> None:
    first, second = epochs(method, count, persistent, seed=3)
    # The first law: seed, epoch and index decide, whatever the workers.
    for epoch, made in enumerate((first, second)):
        expected = [workers.BY_INDEX(image, index=i, epoch=epoch).tobytes() for i, image in enumerate(ONE_COLOR)]
        assert [sample[0] for sample in made] == expected
    # The second and the third: samples, workers and epochs draw apart.
    for law in (1, 2):
        drawn = [sample[law] for sample in first]
        assert len(set(drawn)) > 12 and drawn != [sample[law] for sample in second]
    # The fourth: torch's seed decides what has no seed, and what counts calls in workers, as for torchvision.
    again = epochs(method, count, persistent, seed=3)
    assert [[sample[2] for sample in made] for made in again] == [[s[2] for s in made] for made in (first, second)]
    if count:
        assert again == [first, second]
    if method == "spawn":
        # Each worker imports torch, and the other methods have shown it.
        return
    other = epochs(method, count, persistent, seed=4)
    assert [sample[2] for sample in other[0]] != [sample[2] for sample in first]
    assert [sample[0] for sample in other[0]] == [sample[0] for sample in first]


def test_a_broken_file_is_the_same_error_from_a_worker(tmp_path: Path) -> None:
    Image.fromarray(IMAGES[0]).save(tmp_path / "good.png")
    (tmp_path / "broken.png").write_bytes((tmp_path / "good.png").read_bytes()[:60])
    paths = [str(tmp_path / "good.png"), str(tmp_path / "broken.png")]
    dataset = Indexed(paths, Compose([Resize((8, 8))], seed=1, device="cpu"))
    with pytest.raises(DataError, match="broken.png"):
        for _ in data.DataLoader(dataset, batch_size=1, num_workers=1, multiprocessing_context="fork"):
            pass


@pytest.mark.timeout(180)
def test_two_ranks_read_what_one_process_reads(tmp_path: Path) -> None:
    required("TORCH", "torch.distributed")
    for i, image in enumerate(noise(23, 30, 34, 3)):
        place = tmp_path / "train" / f"class{i % 3}"
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(place / f"{i:03}.png")
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    arguments = (str(tmp_path / "train"), str(tmp_path / "store"), queue)
    ranks = [context.Process(target=workers.rank, args=(rank, 2, *arguments)) for rank in range(2)]
    for process in ranks:
        process.start()
    try:
        # What each rank knows of all ranks, by gloo.
        first, second = queue.get(timeout=120), queue.get(timeout=120)
    finally:
        for process in ranks:
            process.join(20)
            process.kill()
    assert first == second
    whole = workers.read(str(tmp_path / "train"), 0, 1)
    for epoch in range(2):
        by_rank = [rank[epoch] for rank in first]
        assert not set(by_rank[0]) & set(by_rank[1]), "the ranks are not disjoint"
        assert {**by_rank[0], **by_rank[1]} == whole[epoch], "the ranks are not all of the epoch, with its bytes"
    assert len(whole[0]) == 23 and whole[0] != whole[1]
