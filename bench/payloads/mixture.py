"""Several sources, each drawn as often as its weight says."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from bench.payloads.base import Chance, EventSource


class Mixture:
    """A weighted mix. Each source is asked for the number of the invocation, not of its turn."""

    constant = False

    def __init__(self, sources: Sequence[EventSource], weights: Sequence[float], seed: int) -> None:
        self.sources = tuple(sources)
        self._chance = Chance(seed, "mixture")
        self._bounds = list(accumulate(weights))

    def choose(self, index: int) -> int:
        """Which source event number index comes from."""
        drawn = self._chance.at(index).random() * self._bounds[-1]
        return min(bisect_right(self._bounds, drawn), len(self.sources) - 1)

    def next(self, index: int) -> bytes:
        """The payload of invocation number index."""
        return self.sources[self.choose(index)].next(index)
