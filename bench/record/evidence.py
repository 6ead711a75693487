"""What is known of how a run was made, beside its results: the workers' health, and what broke."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.model.live import WorkerHealth
from bench.model.outcome import Outcome
from bench.model.profile import Scheduling
from bench.model.result import Sample
from bench.model.times import NS_PER_MS
from bench.record.arrival_test import GapFit
from bench.record.node_reports import NodeReports
from bench.stats.quantiles import Curve

CPU_BUSY = 0.90
"""Share of a core from which a worker has no room left for a burst of its own schedule."""

STOOD_STILL_NS = 100 * NS_PER_MS
"""A report may be so late for ordinary reasons: a burst of arrivals, a collection of garbage."""

_EXHAUSTED = {
    errno.EADDRNOTAVAIL: "ephemeral ports: keep connections alive or lower the rate",
    errno.EMFILE: "file descriptors: raise the limit (ulimit -n) or lower load.in_flight",
    errno.ENFILE: "file descriptors of the whole system",
}


@dataclass(slots=True)
class _WorkerTotals:
    reports: int = 0
    busy: int = 0
    latest: WorkerHealth | None = None
    told_ns: int = 0
    wait_ns: float = 0.0
    span_ns: int = 0
    still_ns: int = 0
    longest_ns: int = 0


class HealthHistory:
    """What workers have said of themselves over the run, added up."""

    def __init__(self) -> None:
        self._workers: dict[int, _WorkerTotals] = {}

    def add(self, report: WorkerHealth) -> None:
        """Count one more report of a worker's; the latest one stays."""
        worker = self._workers.setdefault(report.worker, _WorkerTotals())
        worker.reports += 1
        worker.busy += report.cpu > CPU_BUSY
        worker.latest = report
        if report.core_wait is not None:
            worker.told_ns += report.span_ns
            worker.wait_ns += report.core_wait * report.span_ns
        worker.span_ns += report.span_ns
        if report.still_ns > STOOD_STILL_NS:
            worker.still_ns += report.still_ns
            worker.longest_ns = max(worker.longest_ns, report.still_ns)

    def busy(self) -> Iterable[tuple[int, int, int]]:
        """(worker, reports of more than CPU_BUSY, reports) of each worker."""
        return ((w, own.busy, own.reports) for w, own in sorted(self._workers.items()))

    @property
    def unreachable(self) -> tuple[str, ...]:
        """Addresses that took no connections when a worker last told, with the reason of each."""
        latest = [own.latest for own in self._workers.values() if own.latest is not None]
        return tuple(dict.fromkeys(found for report in latest for found in report.unreachable))

    def core_waits(self) -> Iterable[tuple[int, float]]:
        """(worker, share of its time that it waited for a core) of each that can tell."""
        told = ((w, own) for w, own in sorted(self._workers.items()) if own.told_ns)
        return ((w, own.wait_ns / own.told_ns) for w, own in told)

    def stood_still(self) -> Iterable[tuple[int, float, int]]:
        """(worker, share of its time that it stood still, longest such time in ns) of each."""
        told = ((w, own) for w, own in sorted(self._workers.items()) if own.longest_ns)
        return ((w, own.still_ns / own.span_ns, own.longest_ns) for w, own in told)

    @property
    def waits(self) -> int:
        """Exchanges that waited for a connection, beyond those for its own opening."""
        latest = [own.latest for own in self._workers.values() if own.latest is not None]
        return sum(max(0, r.connection_waits - r.connections_opened) for r in latest)


@dataclass(frozen=True, slots=True)
class Classes:
    """How workers are scheduled, by number; none where that is not known.

    remedy: what would have granted a real-time class to those that asked for it and have none.
    """

    workers: tuple[Scheduling, ...] = ()
    remedy: str = ""

    @property
    def text(self) -> str:
        """`2 workers, real-time`; '' where it is not known."""
        return classes_text([worker.value for worker in self.workers])


def classes_text(workers: Sequence[str]) -> str:
    """How workers are scheduled, each by the value of its class: `2 workers, real-time`."""
    if not workers:
        return ""
    count, realtime = len(workers), workers.count(Scheduling.REALTIME.value)
    head = f"{count} worker{'s' if count > 1 else ''}, "
    if realtime == count:
        return f"{head}real-time"
    return head + (f"{realtime} of them real-time" if realtime else "not real-time")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known beside the results.

    lost_workers: those that ended before their work had; lost_words: of some of them, how, if they
    did not just die. target: what the embedded Lambda counted, as its control port
    tells. running: the run still goes on. exhausted: by variant, what this machine had no more of,
    as `exhaustion` says. unsent: by variant, arrivals that lost machines were to send. send_lags:
    by variant, all of them; none while the run goes on. refused: by variant, the code by which AWS
    turned this client away. reports: by node of a fleet, which have come.
    """

    health: HealthHistory = field(default_factory=lambda: HealthHistory())
    lost_workers: frozenset[int] = frozenset()
    lost_words: Mapping[int, str] = field(default_factory=dict)
    unsent: Mapping[str, int] = field(default_factory=dict)
    gaps: Mapping[str, GapFit] = field(default_factory=dict)
    target: Mapping[str, Any] = field(default_factory=dict)
    interrupted: bool = False
    running: bool = False
    exhausted: Mapping[str, str] = field(default_factory=dict)
    send_lags: Mapping[str, Curve] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    classes: Classes = Classes()
    reports: Mapping[int, NodeReports] = field(default_factory=dict)


_REFUSED_CALLER = re.compile(
    r"\b(ExpiredToken(?:Exception)?|RequestExpired|InvalidClientTokenId|UnrecognizedClientException"
    r"|InvalidSignatureException|SignatureDoesNotMatch|IncompleteSignature(?:Exception)?"
    r"|MissingAuthenticationToken(?:Exception)?|InvalidAccessKeyId|AccessDenied(?:Exception)?)\b"
)
"""Codes by which AWS turns a caller away before it looks at the call. Sources: common errors of
the Lambda and STS API references, errors of SigV4."""


def refused_caller(sample: Sample) -> str | None:
    """The code by which AWS refused this client's own credentials; None for any other failure."""
    match = _REFUSED_CALLER.search(sample.detail)
    return match[1] if match is not None and sample.outcome is Outcome.CLIENT_ERROR else None


def exhaustion(detail: str) -> str | None:
    """What this machine had no more of when an attempt failed with this detail; None for others.

    Such a failure is none of the target's: the load was not sent.
    """
    return next((what for error, what in _EXHAUSTED.items() if os.strerror(error) in detail), None)
