"""Imports: what `import autoaugment` costs after `import numpy`, each time in a new interpreter."""

import json
import os
import platform
import subprocess
import sys

import package  # noqa: F401
import protocol

PROGRAM = """
import json, sys, time
sys.path.insert(1, sys.argv[1])
import numpy
before = set(sys.modules)
cpu, wall = time.process_time(), time.perf_counter()
import autoaugment
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
print(json.dumps({"images": 1, "cpu": cpu, "wall": wall, "modules": sorted(set(sys.modules) - before)}))
"""


class Imports:
    def __init__(self, _peer):
        pass

    def run(self, **_request):
        command = [sys.executable, "-c", PROGRAM, os.environ["AUTOAUGMENT_BENCHES_PACKAGE"]]
        answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        packages = {name.partition(".")[0] for name in answer.pop("modules")}
        assert not packages & {"PIL", "torch", "jax"}, packages
        return answer


if __name__ == "__main__":
    protocol.serve(None, f"python {platform.python_version()}", Imports)
