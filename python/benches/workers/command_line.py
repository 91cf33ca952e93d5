"""Our command line: the row of `autoaugment bench` for one thread. It times plans that it has drawn before."""

import json
import os
import subprocess

import package
import protocol

PROGRAM = os.environ["AUTOAUGMENT_BENCHES_COMMAND_LINE"]


class CommandLine:
    def __init__(self, _peer):
        self.sets = {}

    def load(self, images, count, height, **_rest):
        self.sets[images] = (count, height)
        return {}

    def run(self, images, test, io, seconds, **_rest):
        count, side = self.sets[images]
        command = [PROGRAM, "bench", str(package.BENCHES.parent / "photos"), "--device", "cpu", "--json", "--quiet"]
        command += ["--policy", test.removeprefix("aa_"), "--batch", str(count), "--size", str(side)]
        command += ["--dtype", io, "--output-layout", {"u8": "nhwc", "f32": "nchw"}[io], "--seconds", str(seconds)]
        printed = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        row = next(row for row in printed["rows"] if row["id"] == "cpu_one_thread")
        done = row["images_per_cpu_second"] * seconds
        return {"images": done, "wall": done / row["images_per_second"], "cpu": seconds}


if __name__ == "__main__":
    version = subprocess.run([PROGRAM, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    protocol.serve(None, version, CommandLine)
