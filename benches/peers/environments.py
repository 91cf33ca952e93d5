"""Environments: the virtual environments that the libraries live in, made when first asked for."""

import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


class Missing(Exception):
    """An environment could not be made; why."""


def python(name, folder):
    """The interpreter of an environment with what requirements/NAME.txt pins; made anew if that changed."""
    requirements = HERE / "requirements" / f"{name}.txt"
    home = folder / name
    done = home / "requirements.txt"
    interpreter = home / "bin" / "python"
    if done.exists() and done.read_text() == requirements.read_text():
        return interpreter
    print(f"making the environment {name} in {home}", file=sys.stderr)
    for command in (
        [sys.executable, "-m", "venv", "--clear", home],
        [interpreter, "-m", "pip", "install", "--quiet", "--no-cache-dir", "--requirement", requirements],
    ):
        try:
            result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        except OSError as error:
            raise Missing(str(error)) from error
        if result.returncode != 0:
            lines = result.stderr.strip().splitlines() or ["no message"]
            raise Missing(next((line for line in lines if line.startswith("ERROR")), lines[-1]))
    done.write_text(requirements.read_text())
    return interpreter


def with_pillow(folder):
    """This interpreter if it has Pillow and NumPy, else one that has."""
    has = subprocess.run([sys.executable, "-c", "import PIL, numpy"], capture_output=True)
    return pathlib.Path(sys.executable) if has.returncode == 0 else python("pillow", folder)
