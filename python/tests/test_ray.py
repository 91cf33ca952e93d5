"""Ray: one and two actors give the bytes of one process, for every batch size."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from conftest import ROOT, noise, required

from autoaugment import AutoAugment
from autoaugment.ray import MapBatches

ray = required("RAY", "ray", module=True)
required("RAY", "ray.data", module=True)

BATCH = noise(50, 24, 20, 3)
AUGMENT = AutoAugment("imagenet", seed=4, device="cpu")


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """Two processors, whatever the machine has."""
    environment = {"PYTHONPATH": os.pathsep.join([str(ROOT / "python"), os.environ.get("PYTHONPATH", "")])}
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, runtime_env={"env_vars": environment})
    yield
    ray.shutdown()


@pytest.mark.timeout(180)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("actors", "size"), [(1, 16), (2, 7)])
def test_actors_give_the_bytes_of_one_process(actors: int, size: int, cluster: None) -> None:
    rows: list[dict[str, Any]] = [{"image": image, "index": i} for i, image in enumerate(BATCH)]
    made = ray.data.from_items(rows, override_num_blocks=4).map_batches(
        MapBatches,
        fn_constructor_args=(AUGMENT,),
        fn_constructor_kwargs={"epoch": 3},
        batch_size=size,
        compute=ray.data.ActorPoolStrategy(size=actors),
        num_cpus=1,
    )
    results = {int(row["index"]): row["image"] for row in made.take_all()}
    assert len(results) == 50
    expected = AUGMENT(BATCH, index=range(50), epoch=3)
    for i, image in results.items():
        np.testing.assert_array_equal(image, expected[i])
