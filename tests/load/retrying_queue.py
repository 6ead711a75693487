"""A server that still works at what its callers have given up on: retries keep it busy by itself.

One server takes 10 ms for each attempt, in the order in which they come. A caller waits for 500 ms
and then tries again, so often and at once; what it gave up on is served all the same. With
nobody giving up it bears 100/s. Once the queue is longer than callers wait, each call is served as
often as it may be tried: with two attempts only what comes at less than 50/s ever drains it.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappop, heappush

import numpy as np

from bench.load.capacity_step import CapacityStep, StepResult
from bench.model.profile import CapacitySpec
from bench.model.times import NS_PER_S
from tests.load.queues import Reals, step_result

SERVICE_S, PATIENCE_S = 0.01, 0.5


@dataclass(frozen=True, slots=True)
class RetryingQueue:
    """attempts: how often a call is tried. recovers_rps: the rate at which half of 400 runs each,
    disturbed for a second and watched from 5 s after that on, recover.
    """

    attempts: int
    recovers_rps: float

    def responses(
        self, random: np.random.Generator, rps: float, span_s: float, stall: tuple[float, float]
    ) -> tuple[Reals, Reals]:
        """When each call came, and how long it took until it succeeded or was given up (in s)."""
        count = random.poisson(rps * span_s)
        arrivals = np.sort(random.random(count) * span_s)
        took = np.full(count, self.attempts * PATIENCE_S)
        waiting = [(at, number, 1) for number, at in enumerate(arrivals.tolist())]
        heapify(waiting)
        free = 0.0
        while waiting:
            at, number, attempt = heappop(waiting)
            begins = max(free, at)
            if stall[0] <= begins < stall[1]:
                begins = stall[1]
            free = begins + SERVICE_S
            if free - at <= PATIENCE_S:
                took[number] = free - arrivals[number]
            elif attempt < self.attempts:
                heappush(waiting, (at + PATIENCE_S, number, attempt + 1))
        return arrivals, took

    def step(
        self, random: np.random.Generator, step: CapacityStep, spec: CapacitySpec
    ) -> StepResult:
        """What a step shows of the calls that come once it is measured."""
        settle_s, measured_s = step.settle_ns / NS_PER_S, step.measured_ns / NS_PER_S
        stall = (settle_s, settle_s)
        if step.disturbance is not None:
            stall = (settle_s, settle_s + step.disturbance.duration_ns / NS_PER_S)
            settle_s = stall[1] + step.recover_ns / NS_PER_S
        arrivals, took = self.responses(random, step.rps, settle_s + measured_s, stall)
        return step_result(arrivals - settle_s, took, spec, measured_s)
