"""Engine workers, pinned, fed with frames as the coordinator would: the whole pipeline."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from time import monotonic_ns
from typing import Any

import numpy as np

from bench.aws.credentials import Credentials
from bench.load.frames import FrameKind, Start, WorkOrder, encode
from bench.model.endpoint import EndpointKind
from bench.model.live import WorkerHealth
from bench.model.load import Binding, Segment
from bench.model.profile import (
    Arrivals,
    Client,
    Connections,
    EventKind,
    EventSpec,
    LoadSpec,
    Scheduling,
    Target,
    TargetKind,
    Variant,
)
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.record.row_layout import COUNT_FIELDS, ROW_FIELDS
from bench.shapes.callers import Callers
from bench.shapes.ramp import constant_rate

_HEAD = Struct(">IB")
ORDINARY = LoadSpec(scheduling=Scheduling.NORMAL)


@dataclass(frozen=True, slots=True)
class WorkerRun:
    """What one worker did: its rows and counts, CPU seconds as wait4 has them, resident memory."""

    rows: Any
    counts: Any
    user_s: float
    system_s: float
    ready_s: float
    """CPU seconds until it was ready for the load."""
    rss_mb: tuple[float, ...]

    @property
    def invocations(self) -> int:
        """Invocations with an outcome."""
        return len(self.rows)

    @property
    def cpu_us(self) -> float:
        """Microseconds of CPU per invocation, the start of the process included."""
        return (self.user_s + self.system_s) / max(1, len(self.rows)) * 1e6

    @property
    def load_s(self) -> float:
        """CPU seconds of the load alone, the start of the process left out."""
        return self.user_s + self.system_s - self.ready_s

    def lag_us(self, q: float) -> float:
        """Send lag in microseconds at quantile q."""
        return float(np.quantile(self.rows["sent_ns"] - self.rows["intended_ns"], q)) / 1e3

    def attempt_us(self, q: float) -> float:
        """Attempt time in microseconds at quantile q."""
        return float(np.quantile(self.rows["last_ns"] - self.rows["sent_ns"], q)) / 1e3


@dataclass(frozen=True, slots=True)
class Called:
    """What a worker calls, and how."""

    target: Target
    binding: Binding
    connections: Connections
    credentials: Credentials | None = None

    @classmethod
    def url(cls, url: str, ca_bundle: Path | None = None) -> Called:
        """A URL, whose certificate an authority of our own may vouch for."""
        return cls(
            Target(TargetKind.HTTP, urls={EndpointKind.HTTP: url}),
            Binding(Variant(EndpointKind.HTTP), url),
            _trusting(ca_bundle),
        )

    @classmethod
    def signed(cls, base: str, ca_bundle: Path) -> Called:
        """Invoke as on AWS: a payload of its own for each invocation, signed."""
        event = EventSpec(EventKind.TEMPLATE, {"order": "{{index}}", "id": "{{uuid}}"})
        return cls(
            Target(TargetKind.AWS, function="f", region="us-east-1", events=(event,)),
            Binding(Variant(EndpointKind.INVOKE), base, "f", region="us-east-1", sign=True),
            _trusting(ca_bundle),
            Credentials("AKIDEXAMPLE", "secret", None, None),
        )

    @property
    def client(self) -> Client:
        """With the target's events: a worker sends those of its client."""
        return Client(connections=self.connections, events=self.target.events)


def _trusting(ca_bundle: Path | None) -> Connections:
    return Connections(ca_bundle=None if ca_bundle is None else str(ca_bundle))


def closed(callers: int, seconds: float) -> Segment:
    """A closed loop."""
    return Segment(0, 0, 0, (0,), 0, Callers(round(seconds * NS_PER_S), callers, callers))


def open_loop(rps: float, seconds: float) -> Segment:
    """A constant rate."""
    return Segment(0, 0, 0, (0,), 0, constant_rate(rps, round(seconds * NS_PER_S)))


def run_worker(
    url: str | Called, segment: Segment, core: int, arrivals: Arrivals = Arrivals.POISSON
) -> WorkerRun:
    """Run one segment in one worker pinned to a core."""
    load = LoadSpec(arrivals=arrivals, scheduling=Scheduling.NORMAL)
    return run_workers([url], segment, [core], load)[0]


def run_workers(
    urls: Sequence[str | Called],
    segment: Segment,
    cores: Sequence[int],
    load: LoadSpec = ORDINARY,
) -> list[WorkerRun]:
    """Run one segment in several workers, each with what it calls, pinned to its core."""
    called = [Called.url(url) if isinstance(url, str) else url for url in urls]
    processes = [
        _started(
            WorkOrder(
                worker=worker,
                workers=len(cores),
                target=each.target,
                bindings=(each.binding,),
                load=load,
                clients=(each.client,),
                credentials=each.credentials,
            ),
            core,
        )
        for worker, (each, core) in enumerate(zip(called, cores, strict=True))
    ]
    ready_s = [_ready(process) for process in processes]
    start = encode(FrameKind.START, Start(monotonic_ns() + 300 * NS_PER_MS, (segment,)))
    for process in processes:
        process.stdin.write(start)  # type: ignore[union-attr]
        process.stdin.flush()  # type: ignore[union-attr]
    with ThreadPoolExecutor(len(processes)) as pool:
        return list(pool.map(_collect, processes, ready_s))


def _started(order: WorkOrder, core: int) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.load.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )
    assert process.stdin is not None
    process.stdin.write(encode(FrameKind.ORDER, order))
    process.stdin.flush()
    return process


def _ready(process: subprocess.Popen[bytes]) -> float:
    """Wait until the worker is ready; the CPU seconds that it has used by then."""
    hello, _ = _frame(process)
    assert hello == FrameKind.HELLO, hello
    kind, body = _frame(process)
    if kind != FrameKind.READY:
        raise SystemExit(f"the worker did not start: {_unpickle(body)}")
    on_cpu_ns = Path(f"/proc/{process.pid}/schedstat").read_text().split()[0]
    return int(on_cpu_ns) / NS_PER_S


def _frame(process: subprocess.Popen[bytes]) -> tuple[int, bytes]:
    """The next frame: its kind and payload; kind -1 at the end."""
    assert process.stdout is not None
    head = process.stdout.read(_HEAD.size)
    if not head:
        return -1, b""
    length, kind = _HEAD.unpack(head)
    return kind, process.stdout.read(length)


def _collect(process: subprocess.Popen[bytes], ready_s: float) -> WorkerRun:
    rows, counts, rss_mb = [], [], []
    kind = -1
    while kind != FrameKind.DONE:
        kind, body = _frame(process)
        if kind == FrameKind.ROWS:
            rows.append(body)
        elif kind == FrameKind.COUNTS:
            counts.append(body)
        elif kind == FrameKind.HEALTH:
            rss_mb.append(_health(body).rss_mb)
        elif kind == FrameKind.FAILED:
            raise SystemExit(f"the worker failed: {_unpickle(body)}")
        elif kind == -1:
            break
    process.stdin.close()  # type: ignore[union-attr]
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return WorkerRun(
        np.frombuffer(b"".join(rows), dtype=list(ROW_FIELDS)),
        np.frombuffer(b"".join(counts), dtype=list(COUNT_FIELDS)),
        usage.ru_utime,
        usage.ru_stime,
        ready_s,
        tuple(rss_mb),
    )


def _health(body: bytes) -> WorkerHealth:
    health = _unpickle(body)
    assert isinstance(health, WorkerHealth)
    return health


def _unpickle(body: bytes) -> object:
    import pickle

    return pickle.loads(body)
