"""Fails now and then. event: {"probability": 0.1, "seed": 1}.

With a seed each environment fails in the same order each time: its n-th invocation with that seed
draws the n-th number of that seed's sequence.
"""

import random

from front_door import through

sequences = {}


class Unlucky(Exception):
    pass


def handler(event, context):
    return through(event, run)


def run(event):
    event = event or {}
    probability = float(event.get("probability", 0.1))
    seed = event.get("seed")
    drawn = sequences.setdefault(seed, random.Random(seed)).random()
    if drawn < probability:
        raise Unlucky(f"drew {drawn:.3f}, below {probability:g}")
    return {"drawn": drawn}
