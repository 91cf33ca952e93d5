"""The notebook: it runs from its first cell to its last, and its pictures are those that are committed."""

from __future__ import annotations

import base64
import io
import os
from typing import Any

import numpy as np
import pytest
from conftest import ROOT, required
from PIL import Image

NOTEBOOK = ROOT / "python/examples/first_steps.ipynb"


@pytest.mark.timeout(300)
@pytest.mark.filterwarnings("ignore")
def test_the_notebook_runs() -> None:
    nbclient, nbformat = required("NOTEBOOK", "nbclient"), required("NOTEBOOK", "nbformat")
    required("NOTEBOOK", "ipykernel")
    required("JAX", "jax")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    committed = pictures(notebook)
    # Its own cells check the rest, such as what the network has learned.
    nbclient.NotebookClient(notebook, timeout=200, resources={"metadata": {"path": str(NOTEBOOK.parent)}}).execute()
    made = pictures(notebook)
    assert len(made) == 2 and all(len(np.unique(image)) > 100 for image in made)
    if os.environ.get("UPDATE_DOCS") == "1":
        keep_what_is_always_the_same(notebook)
        nbformat.write(notebook, NOTEBOOK)
        return
    for one, other in zip(made, committed, strict=True):
        np.testing.assert_array_equal(one, other, "run this test with UPDATE_DOCS=1")


def outputs(notebook: Any) -> list[Any]:
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def pictures(notebook: Any) -> list[np.ndarray[Any, Any]]:
    data = [output["data"]["image/png"] for output in outputs(notebook) if "image/png" in output.get("data", {})]
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(text)))) for text in data]


def keep_what_is_always_the_same(notebook: Any) -> None:
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    for output in outputs(notebook):
        if "image/png" in output.get("data", {}):
            output["data"] = {"image/png": output["data"]["image/png"]}
