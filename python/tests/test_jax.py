"""jax: augmentation inside and outside of `jit`, and batches on devices."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import noise, required

from autoaugment import AutoAugment, Compose, Loader, Masks, Normalize, RandomResizedCrop

jax = required("JAX", "jax", module=True)

from autoaugment.jax import Augment, to_device  # noqa: E402

BATCH = noise(12, 40, 48, 3)
POLICY = AutoAugment("imagenet", seed=4, device="cpu")
FLOATS = Compose([RandomResizedCrop(24), AutoAugment("imagenet"), Normalize()], seed=4, device="cpu")


@pytest.mark.parametrize("transform", [POLICY, FLOATS], ids=["policy", "floats"])
@pytest.mark.parametrize("layout", ["hwc", "chw"])
def test_the_bytes_are_those_of_a_call(transform: AutoAugment, layout: str) -> None:
    batch = BATCH if layout == "hwc" else np.ascontiguousarray(BATCH.transpose(0, 3, 1, 2))
    augment = Augment(transform, layout=layout)
    within = jax.jit(augment)
    for epoch in range(2):
        expected = transform(batch, index=range(12), epoch=epoch, layout=layout)
        for call in (augment, within):
            result = call(jax.numpy.asarray(batch), jax.numpy.arange(12), epoch)
            assert isinstance(result, jax.Array) and result.dtype == expected.dtype
            np.testing.assert_array_equal(np.asarray(result), expected)


def test_a_large_batch_does_not_hang() -> None:
    large = noise(64, 224, 224, 3)
    result = jax.jit(Augment(POLICY))(jax.numpy.asarray(large), jax.numpy.arange(64))
    np.testing.assert_array_equal(np.asarray(result), POLICY(large, index=range(64), epoch=0))


def test_what_is_refused() -> None:
    augment = Augment(POLICY)
    assert "AutoAugment(policy='imagenet', seed=4" in repr(augment)
    with pytest.raises(TypeError, match="float32: uint8 is needed"):
        augment(jax.numpy.zeros((2, 4, 4, 3)), jax.numpy.arange(2))
    with pytest.raises(ValueError, match=r"N indices are needed, got the shapes \(2, 4, 4, 3\) and \(3,\)"):
        augment(jax.numpy.zeros((2, 4, 4, 3), np.uint8), jax.numpy.arange(3))
    with pytest.raises(ValueError, match="layout: there is no 'nhwc'"):
        Augment(POLICY, layout="nhwc")
    with pytest.raises(TypeError, match="transform: a Compose or a policy is needed, got int"):
        Augment(3)  # type: ignore[arg-type]


def test_batches_go_to_devices() -> None:
    items = [(image, 1, image[..., 0]) for image in BATCH]
    loader = Loader(items, FLOATS, batch_size=4, masks=Masks())
    kept = [(to_device(batch), batch.images.copy()) for batch in loader]
    list(loader)
    for batch, images in kept:
        assert all(isinstance(part, jax.Array) for part in (batch.images, batch.labels, batch.indices, batch.masks))
        assert batch.soft_labels is None and len(batch.plan) == 4
        np.testing.assert_array_equal(np.asarray(batch.images), images)
