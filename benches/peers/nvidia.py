#!/usr/bin/env python3
"""Compares our GPU executor with libraries for NVIDIA's GPUs: 256 resident images of 224 x 224, the ImageNet policy.

    python3 benches/peers/nvidia.py
    python3 benches/peers/nvidia.py --python /path/to/python       with an environment that is there already
    python3 benches/peers/nvidia.py --device cpu --seconds 0.1     tries everything out without a GPU

Writes benches/results/<GPU>/<date>.csv, in the form of `run.py`; `io` is the output, "u8" or "f16". Ours is the row of
`autoaugment bench` for resident images, timed by the GPU's clock; the others are timed by CUDA events, DALI by the
host's clock until the GPU is done. All have the same images, except that ours crops its own from the same photographs.

This was tried with --device cpu only, and never ran on an NVIDIA GPU.
"""

import argparse
import datetime
import json
import pathlib
import statistics
import subprocess
import sys

import contestants
import environments
import results
from run import count, images_file

ROOT = contestants.ROOT
SIZE = 224
TEST = "aa_imagenet"
OUTPUTS = ("u8", "f16")
# Worker and what it is told.
WORKERS = {
    "tv2_cuda": ("cuda_torch.py", "torchvision"),
    "kornia_cuda": ("cuda_torch.py", "kornia"),
    "dali_gpu": ("cuda_dali.py",),
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--python", type=pathlib.Path, help="one with requirements/nvidia.txt; else it is installed")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.5, help="the least that a sample takes")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "benches" / "results")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "target" / "peers")
    parser.add_argument("--autoaugment", type=pathlib.Path, help="our command, if it is built")
    return parser.parse_args()


def command_of(given):
    """Our command, built if need be."""
    if given.autoaugment is None:
        subprocess.run(["cargo", "build", "--release", "--bin", "autoaugment"], cwd=ROOT, check=True)
        return ROOT / "target" / "release" / "autoaugment"
    return given.autoaugment


def ours(given, command, output):
    """Our row, the limit's, and the device's name; or why there is none."""
    device = "gpu" if given.device == "cuda" else "cpu"
    wanted = {"ours": "gpu_resident", "copy_kernel": "copy_kernel"}
    if given.device == "cpu":
        wanted = {"ours": "cpu_all_threads", "memcpy": "memcpy_all_threads"}
    layout = "nhwc" if output == "u8" else "nchw"
    line = [command, "bench", ROOT / "photos", "--policy", "imagenet", "--size", SIZE, "--batch", count(SIZE)]
    line += ["--device", device, "--dtype", output, "--output-layout", layout, "--json", "--seconds", given.seconds]
    done = subprocess.run([str(part) for part in line], capture_output=True, text=True)
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or ["no message"]
        return [results.note("ours", f"could not be run: {said[-1]}")], None
    report = json.loads(done.stdout)
    measured = {row["id"]: row for row in report["rows"]}
    rows, version = [], f"autoaugment {report['version']}"
    for peer, name in wanted.items():
        line = measured[name]
        rows.append(row(peer, output, [line["images_per_second"]], line["rounds"], version))
    side = report["gpu"] or report["cpu"]
    return rows, side["name"]


def row(peer, output, rates, samples, versions):
    """On a GPU there are no CPU-seconds to speak of, and nobody else is on it: all samples are clean."""
    return {
        "peer": peer, "test": TEST, "size": SIZE, "io": output, "clean_samples": samples, "samples": samples,
        "images_per_second_median": f"{statistics.median(rates):.1f}", "versions": versions.replace(",", ";"),
    }


def start(given, interpreter, name, **images):
    script, *told = WORKERS[name]
    log = given.work / f"{name}.log"
    log.unlink(missing_ok=True)
    worker = contestants.HERE / "workers" / script
    process = contestants.Process([str(interpreter), str(worker), *told, given.device], log)
    process.ask("load", **images)
    return process


def main():
    given = arguments()
    given.work.mkdir(parents=True, exist_ok=True)
    interpreter = given.python or environments.python("nvidia", given.work)
    with_tables = contestants.Process([contestants.build_ours()], given.work / "ours.log")
    tables = with_tables.ask("tables", width=SIZE, height=SIZE)
    with_tables.end()
    path = images_file(given.work, SIZE)
    images = {"images": str(SIZE), "path": str(path), "count": count(SIZE), "height": SIZE, "width": SIZE}

    rows, device = [], None
    command = command_of(given)
    for output in OUTPUTS:
        own, name = ours(given, command, output)
        rows += own
        device = device or name
    processes = {}
    for name in WORKERS:
        try:
            processes[name] = start(given, interpreter, name, **images, tables=tables)
        except contestants.Died as reason:
            rows.append(results.note(name, f"could not be started: {reason}"))
    rates = {}
    # The first round warms up and is not counted.
    for number in range(given.rounds + 1):
        for output in OUTPUTS:
            for name, process in processes.items():
                answer = process.ask("run", images=str(SIZE), test=TEST, io=output, threads=4, seconds=given.seconds)
                if number:
                    rates.setdefault((name, output), []).append(answer["images"] / answer["wall"])
    for (name, output), values in rates.items():
        rows.append(row(name, output, values, len(values), processes[name].versions))
    for process in processes.values():
        process.end()

    path = given.out / results.slug(device or "unknown device") / f"{datetime.date.today()}.csv"
    results.write(path, rows)
    for line in rows:
        rate = results.number(line.get("images_per_second_median"))
        print(line["peer"], line.get("io", ""), rate, line.get("note", ""))
    print(path, file=sys.stderr)


if __name__ == "__main__":
    main()
