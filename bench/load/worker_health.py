"""What a worker says of itself with each shipment: CPU, memory, connections, what is under way."""

from __future__ import annotations

import resource
from collections.abc import Collection
from pathlib import Path
from time import monotonic_ns
from typing import Protocol

from bench.load.engine import Engine
from bench.load.scheduling import core_wait_ns
from bench.model.live import WorkerHealth
from bench.model.times import NS_PER_S
from bench.wire.exchange import Wire
from bench.wire.pool import PoolStats

_STATM = Path("/proc/self/statm")


class MeasuredWire(Wire, Protocol):
    """A wire that counts its connections."""

    def stats(self) -> PoolStats:
        """Open and free connections now; openings and waits since the start."""

    def unreachable(self) -> tuple[str, ...]:
        """Addresses that take no connections now while others do, with the reason of each."""


class OwnHealth:
    """Of this process, over the time since it was told last."""

    def __init__(self, worker: int, due_ns: int) -> None:
        """worker: its number. due_ns: from one time to the next, if it gets its turn in time."""
        self._worker = worker
        self._due_ns = due_ns
        self._cpu_ns = _cpu_ns()
        self.restart()

    def restart(self) -> None:
        """The load begins: what came before is none of its time."""
        self._since_ns, self._core_wait_ns = monotonic_ns(), core_wait_ns()

    def tell(self, engine: Engine, wires: Collection[MeasuredWire]) -> WorkerHealth:
        """How it is; the next time begins here."""
        now_ns, cpu_ns = monotonic_ns(), _cpu_ns()
        wait_ns, before_ns = core_wait_ns(), self._core_wait_ns
        span_ns = max(1, now_ns - self._since_ns)
        share = (cpu_ns - self._cpu_ns) / span_ns
        self._since_ns, self._cpu_ns, self._core_wait_ns = now_ns, cpu_ns, wait_ns
        core_wait = (
            None if wait_ns is None or before_ns is None else (wait_ns - before_ns) / span_ns
        )
        total = PoolStats(*map(sum, zip(*(wire.stats() for wire in wires), strict=True)))
        return WorkerHealth(
            worker=self._worker,
            alive=True,
            cpu=share,
            rss_mb=_rss_mb(),
            connections=total.open,
            connections_opened=total.opened,
            in_flight=engine.in_flight,
            connection_waits=total.waits,
            open_breakers=engine.open_breakers(),
            tokens=engine.tokens(),
            core_wait=core_wait,
            span_ns=span_ns,
            still_ns=max(0, span_ns - self._due_ns),
            unreachable=tuple(found for wire in wires for found in wire.unreachable()),
        )


def _cpu_ns() -> int:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return round((usage.ru_utime + usage.ru_stime) * NS_PER_S)


def _rss_mb() -> float:
    try:
        pages = int(_STATM.read_text("ascii").split()[1])
        return pages * resource.getpagesize() / 1e6
    except OSError:  # not Linux: the peak is what there is, in bytes there
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
