"""Searcher: the policies of a search as trials of Ray Tune.

A trial's configuration is a job: `{"id": .., "policy": .., "seed": ..}`. The trial reports `accuracy`, and `loss` if the
search's reward has it:

    def train(config):
        tune.report({"accuracy": .., "loss": ..})

    tuner = tune.Tuner(train, tune_config=tune.TuneConfig(search_alg=PolicySearcher("search.journal"), num_samples=-1))
    tuner.fit()
"""

import time

from ray.tune.search import Searcher

from .engine import Engine

# How often a trial may fail before its job counts as failed.
MOST_TRIES = 3


class PolicySearcher(Searcher):
    """Trials are jobs of a journal, and their results its outcomes. The journal is what is saved."""

    def __init__(self, journal, program="autoaugment"):
        super().__init__(metric="accuracy", mode="max")
        self.journal, self.program = journal, program
        self.trials = {}
        self.tries = {}
        self._engine = None

    @property
    def engine(self):
        # Late: Tune pickles a searcher before it begins, and a process cannot be pickled.
        if self._engine is None:
            self._engine = Engine(self.journal, self.program)
        return self._engine

    def __getstate__(self):
        return {**self.__dict__, "_engine": None, "trials": {}}

    def suggest(self, trial_id):
        job = self.engine.take(timeout=1.0)
        if job is None:
            # Without a trial that runs, nothing but the engine can bring a job.
            return Searcher.FINISHED if self.engine.is_over else None
        self.trials[trial_id] = (job, time.monotonic())
        return dict(job)

    def on_trial_complete(self, trial_id, result=None, error=False):
        job, begin = self.trials.pop(trial_id, (None, None))
        if job is None:
            return
        accuracy = (result or {}).get("accuracy")
        if error or accuracy is None:
            self.tries[job["id"]] = self.tries.get(job["id"], 0) + 1
            if self.tries[job["id"]] < MOST_TRIES:
                self.engine.give_back(job)
                return
            accuracy = None
        outcome = {"id": job["id"], "accuracy": accuracy, "seconds": time.monotonic() - begin}
        if accuracy is not None and "loss" in result:
            outcome["loss"] = result["loss"]
        self.engine.learn(outcome)

    def save(self, checkpoint_path):
        pass

    def restore(self, checkpoint_path):
        pass
