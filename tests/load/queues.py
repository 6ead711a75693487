"""Queues whose capacity is known: what steps of a search meet at M/D/2 and M/M/4."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heapreplace
from math import ceil

import numpy as np
from numpy.typing import NDArray

from bench.load.capacity_search import CapacitySearch
from bench.load.capacity_step import CapacityStep, StepResult
from bench.model.outcome import Outcome
from bench.model.profile import CapacitySpec
from bench.model.result import Quantile, Tally
from bench.model.times import NS_PER_S

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Queue:
    """Poisson arrivals at so many servers.

    knee_rps: where the p99 of the response time reaches limit_ns: by the distribution of M/M/c's
    sojourn time, and for M/D/2 by 48 million arrivals at three rates close by.
    """

    servers: int
    service_s: Callable[[np.random.Generator, int], Reals]
    limit_ns: int
    knee_rps: float

    def responses(self, random: np.random.Generator, rps: float, span_s: float) -> list[Reals]:
        """When each came, and how long each took, in s; nobody waits at the beginning."""
        count = random.poisson(rps * span_s)
        arrivals = np.sort(random.random(count) * span_s)
        free, took = [0.0] * self.servers, np.empty(count)
        services = self.service_s(random, count).tolist()
        for i, (at, service) in enumerate(zip(arrivals.tolist(), services, strict=True)):
            end = max(free[0], at) + service
            heapreplace(free, end)
            took[i] = end - at
        return [arrivals, took]

    def step(
        self,
        random: np.random.Generator,
        step: CapacityStep,
        spec: CapacitySpec,
        is_decided: Callable[[StepResult], bool] = lambda _: False,
    ) -> tuple[StepResult, int]:
        """What a step shows, which is asked by the second whether it is decided; arrivals."""
        settle_s, measured_s = step.settle_ns / NS_PER_S, step.measured_ns / NS_PER_S
        arrivals, took = self.responses(random, step.rps, settle_s + measured_s)
        for second in range(1, int(measured_s)):
            seen = arrivals + took < settle_s + second
            so_far = step_result(arrivals[seen] - settle_s, took[seen], spec, second)
            if is_decided(so_far):
                measured_s = second
                break
        sent = arrivals < settle_s + measured_s
        shown = step_result(arrivals[sent] - settle_s, took[sent], spec, measured_s)
        return shown, int(sent.sum())


def searched(queue: Queue, spec: CapacitySpec, seed: int) -> tuple[CapacitySearch, int]:
    """A search at its end, and how many arrivals it took."""
    random, search, arrivals = np.random.default_rng(seed), CapacitySearch(spec), 0
    step: CapacityStep | None = search.first()
    while step is not None:
        shown, sent = queue.step(random, step, spec, search.is_decided)
        arrivals += sent
        step = search.next(shown)
    return search, arrivals


def step_result(since: Reals, took: Reals, spec: CapacitySpec, measured_s: float) -> StepResult:
    """What arrivals show, each with its seconds since the measured part began."""
    measured = since >= 0
    second, own = since[measured].astype(int), took[measured]
    late, size = own >= spec.limit_ns / NS_PER_S, ceil(measured_s)
    outcomes = tuple(own.size if outcome is Outcome.OK else 0 for outcome in Outcome)
    quantile = None
    if own.size:
        value_s = np.partition(own, rank := ceil(spec.q * own.size) - 1)[rank]
        quantile = Quantile(spec.q, round(value_s * NS_PER_S), True)
    answers, beyond = (np.bincount(second, w, size).astype(np.float64) for w in (None, late))
    return StepResult(Tally(own.size, outcomes=outcomes), quantile, (answers, beyond))


def _fixed(_random: np.random.Generator, count: int) -> Reals:
    return np.full(count, 0.02)


def _exponential(random: np.random.Generator, count: int) -> Reals:
    return random.exponential(0.04, count)


QUEUES = {
    "M/D/2, 80 ms": Queue(2, _fixed, 80_000_000, 68.93),
    "M/D/2, 150 ms": Queue(2, _fixed, 150_000_000, 83.91),
    "M/M/4, 300 ms": Queue(4, _exponential, 300_000_000, 82.23),
    "M/M/4, 500 ms": Queue(4, _exponential, 500_000_000, 90.27),
}
"""Each could bear 100/s if nobody minded waiting."""
