"""The built page in headless Chromium, and images to put into it."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[3]
BUILT = ROOT / "target/web/index.html"
PICTURES = ROOT / "target/web/pictures"

# WebGPU without a real GPU: Chromium brings SwiftShader.
FLAGS = ["--no-sandbox", "--enable-unsafe-webgpu", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture(scope="session")
def browser():
    chromium = os.environ.get("AUTOAUGMENT_CHROMIUM") or shutil.which("chromium")
    assert chromium, "there is no chromium on the path; install it or set AUTOAUGMENT_CHROMIUM"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


class Shown:
    """The page, opened from the disk as a user opens it."""

    def __init__(self, context, link=""):
        self.page = context.new_page()
        self.problems = []
        self.requests = []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", self._hear)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.open(link)

    def open(self, link):
        self.page.goto(BUILT.as_uri() + (f"#{link}" if link else ""))
        self.wait("document.getElementById('status').textContent !== 'Loading.'")
        self.settle()

    def _hear(self, message):
        # A driver may say that reading pixels takes time.
        if message.type in ("error", "warning") and "GL Driver Message" not in message.text:
            self.problems.append(message.text)

    def wait(self, condition):
        """Waits for a condition. The page's policy forbids the one of Playwright, which makes code of a text."""
        end = time.monotonic() + 240
        while not self.page.evaluate(condition):
            assert time.monotonic() < end, condition
            self.page.wait_for_timeout(20)

    def settle(self):
        """Waits until all changes are shown."""
        self.page.evaluate("new Promise((done) => setTimeout(done, 0))")
        self.page.evaluate("decoding")
        self.wait("!busy && !again")

    def set(self, **fields):
        """Sets fields as a user does."""
        for key, value in fields.items():
            if key in ("view", "form"):
                self.page.check(f"input[name={key}][value={value}]")
            elif key in ("negative", "always"):
                self.page.set_checked(f"#{key}", value)
            elif key in ("convention", "interpolation", "op", "other", "preset", "side", "device"):
                self.page.select_option(f"#{key}", value)
            else:
                self.page.fill(f"#{key}", str(value))
            self.settle()

    def text(self, selector):
        return self.page.inner_text(selector)

    def give(self, *files):
        self.page.set_input_files("#files", [str(file) for file in files])
        self.wait("document.getElementById('files').files.length === 0")
        self.settle()

    def originals(self):
        """The images as the operations get them."""
        return [self.rgb(image) for image in self.page.evaluate("images.map((i) => [i.width, i.height, base64(i.rgba)])")]

    def cells(self, on_gpu=False):
        """Runs the sheet: of each cell its row, column, operations and pixels."""
        script = """async (onGpu) => {
            const pixels = await job.run(onGpu);
            const { cells } = JSON.parse(job.describe());
            return cells.map((c, i) => ({ ...c, pixels: [c.width, c.height, base64(pixels.rgba(i))] }));
        }"""
        return [{**cell, "pixels": self.rgb(cell["pixels"])} for cell in self.page.evaluate(script, on_gpu)]

    @staticmethod
    def rgb(image):
        import base64

        width, height, data = image
        return np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, 4)[:, :, :3]

    def picture(self, name):
        """Writes a picture of the page, to be looked at."""
        PICTURES.mkdir(exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


BASE64 = """window.base64 = (bytes) => {
    let text = "";
    for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
    return btoa(text);
};"""


@pytest.fixture
def shown(browser):
    """Opens the page with a link, in a context of its own; nothing may go wrong and nothing may be sent."""
    contexts, pages = [], []

    def opened(link="", script="", **options):
        context = browser.new_context(**options)
        contexts.append(context)
        context.add_init_script(BASE64 + script)
        pages.append(Shown(context, link))
        return pages[-1]

    yield opened
    for page in pages:
        assert page.problems == []
        assert all(url.startswith(("file:", "data:", "blob:")) for url in page.requests), page.requests
        assert page.page.is_hidden("#stopped")
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def noise():
    """Images of every kind of content: noise, a ramp, two values."""
    random = np.random.default_rng(16)
    ramp = np.add.outer(np.arange(37) * 3, np.arange(45) * 2).astype(np.uint8)
    ramp = np.stack([ramp, 255 - ramp, ramp // 2], axis=2)
    return [random.integers(0, 256, (37, 45, 3), np.uint8), ramp]


@pytest.fixture(scope="session")
def photos(tmp_path_factory, noise):
    """The same as files."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("given") / "photos"
    folder.mkdir()
    for number, image in enumerate(noise):
        Image.fromarray(image).save(folder / f"{number}.png")
    return sorted(folder.iterdir())
