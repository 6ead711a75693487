"""Runs the cases through the whole product and holds the results against the truth."""

from __future__ import annotations

import asyncio
import csv
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np

from bench.errors import LamloadError, UsageError
from bench.load.child import package_root
from bench.load.session import RunSession
from bench.model.endpoint import EndpointKind
from bench.model.outcome import Outcome, Verdict
from bench.model.profile import (
    Arrivals,
    LoadSpec,
    Order,
    Phase,
    Profile,
    Target,
    TargetKind,
    Variant,
)
from bench.model.result import Measure, Window
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.record.recorded_run import RecordedRun
from bench.selftest.cases import CASES, Case, ServedCounts
from bench.shapes.ramp import constant_rate
from bench.stats.goodness_of_fit import ks_distance

TOLERANCE_RELATIVE = 0.01
TOLERANCE_NS = 3 * NS_PER_MS // 10
"""A quantile may be off by the larger of the two."""
ANSWER_LIMIT_BYTES = 16 * 1024 * 1024
"""Of a plain URL any answer is taken unless the profile says how much: half of an oversized one."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One truth and what was measured. Times in nanoseconds, or counts."""

    what: str
    truth: float
    measured: float | None
    good: bool
    is_time: bool
    explained: str = ""
    """What the machine did that makes up for the error: then it proves nothing. Of times alone."""

    @property
    def error(self) -> float | None:
        """Measured less truth, in the same unit; None if nothing was measured."""
        return None if self.measured is None else self.measured - self.truth


@dataclass(frozen=True, slots=True)
class Proof:
    """What was measured of a case, held against its truth."""

    case: Case
    comparisons: tuple[Comparison, ...]
    lags: tuple[tuple[str, float], ...] = ()
    """How far the generator kept up, without a truth to hold it against: (what, ns)."""
    gaps_ks: float | None = None
    """Kolmogorov–Smirnov distance of the gaps at the target from those planned; None for even."""

    @property
    def good(self) -> bool:
        """True if every comparison is."""
        return all(comparison.good for comparison in self.comparisons)

    @property
    def verdict(self) -> Verdict:
        """VALID if all is as scripted, INVALID if the machine was too busy to tell, else SUSPECT.

        A count that is off is the measurement's, however busy the machine was.
        """
        if self.good:
            return Verdict.VALID
        off = [row for row in self.comparisons if not row.good]
        return Verdict.INVALID if all(row.explained for row in off) else Verdict.SUSPECT

    @property
    def too_busy(self) -> str:
        """What the machine did that explains the first row that is off; empty for none."""
        return next((row.explained for row in self.comparisons if row.explained), "")


async def prove(case: Case) -> Proof:
    """Start the scripted target, run the case's load against it, compare."""
    async with _ScriptedTarget(case.name) as target:
        recorded, attempts = await _measure(case, target.url)
        served = await target.finish()
    window = recorded.windows[0]
    gaps_ks = None
    if case.arrivals is Arrivals.POISSON:
        gaps = np.diff(np.array(served.asked_ns, dtype=np.float64)) / NS_PER_S * case.rps
        gaps_ks = ks_distance(gaps)
    return Proof(
        case,
        tuple(compared(case, window, attempts, served)),
        tuple(_lags(window)),
        gaps_ks,
    )


def named(names: Iterable[str]) -> tuple[Case, ...]:
    """The cases by name, all without one. Raises UsageError for an unknown name."""
    wanted = list(names)
    known = {case.name: case for case in CASES}
    for name in wanted:
        if name not in known:
            close = (*get_close_matches(name, known, 1, 0), *known)[0]
            raise UsageError(
                f"there is no case {name!r}; there are {', '.join(known)}; did you mean "
                f"`lamload selftest {close}`?"
            )
    return tuple(known[name] for name in wanted) or CASES


async def _measure(case: Case, url: str) -> tuple[RecordedRun, dict[Outcome, int]]:
    profile = Profile(
        name=f"selftest-{case.name}",
        title=case.title,
        question="",
        source=f"selftest {case.name}",
        target=Target(
            TargetKind.HTTP, urls={EndpointKind.HTTP: url}, answer_limit_bytes=ANSWER_LIMIT_BYTES
        ),
        variants=(Variant(EndpointKind.HTTP),),
        load=LoadSpec(arrivals=case.arrivals, order=Order.SEQUENTIAL, in_flight=2000, workers=1),
        phases=(Phase("steady", constant_rate(case.rps, round(case.duration_s * NS_PER_S))),),
        timeouts=case.timeouts,
        retry=case.retry,
        record_attempts=True,
    )
    with tempfile.TemporaryDirectory(prefix="lamload-selftest-") as root:
        session = RunSession(profile, Path(root))
        try:
            await session.prepare()
            await session.run()
            result = await session.finish()
        finally:
            await session.close()
        return result.recorded, _attempts(result.recorded.folder)


def _attempts(folder: Path) -> dict[Outcome, int]:
    """Attempts by outcome, from attempts.csv as any reader would count them."""
    with (folder / "attempts.csv").open(encoding="utf-8", newline="") as file:
        found = Counter(row["outcome"] for row in csv.DictReader(file))
    return {outcome: found[outcome.name.lower()] for outcome in Outcome}


def compared(
    case: Case, window: Window, attempts: dict[Outcome, int], served: Served
) -> Iterable[Comparison]:
    """Every truth of a case with what was measured. attempts: by outcome."""
    for measure, q, expected_s in case.quantiles(case):
        expected_ns = expected_s * NS_PER_S
        found = window.measure(measure).at(q)
        value = None if found is None else float(found.value_ns)
        off_ns = abs(value - expected_ns) if value is not None else float("inf")
        off_ns -= max(TOLERANCE_NS, case.tolerance * expected_ns)
        name = f"{measure.value} p{q * 100:g}"
        why = _explained(off_ns, measure, q, window, served) if off_ns > 0 else ""
        yield Comparison(name, expected_ns, value, off_ns <= 0, is_time=True, explained=why)
    if case.arrivals is Arrivals.EVEN:
        yield _count("arrivals", len(case.arrivals_s()), window.tally.offered)
    for outcome, expected in case.outcomes(served.counts).items():
        name = f"attempts {outcome.name.lower().replace('_', ' ')}"
        yield _count(name, expected, attempts.get(outcome, 0))
    lost = sum(attempts.values()) - sum(served.counts.values())
    if Outcome.PROTOCOL_ERROR not in case.outcomes(served.counts):
        yield _count("lost on closed connections", lost, attempts[Outcome.PROTOCOL_ERROR])


def _explained(off_ns: float, measure: Measure, q: float, window: Window, served: Served) -> str:
    """Why a time is off by so much too much, by the target's clock and the send lag; or nothing."""
    late_ns = served.late_ns(q)
    lag = window.measure(Measure.SEND_LAG).at(q) if measure is Measure.RESPONSE else None
    lag_ns = 0 if lag is None else lag.value_ns
    if off_ns > late_ns + lag_ns:
        return ""
    return (
        f"by its own clock the target answered {late_ns / NS_PER_MS:.2f} ms late at p{q * 100:g}"
        + (f", and requests left {lag_ns / NS_PER_MS:.2f} ms late" if lag_ns else "")
    )


def _lags(window: Window) -> Iterable[tuple[str, float]]:
    for measure in (Measure.SEND_LAG, Measure.READ_LAG):
        for q in (0.5, 0.99):
            found = window.measure(measure).at(q)
            if found is not None:
                yield f"{measure.value.replace('_', ' ')} p{q * 100:g}", float(found.value_ns)


def _count(what: str, truth: int, measured: int) -> Comparison:
    return Comparison(what, truth, measured, truth == measured, is_time=False)


@dataclass(frozen=True, slots=True)
class Served:
    """What the target did: a count per act, and how late its own clock saw it answer, ascending.

    asked_ns: when its requests came, by the kernel's clock.
    """

    counts: ServedCounts
    lateness_ns: tuple[int, ...]
    asked_ns: tuple[int, ...] = ()

    def late_ns(self, q: float) -> int:
        """Nanoseconds by which share q of the answers came no later than scripted."""
        if not self.lateness_ns:
            return 0
        return self.lateness_ns[min(len(self.lateness_ns) - 1, int(q * len(self.lateness_ns)))]


class _ScriptedTarget:
    """The scripted target as a process of its own."""

    def __init__(self, script: str) -> None:
        self._script = script
        self._process: asyncio.subprocess.Process | None = None
        self.url = ""

    async def __aenter__(self) -> _ScriptedTarget:
        self._process = process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bench.selftest.target",
            self._script,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={"PYTHONPATH": package_root()},
            limit=1 << 26,
        )
        assert process.stdout is not None
        line = await process.stdout.readline()
        if not line:
            raise LamloadError("the scripted target did not start")
        self.url = f"http://127.0.0.1:{int(line)}/"
        return self

    async def finish(self) -> Served:
        """End it; what it did, by its own count and clock."""
        process = self._process
        assert process is not None and process.stdin is not None and process.stdout is not None
        process.stdin.close()
        told = json.loads(await process.stdout.readline())
        await process.wait()
        return Served(told["counts"], tuple(told["late_ns"]), tuple(told["asked_ns"]))

    async def __aexit__(self, *error: object) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
