"""What the tests run: a search with two Ray workers or with Ray Tune, to its end.

    check.py driver|lost|tune PROGRAM JOURNAL PROXY
"""

import json
import logging
import os
import pathlib
import subprocess
import sys

# Before Ray starts: Tune would write to the home folder, and Ray would tell its makers of the run.
os.environ.update(RAY_USAGE_STATS_ENABLED="0", RAY_AIR_NEW_OUTPUT="0", RAY_CHDIR_TO_TRIAL_DIR="0")
sys.path.insert(0, str(pathlib.Path(__file__).parent))

import ray

import autoaugment_ray


def driven(program, journal, proxy, loses_a_worker):
    driver = autoaugment_ray.Driver(journal, proxy, workers=2, program=program)
    done = []

    def report(outcome):
        done.append(outcome["id"])
        if loses_a_worker and len(done) == 5:
            # As when its machine goes down.
            ray.kill(driver.workers[0])

    driver.run(report)
    print(json.dumps({"done": len(done), "lost": driver.lost}))


def tuned(program, journal, proxy):
    from ray import tune
    from ray.tune.search import ConcurrencyLimiter

    from autoaugment_ray.searcher import PolicySearcher

    def train(config):
        command = [program, "search", "evaluate", "--proxy", proxy]
        line = subprocess.run(command, input=json.dumps(config), capture_output=True, text=True, check=True).stdout
        outcome = json.loads(line)
        tune.report({"accuracy": outcome["accuracy"], "loss": outcome["loss"]})

    searcher = ConcurrencyLimiter(PolicySearcher(journal, program), max_concurrent=2)
    run = tune.RunConfig(storage_path=str(pathlib.Path(journal).resolve().parent / "results"), verbose=0)
    config = tune.TuneConfig(search_alg=searcher, num_samples=-1)
    results = tune.Tuner(train, tune_config=config, run_config=run).fit()
    print(json.dumps({"done": len(results), "lost": results.num_errors}))


def main():
    what, program, journal, proxy = sys.argv[1:]
    options = {"num_cpus": 2, "include_dashboard": False, "log_to_driver": False, "logging_level": logging.ERROR}
    ray.init(**options, object_store_memory=80 << 20)
    if what == "tune":
        tuned(program, journal, proxy)
    else:
        driven(program, journal, proxy, loses_a_worker=what == "lost")


if __name__ == "__main__":
    main()
