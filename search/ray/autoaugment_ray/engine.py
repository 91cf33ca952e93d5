"""Engine: `autoaugment search drive` as a process; jobs come out of it, outcomes go in."""

import collections
import json
import queue
import subprocess
import threading


class EngineError(RuntimeError):
    """The process ended, and the search has not."""


class Engine:
    """The jobs of a search, in the order in which they can be had.

    A job is `{"id": .., "policy": .., "seed": ..}`. An outcome is `{"id": .., "accuracy": .., "loss": .., "seconds": ..}`;
    without an accuracy, the child failed.
    """

    def __init__(self, journal, program="autoaugment"):
        command = [program, "search", "drive", "--journal", str(journal)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self._jobs = queue.Queue()
        self._back = collections.deque()
        self._words = collections.deque(maxlen=20)
        self.is_over = False
        self._readers = [
            threading.Thread(target=self._read, daemon=True),
            threading.Thread(target=lambda: self._words.extend(self._process.stderr), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def _read(self):
        for line in self._process.stdout:
            self._jobs.put(json.loads(line))
        self._jobs.put(None)

    def take(self, timeout=0.0):
        """The next job. None if there is none within `timeout` seconds, or if the search is over (see `is_over`)."""
        if self._back:
            return self._back.popleft()
        if self.is_over:
            return None
        try:
            job = self._jobs.get(timeout=timeout) if timeout > 0 else self._jobs.get_nowait()
        except queue.Empty:
            return None
        if job is None:
            self._end()
        return job

    def give_back(self, job):
        """Gives a job back whose worker is lost. It is the next one to be taken."""
        self._back.appendleft(job)

    def learn(self, outcome):
        """Takes an outcome. It is in the journal when the next job comes."""
        try:
            self._process.stdin.write(json.dumps(outcome) + "\n")
            self._process.stdin.flush()
        except OSError:
            self._end()

    def close(self):
        """Ends the process. Jobs without an outcome are given out by the next engine of the journal."""
        self._process.kill()
        self._process.wait()

    def _end(self):
        for reader in self._readers:
            reader.join(timeout=5)
        if self._process.wait() != 0:
            raise EngineError("".join(self._words).strip() or f"it ended with {self._process.returncode}")
        self.is_over = True
