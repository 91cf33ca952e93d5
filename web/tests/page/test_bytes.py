"""Bytes: what the page's executors make equals what the command line makes of the same images."""

from __future__ import annotations

import json
import subprocess

import numpy as np
import pytest
from conftest import ROOT

COMMAND = str(ROOT / "target/debug/autoaugment")
COPIES = 8


def run(*arguments, **options):
    done = subprocess.run([COMMAND, *map(str, arguments)], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session", params=[False, True], ids=["cpu", "webgpu"])
def device(request, browser, photos):
    """One page for all cases of a device, so that its kernels are compiled once."""
    from conftest import BASE64, Shown

    context = browser.new_context()
    context.add_init_script(BASE64)
    shown = Shown(context)
    shown.give(*photos)
    if request.param:
        assert shown.page.evaluate("openGpu()")
        # A policy of all operations: kernels for all of them.
        operations = shown.page.evaluate("listing.operations.map((op) => op.name)")
        shown.set(view="sub-policies", policy="\n".join(f"{op} 1 5" for op in operations), columns=len(operations))
        shown.cells(True)
    yield shown, request.param
    assert shown.problems == []
    context.close()


def test_the_originals_are_those_of_the_files(device, noise):
    shown, _ = device
    for original, expected in zip(shown.originals(), noise, strict=True):
        assert (original == expected).all()


def test_every_operation_at_every_magnitude_of_every_convention(device, noise, tmp_path):
    shown, on_gpu = device
    script = """async (onGpu) => {
        const found = [];
        // One convention for each interpolation is enough for the kernels, which SwiftShader runs slowly.
        const few = ["torchvision", "deepvoltaire", "torchvision-augmix"];
        const some = listing.conventions.filter(({ name }) => !onGpu || few.includes(name));
        for (const { name: convention, signed } of some) {
            for (const { name: op } of listing.operations) {
                for (const negative of signed.includes(op) ? [false, true] : [false]) {
                    const view = { sweep: { op, magnitude: 1, negative } };
                    const asked = { policy: "imagenet", convention, interpolation: "", seed: "0", view };
                    const job = page.plan(JSON.stringify(asked));
                    const pixels = await job.run(onGpu);
                    JSON.parse(job.describe()).cells.forEach(({ row, ops, width, height }, i) =>
                        found.push({ convention, row, ops, pixels: [width, height, base64(pixels.rgba(i))] }));
                    pixels.free();
                    job.free();
                }
            }
        }
        return found;
    }"""
    cells = shown.page.evaluate(script, on_gpu)
    operations = {cell["ops"][0]["op"] for cell in cells}
    assert len(operations) == shown.page.evaluate("listing.operations.length")
    got = np.stack([shown.rgb(cell["pixels"]) for cell in cells])
    # A pairing names the other of the two images, which stands at the same place of the array.
    images = [{"ops": [paired(op, i, cell["row"]) for op in cell["ops"]]} for i, cell in enumerate(cells)]
    (tmp_path / "plan.json").write_text(json.dumps({"version": 1, "images": images}))
    np.save(tmp_path / "in.npy", np.stack([noise[cell["row"]] for cell in cells]))
    run("apply", "in.npy", "--plan", "plan.json", "--out", "out.npy", "--device", "cpu", cwd=tmp_path)
    expected = np.load(tmp_path / "out.npy")
    wrong = [cells[i]["ops"] for i in range(len(cells)) if (got[i] != expected[i]).any()]
    assert wrong == [], f"{len(wrong)} of {len(cells)}, first {wrong[0]}"
    assert len(cells) > (1000 if on_gpu else 5000)


def paired(op, place, row):
    """A pairing's partner as a place among all cells: the two rows of a column stand side by side."""
    if op["op"] != "SamplePairing":
        return op
    return {**op, "partner": place + 1 if row == 0 else place - 1}


def test_every_policy_and_scheme_draws_and_makes_the_same(device, noise, tmp_path):
    shown, on_gpu = device
    np.save(tmp_path / "in.npy", np.stack(noise))
    shown.set(view="draws", columns=COPIES, seed=18446744073709551615)
    for name in shown.page.evaluate("listing.policies.map((p) => p.name)"):
        shown.set(policy=name)
        assert shown.text("#policy-error") == ""
        cells = shown.cells(on_gpu)
        got = np.zeros((2 * COPIES, *noise[0].shape), np.uint8)
        for cell in cells:
            got[cell["row"] * COPIES + cell["column"]] = cell["pixels"]
        seed = ["--seed", 18446744073709551615, "--copies", COPIES, "--device", "cpu", "--force"]
        run("apply", "in.npy", "--out", "out.npy", "--policy", name, *seed, cwd=tmp_path)
        expected = np.load(tmp_path / "out.npy")
        assert (got == expected).all(), name
        assert (got != np.repeat(np.stack(noise), COPIES, axis=0)).any(), name


def test_a_wrong_byte_would_be_seen(device, noise):
    shown, on_gpu = device
    shown.set(view="draws", columns=1, policy="Invert 1 0")
    for cell in shown.cells(on_gpu):
        assert (cell["pixels"] == 255 - noise[cell["row"]]).all()
        assert (cell["pixels"] != noise[cell["row"]]).any()


def test_both_devices_are_named_timed_and_compared(shown):
    page = shown("columns=2&policy=Invert 1 0")
    assert "on the CPU, as WebAssembly" in page.text("#status")
    page.page.click("#measure")
    page.wait("!document.getElementById('measured').textContent.includes('Measuring')")
    assert "All bytes are the same." in page.text("#measured"), page.text("#measured")
    page.set(device="webgpu")
    assert "WebGPU: " in page.text("#status")
