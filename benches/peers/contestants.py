"""Contestants: the libraries that are compared, their processes, and what is said to them (`workers/protocol.py`)."""

import json
import os
import pathlib
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import environments

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

# Worker, environment, and how it takes several cores: as threads of one process, or as processes that have batches of
# their own, as data loaders run them.
WORKERS = {
    "memcpy": ("memcpy.py", "opencv", "processes"),
    "ours": (None, None, "threads"),
    "tv1_pil": ("tv1_pil.py", "torch", "processes"),
    "timm_pil": ("timm_pil.py", "torch", "processes"),
    "tv2_tensor": ("tv2_tensor.py", "torch", "processes"),
    "tv2_batch": ("tv2_batch.py", "torch", "processes"),
    "kornia": ("kornia_batch.py", "torch", "processes"),
    "albumentations": ("albumentations_array.py", "torch", "processes"),
    "opencv": ("opencv_hand.py", "opencv", "processes"),
    "dali_cpu": ("dali_cpu.py", "dali", "threads"),
}


class Died(Exception):
    """A worker ended before it answered."""


def clean_environment():
    """The same for all: one thread unless asked, and nothing that this machine sets for one library alone.

    glibc's allocator keeps what is freed: whether it gives large buffers back, to fetch them again page by page, else
    depends on what was allocated before, and then a library has one of two speeds by chance.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENBLAS_", "OMP_", "MKL_", "RAYON_", "PYTHON"))}
    kept |= {f"MALLOC_{name}_THRESHOLD_": str(1 << 30) for name in ("MMAP", "TRIM")}
    return kept | {f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS")}


def build_ours(bench="peers", features=()):
    """Builds our worker, one of the library's benches, and returns where it is."""
    command = ["cargo", "build", "--release", "--package", "autoaugment", "--no-default-features", "--bench", bench]
    command += [part for feature in features for part in ("--features", feature)]
    command += ["--message-format", "json-render-diagnostics"]
    lines = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    built = [message for message in map(json.loads, lines) if message.get("executable")]
    return [message["executable"] for message in built if message["target"]["name"] == bench][0]


class Process:
    """A worker that waits for requests."""

    def __init__(self, command, log):
        self.log = log
        with open(log, "a") as errors:
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": errors}
            self.process = subprocess.Popen(command, **pipes, text=True, env=clean_environment())
        self.versions = self.answer()["versions"]

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            said = pathlib.Path(self.log).read_text().strip().splitlines()
            raise Died(said[-1] if said else f"exit code {self.process.wait()}")
        return json.loads(line)

    def ask(self, do, **request):
        try:
            print(json.dumps({"do": do} | request), file=self.process.stdin, flush=True)
        except BrokenPipeError:
            pass
        return self.answer()

    def end(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Contestant:
    """A library with as many processes as it takes for `cores`; `worker` is as in `WORKERS`, its script in `scripts`."""

    def __init__(self, name, worker, cores, folder, ours, scripts=HERE / "workers"):
        script, environment, self.spread = worker
        self.name = name
        command = [ours]
        if script is not None:
            command = [str(environments.python(environment, folder)), str(scripts / script)]
        log = folder / f"{name}.log"
        log.unlink(missing_ok=True)
        count = max(cores) if self.spread == "processes" else 1
        self.processes = [Process(command, log) for _ in range(count)]
        self.versions = self.processes[0].versions.replace(",", ";")

    def load(self, **images):
        for process in self.processes:
            process.ask("load", **images)

    def run(self, cores, **request):
        """A sample: images, their rate by the clock, CPU-seconds, cores that it had, and cores that others had."""
        processes = self.processes[:cores if self.spread == "processes" else 1]
        request["threads"] = cores // len(processes)
        busy, began = machine_busy(), time.perf_counter()
        with ThreadPoolExecutor(len(processes)) as pool:
            answers = list(pool.map(lambda process: process.ask("run", **request), processes))
        wall, busy = time.perf_counter() - began, machine_busy() - busy
        if "cannot" in answers[0]:
            return answers[0]
        cpu = sum(answer["cpu"] for answer in answers)
        return {
            "images": sum(answer["images"] for answer in answers),
            # Processes stop within a call of each other: each had its own rate.
            "rate": sum(answer["images"] / answer["wall"] for answer in answers),
            "cpu": cpu,
            "cores": sum(answer["cpu"] / answer["wall"] for answer in answers),
            "others": (busy - cpu) / wall,
        }

    def end(self):
        for process in self.processes:
            process.end()


def machine_busy():
    """CPU-seconds that the machine has spent on anything, infinite where it doesn't tell."""
    try:
        fields = pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
    except OSError:
        return float("inf")
    user, nice, system, _idle, _iowait, interrupts, soft, stolen = map(int, fields)
    return (user + nice + system + interrupts + soft + stolen) / os.sysconf("SC_CLK_TCK")
