#!/usr/bin/env python3
"""Compares the Python package with what people would take instead: calls, batches, its import, and files to batches.

    python3 python/benches/run.py                               everything, about 15 minutes on two cores
    python3 python/benches/run.py --parts calls --rounds 3

Needs Linux, Rust and Python 3.11 with venv. The package is built and installed into target/peers, beside the other
libraries of benches/peers, whose driver, protocol and workers it shares (9 GB). Writes
benches/results/<processor>/python-<date>.csv and prints tables. What is measured is in python/benches/README.md.
"""

import argparse
import datetime
import importlib.util
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PEERS = ROOT / "benches" / "peers"
WORKERS = HERE / "workers"
sys.path.insert(1, str(PEERS))

import contestants  # noqa: E402
import environments  # noqa: E402
import results  # noqa: E402


def driver(path):
    """Another driver, as a module."""
    spec = importlib.util.spec_from_file_location(path.parent.name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


peers, files = driver(PEERS / "run.py"), driver(ROOT / "benches" / "files" / "run.py")


def of_ours(script):
    return (str(WORKERS / script), "torch", "threads")


# Worker and environment of each; those of benches/peers are as they are there.
CALLED = {
    "ours": of_ours("ours.py"),
    "command_line": of_ours("command_line.py"),
    "tv1_pil": contestants.WORKERS["tv1_pil"],
    "tv2_pil": of_ours("tv2_pil.py"),
    "timm_pil": contestants.WORKERS["timm_pil"],
    "deepvoltaire": of_ours("deepvoltaire.py"),
    "tv2_tensor": contestants.WORKERS["tv2_tensor"],
    "albumentations": contestants.WORKERS["albumentations"],
    "kornia": contestants.WORKERS["kornia"],
}
# What is passed, and in which `io` each worker has it.
FORMS = {
    "pil": {"ours": "pil", "tv1_pil": "native", "tv2_pil": "native", "timm_pil": "native", "deepvoltaire": "native"},
    "array": {"ours": "array", "albumentations": "native"},
    "tensor": {"ours": "tensor", "tv2_tensor": "native"},
    "batch": {"ours": "batch", "kornia": "native"},
    "plan_u8": {"ours": "plan_u8", "command_line": "u8"},
    "plan_f32": {"ours": "plan_f32", "command_line": "f32"},
}
# From files to normalized batches. `ours` comes first, for what is right.
files.LOADERS = {
    "ours": ("folder", of_ours("loader.py")),
    "compose": ("folder", of_ours("compose.py")),
    "compose_pillow": ("folder", of_ours("compose_pillow.py")),
    "drop_in": ("folder", of_ours("drop_in.py")),
    **{name: files.LOADERS[name] for name in ("torch_pillow", "torch_tensor", "timm", "dali_cpu")},
}
PARTS = ("calls", "import", "files")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = lambda text: text.split(",")
    parser.add_argument("--parts", type=names, default=list(PARTS), help=f"some of {', '.join(PARTS)}")
    parser.add_argument("--peers", type=names, default=[*CALLED, *files.LOADERS], help="some of them; ours always runs")
    parser.add_argument("--count", type=int, default=2000, help="files")
    parser.add_argument("--rounds", type=int, default=7, help="samples of each")
    parser.add_argument("--seconds", type=float, default=0.3, help="the least that a sample of calls takes")
    parser.add_argument("--cores", type=int, default=os.cpu_count(), help="processes or threads that make batches")
    parser.add_argument("--deepvoltaire", type=pathlib.Path, help="a clone of DeepVoltaire/AutoAugment, to compare with")
    parser.add_argument("--package", type=pathlib.Path, help="ours, if it is built: a wheel, or the folder that it is in")
    parser.add_argument("--tables", help="the worker of benches/peers, which tells the policies, if it is built")
    parser.add_argument("--command-line", help="our command line, if it is built")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "benches" / "results")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "target" / "peers")
    given = parser.parse_args()
    for name in given.parts:
        if name not in PARTS:
            parser.error(f"no part is called {name}; there are {', '.join(PARTS)}")
    for name in given.peers:
        if name not in CALLED and name not in files.LOADERS:
            parser.error(f"no peer is called {name}; there are {', '.join([*CALLED, *files.LOADERS])}")
    given.peers = ["ours", *(name for name in given.peers if name != "ours")]
    return given


def install(given):
    """Installs the package into a folder of its own, which our workers import it from."""
    folder, what = given.work / "package", given.package or ROOT / "python"
    if given.package and given.package.is_dir():
        folder = given.package
    else:
        command = [environments.python("torch", given.work), "-m", "pip", "install", "--quiet", "--no-deps", "--upgrade"]
        subprocess.run([str(part) for part in [*command, "--target", folder, what]], check=True)
    # Contestants get no PYTHONPATH, which would be another thing that this machine sets.
    os.environ["AUTOAUGMENT_BENCHES_PACKAGE"] = str(folder.resolve())


def start(given, notes):
    """The libraries that could be started, by name, with the images and tables of benches/peers."""
    if not given.command_line:
        subprocess.run(["cargo", "build", "--release"], cwd=ROOT, check=True)
    command_line = pathlib.Path(given.command_line or ROOT / "target" / "release" / "autoaugment")
    os.environ["AUTOAUGMENT_BENCHES_COMMAND_LINE"] = str(command_line.resolve())
    os.environ["AUTOAUGMENT_BENCHES_DEEPVOLTAIRE"] = str(given.deepvoltaire.resolve()) if given.deepvoltaire else ""
    started = {}
    for name in given.peers:
        if name not in CALLED:
            continue
        try:
            started[name] = contestants.Contestant(name, CALLED[name], [1], given.work, None)
        except (environments.Missing, contestants.Died) as reason:
            notes.add(name, f"could not be started: {reason}")
    tables = contestants.Process([given.tables or contestants.build_ours()], given.work / "tables.log")
    for size in (224, 32):
        path, count = peers.images_file(given.work, size), peers.count(size)
        images = {"images": str(size), "path": str(path), "count": count, "height": size, "width": size}
        images["tables"] = tables.ask("tables", width=size, height=size)
        for contestant in started.values():
            contestant.load(**images)
    tables.end()
    return started


def calls(given, notes):
    """Rows of calls and batches, on one core. The contestants of a form take turns, in several rounds."""
    started, samples = start(given, notes), {}
    cells = [(form, size) for size in (224, 32) for form in FORMS]
    for number in range(given.rounds + 1):
        for form, size in cells:
            forms = [(name, io) for name, io in FORMS[form].items() if name in started]
            turn = number % len(forms)
            for name, io in forms[turn:] + forms[:turn]:
                test = peers.policy(size)
                sample = started[name].run(1, images=str(size), test=test, io=io, seconds=given.seconds)
                # The first round warms up and is not counted.
                if number:
                    samples.setdefault((name, (test, size, form, 1)), []).append(sample)
        print(f"round {number} of {given.rounds}", file=sys.stderr)
    rows = [results.row(name, cell, taken, started[name].versions, None) for (name, cell), taken in samples.items()]
    for contestant in started.values():
        contestant.end()
    return rows


def imports(given, notes):
    """The row of the import, which is an image of its own each time, and what it imports besides."""
    importer = contestants.Contestant("import", of_ours("imports.py"), [1], given.work, None)
    samples = [importer.run(1) for _ in range(4 * given.rounds)]
    importer.end()
    return [results.row("ours", ("import", "", "", 1), samples, importer.versions, None)]


def loaders(given, notes):
    """Rows of files to batches, as benches/files measures them."""
    given.peers = [name for name in given.peers if name in files.LOADERS]
    given.ours = None
    started = files.start(given, notes)
    samples = files.measure(given, started, notes)
    rows = []
    for name in given.peers:
        if name in samples:
            cell = (files.TEST, files.SIZE, "folder", given.cores)
            rows.append(results.row(name, cell, samples[name], started[name].versions, None))
            started[name].end()
    return rows


def main():
    given = arguments()
    given.work.mkdir(parents=True, exist_ok=True)
    install(given)
    began, notes, rows = time.time(), results.Notes(), []
    for name, part in (("calls", calls), ("import", imports), ("files", loaders)):
        if name in given.parts:
            rows += part(given, notes)
    rows += notes.rows
    path = given.out / results.device() / f"python-{datetime.date.today()}.csv"
    results.write(path, rows)
    print("\n".join(results.tables(rows)))
    print(f"\n{path}, in {time.time() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
