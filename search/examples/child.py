#!/usr/bin/env python3
"""A child of a search as a program: reads a policy and a seed, "trains", and prints how well it did.

    autoaugment search --child 'python3 search/examples/child.py' --out policy.json

A real one trains a network where this one makes up a score; `child_torch.py` does. The score here is higher the more a
policy rotates and shears, and the less it inverts, so that a search has something to find.
"""

import json
import random
import sys

LIKED = {"Rotate": 1.0, "ShearX": 1.0, "ShearY": 1.0, "Invert": -1.0}


def main():
    job = json.loads(sys.stdin.readline())
    policy, seed = job["policy"], job["seed"]
    # A policy is null for training without augmentation, the text of another scheme, or a learned policy.
    steps = [step for steps in policy["sub_policies"] for step in steps] if isinstance(policy, dict) else []
    liked = sum(LIKED.get(step["op"], 0.0) * step["probability"] for step in steps) / max(1, len(steps))
    accuracy = 0.7 + 0.2 * liked + random.Random(seed).gauss(0, 0.005)
    accuracy = min(1.0, max(0.0, accuracy))
    # What is meant for people goes to standard error. The last line of standard output is the outcome.
    print(f"{len(steps)} steps, seed {seed}", file=sys.stderr)
    print(json.dumps({"accuracy": accuracy, "loss": 1.0 - accuracy}))


if __name__ == "__main__":
    main()
