"""Driver: a search with Ray actors as workers."""

import json
import subprocess

import ray

from .engine import Engine

# How often a job may be lost with its worker. Beyond that, the job is what ends workers.
MOST_LOSSES = 5


@ray.remote(max_restarts=0)
class Worker:
    """A process that trains children, one after the other."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def evaluate(self, job):
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the worker's process ended with {self.process.wait()}")
        return json.loads(line)


class Driver:
    """A search and its workers.

    `workers` is their number; one for each processor of the cluster unless set. `resources` are Ray's options of an actor,
    such as `{"num_cpus": 4, "num_gpus": 1}`.
    """

    def __init__(self, journal, proxy, workers=None, program="autoaugment", resources=None):
        if not ray.is_initialized():
            ray.init()
        self.command = [program, "search", "evaluate", "--proxy", str(proxy)]
        self.resources = {"num_cpus": 1, **(resources or {})}
        count = workers or max(1, int(ray.cluster_resources().get("CPU", 1) / self.resources["num_cpus"]))
        self.engine = Engine(journal, program)
        self.workers = [self._worker() for _ in range(count)]
        self.lost = 0

    def _worker(self):
        return Worker.options(**self.resources).remote(self.command)

    def run(self, report=None):
        """Trains children until the search is over. `report` is called with each outcome."""
        try:
            self._run(report or (lambda outcome: None))
        finally:
            self.engine.close()
            for worker in self.workers:
                ray.kill(worker)

    def _run(self, report):
        idle, running, losses = list(self.workers), {}, {}
        while True:
            while idle:
                # With nothing to wait for but the engine, it is waited for.
                job = self.engine.take(timeout=0.0 if running else 1.0)
                if job is None:
                    break
                worker = idle.pop()
                running[worker.evaluate.remote(job)] = (worker, job)
            if not running:
                if self.engine.is_over:
                    return
                continue
            # An idle worker looks for new jobs soon.
            done, _ = ray.wait(list(running), num_returns=1, timeout=0.05 if idle else None)
            for result in done:
                worker, job = running.pop(result)
                try:
                    outcome = ray.get(result)
                except ray.exceptions.RayError as error:
                    self.lost += 1
                    losses[job["id"]] = losses.get(job["id"], 0) + 1
                    if losses[job["id"]] > MOST_LOSSES:
                        raise
                    print(f"job {job['id']} is lost with its worker and given to another one: {first_line(error)}")
                    self.engine.give_back(job)
                    idle.append(self._replaced(worker))
                    continue
                idle.append(worker)
                self.engine.learn(outcome)
                report(outcome)

    def _replaced(self, worker):
        ray.kill(worker)
        self.workers.remove(worker)
        self.workers.append(self._worker())
        return self.workers[-1]


def first_line(error):
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def search(journal, proxy, workers=None, program="autoaugment", resources=None, report=None):
    """Runs a search to its end; see `Driver`."""
    Driver(journal, proxy, workers, program, resources).run(report)
