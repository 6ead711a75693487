"""The run as a whole, second by second: `vitals.csv`, and what the screens chart of the engine.

What belongs to an invocation stands in the intervals, by its intended second. This is the other
side: how much was under way at the end of each second, over how many connections, and how hard the
workers had it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from bench.model.live import WorkerHealth
from bench.model.result import Vitals
from bench.model.times import NS_PER_S
from bench.record.aggregate import SHIPPED_NS, Aggregate
from bench.record.columns import Cell
from bench.record.csv_columns import csv_text, read_rows
from bench.record.recorded_run import text_of

VITALS_COLUMNS = (
    *("t_s", "planned_rps", "achieved_rps", "in_flight", "in_flight_by_variant"),
    *("connections", "connections_opened", "connection_waits"),
    *("workers", "cpu", "rss_mb", "spend_usd"),
)


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
        while self._waiting and now_ns - (self._waiting[0].t_s + 1) * NS_PER_S >= SHIPPED_NS:
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
        )


def vitals_text(vitals: Iterable[Vitals]) -> str:
    """Lines of vitals.csv, without the header."""
    return csv_text(VITALS_COLUMNS, map(_row, vitals))


def _row(vitals: Vitals) -> dict[str, Cell]:
    row: dict[str, Cell] = {name: getattr(vitals, name) for name in VITALS_COLUMNS}
    row["in_flight_by_variant"] = " ".join(map(str, vitals.in_flight_by_variant))
    return row


def read_vitals(path: Path) -> tuple[Vitals, ...]:
    """A whole vitals.csv, none if there is no such file."""
    return tuple(map(vitals_from, read_rows(text_of(path))))


def vitals_from(row: Mapping[str, str]) -> Vitals:
    """The inverse, from a row of the file."""
    return Vitals(
        t_s=int(row["t_s"]),
        planned_rps=float(row["planned_rps"]),
        achieved_rps=float(row["achieved_rps"]),
        in_flight=int(row["in_flight"]),
        in_flight_by_variant=tuple(map(int, row["in_flight_by_variant"].split())),
        connections=int(row["connections"]),
        connections_opened=int(row["connections_opened"]),
        connection_waits=int(row["connection_waits"]),
        workers=int(row["workers"]),
        cpu=float(row["cpu"]),
        rss_mb=float(row["rss_mb"]),
        spend_usd=float(row["spend_usd"]),
    )
