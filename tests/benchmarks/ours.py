"""One engine worker, pinned, fed with frames as the coordinator would: the whole pipeline."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from struct import Struct
from time import monotonic_ns
from typing import Any

import numpy as np

from bench.load.frames import FrameKind, Start, WorkOrder, encode
from bench.model import (
    NS_PER_MS,
    NS_PER_S,
    Arrivals,
    Binding,
    Connections,
    EndpointKind,
    LoadSpec,
    RetrySpec,
    Segment,
    Target,
    TargetKind,
    Timeouts,
    Variant,
    WorkerHealth,
)
from bench.record.columns import COUNT_FIELDS, ROW_FIELDS

_HEAD = Struct(">IB")


@dataclass(frozen=True, slots=True)
class WorkerRun:
    """What one worker did: its rows and counts, CPU seconds as wait4 has them, resident memory."""

    rows: Any
    counts: Any
    user_s: float
    system_s: float
    rss_mb: tuple[float, ...]

    @property
    def invocations(self) -> int:
        """Invocations with an outcome."""
        return len(self.rows)

    @property
    def cpu_us(self) -> float:
        """Microseconds of CPU per invocation, the start of the process included."""
        return (self.user_s + self.system_s) / max(1, len(self.rows)) * 1e6

    def lag_us(self, q: float) -> float:
        """Send lag in microseconds at quantile q."""
        return float(np.quantile(self.rows["sent_ns"] - self.rows["intended_ns"], q)) / 1e3

    def attempt_us(self, q: float) -> float:
        """Attempt time in microseconds at quantile q."""
        return float(np.quantile(self.rows["last_ns"] - self.rows["sent_ns"], q)) / 1e3


def closed(callers: int, seconds: float) -> Segment:
    """A closed loop."""
    return Segment(0, 0, 0, (0,), 0, round(seconds * NS_PER_S), 0.0, 0.0, callers, callers)


def open_loop(rps: float, seconds: float) -> Segment:
    """A constant rate."""
    return Segment(0, 0, 0, (0,), 0, round(seconds * NS_PER_S), rps, rps)


def run_worker(
    url: str, segment: Segment, core: int, arrivals: Arrivals = Arrivals.POISSON
) -> WorkerRun:
    """Run one segment in one worker pinned to a core."""
    order = WorkOrder(
        worker=0,
        workers=1,
        target=Target(TargetKind.HTTP, urls={EndpointKind.HTTP: url}),
        bindings=(Binding(Variant(EndpointKind.HTTP), url),),
        load=LoadSpec(arrivals=arrivals, in_flight=1000),
        timeouts=Timeouts(),
        retry=RetrySpec(),
        connections=Connections(),
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.load.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(encode(FrameKind.ORDER, order))
    start_ns = monotonic_ns() + 500 * NS_PER_MS
    process.stdin.write(encode(FrameKind.START, Start(start_ns, (segment,))))
    process.stdin.flush()
    return _collect(process)


def _collect(process: subprocess.Popen[bytes]) -> WorkerRun:
    rows, counts, rss_mb = [], [], []
    while head := process.stdout.read(_HEAD.size):  # type: ignore[union-attr]
        length, kind = _HEAD.unpack(head)
        body = process.stdout.read(length)  # type: ignore[union-attr]
        if kind == FrameKind.ROWS:
            rows.append(body)
        elif kind == FrameKind.COUNTS:
            counts.append(body)
        elif kind == FrameKind.HEALTH:
            rss_mb.append(_health(body).rss_mb)
        elif kind == FrameKind.FAILED:
            raise SystemExit(f"the worker failed: {_unpickle(body)}")
        elif kind == FrameKind.DONE:
            break
    process.stdin.close()  # type: ignore[union-attr]
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return WorkerRun(
        np.frombuffer(b"".join(rows), dtype=list(ROW_FIELDS)),
        np.frombuffer(b"".join(counts), dtype=list(COUNT_FIELDS)),
        usage.ru_utime,
        usage.ru_stime,
        tuple(rss_mb),
    )


def _health(body: bytes) -> WorkerHealth:
    health = _unpickle(body)
    assert isinstance(health, WorkerHealth)
    return health


def _unpickle(body: bytes) -> object:
    import pickle

    return pickle.loads(body)
