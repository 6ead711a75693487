"""The run as a whole, second by second: what vitals.csv holds and the screens chart of the engine.

What belongs to an invocation stands in the intervals, by its intended second. This is the other
side: how much was under way at the end of each second, over how many connections, and how hard the
workers had it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import replace

from bench.model.live import WorkerHealth
from bench.model.result import Vitals
from bench.model.times import NS_PER_S
from bench.record.aggregate import Aggregate


class VitalSigns:
    """Takes the vitals of each second at its end; gives them out once its rates are known."""

    def __init__(self, aggregate: Aggregate) -> None:
        self._aggregate = aggregate
        self._taken_s = -1
        self._waiting: deque[Vitals] = deque()

    def tick(self, now_ns: int, health: Collection[WorkerHealth]) -> tuple[Vitals, ...]:
        """The seconds that can be told now, oldest first. health: each worker's latest report."""
        second = now_ns // NS_PER_S - 1
        if second > self._taken_s:
            self._taken_s = second
            self._waiting.append(self._taken(second, health))
        told = []
        while self._waiting and self._waiting[0].t_s < self._aggregate.told_s:
            vitals = self._waiting.popleft()
            planned, achieved = self._aggregate.rates(vitals.t_s)
            told.append(replace(vitals, planned_rps=planned, achieved_rps=achieved))
        return tuple(told)

    def _taken(self, second: int, health: Collection[WorkerHealth]) -> Vitals:
        alive = [worker for worker in health if worker.alive]
        in_flight = self._aggregate.in_flight_by_variant
        return Vitals(
            t_s=second,
            planned_rps=0.0,
            achieved_rps=0.0,
            in_flight=sum(in_flight),
            in_flight_by_variant=in_flight,
            connections=sum(worker.connections for worker in alive),
            connections_opened=sum(worker.connections_opened for worker in health),
            connection_waits=sum(worker.connection_waits for worker in health),
            workers=len(alive),
            cpu=max((worker.cpu for worker in alive), default=0.0),
            rss_mb=sum(worker.rss_mb for worker in alive),
            spend_usd=self._aggregate.spend_usd(),
            core_wait=max(
                (worker.core_wait for worker in alive if worker.core_wait is not None),
                default=None,
            ),
            tokens_by_variant=_tokens(alive),
            open_breakers_by_variant=tuple(
                sum(index in worker.open_breakers for worker in alive)
                for index in range(len(in_flight))
            ),
            unreachable=tuple(
                dict.fromkeys(found for worker in alive for found in worker.unreachable)
            ),
        )


def _tokens(alive: Collection[WorkerHealth]) -> tuple[float | None, ...]:
    """Over the workers: each keeps a budget of its own."""
    told = [worker.tokens for worker in alive if worker.tokens]
    return tuple(
        None if None in own else sum(tokens for tokens in own if tokens is not None)
        for own in zip(*told, strict=True)
    )
