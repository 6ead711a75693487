"""Runs the cases through the whole product and holds the results against the truth."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain
from pathlib import Path

import numpy as np

from bench.errors import LamloadError, UsageError
from bench.load.child import package_root
from bench.load.schedule import arrivals
from bench.load.session import RunSession
from bench.model.endpoint import EndpointKind
from bench.model.outcome import Outcome, Verdict
from bench.model.profile import (
    Arrivals,
    EventKind,
    EventSpec,
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
from bench.plan import make_plan
from bench.record.recorded_run import RecordedRun
from bench.selftest.cases import CASES, Case, ServedCounts
from bench.selftest.machine import core_times, taken_by_others
from bench.selftest.truth import Exchange, attempt_times, response_times
from bench.shapes.ramp import constant_rate
from bench.stats.goodness_of_fit import ks_distance

TOLERANCE_NS = 3 * NS_PER_MS // 10
"""A quantile may be off by this, or by the case's share of it where that is more."""
ANSWER_LIMIT_BYTES = 16 * 1024 * 1024
"""Of a plain URL any answer is taken unless the profile says how much: half of an oversized one."""


SCRIPT_NS = 20 * NS_PER_MS
SCRIPT_SHARE = 0.1
"""By the larger of the two the target itself may be off its script; else it is another case."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One truth and what was measured. Times in nanoseconds, or counts."""

    what: str
    truth: float
    """Of a time the middle of the two between which the target's own log has it."""
    measured: float | None
    good: bool
    is_time: bool
    unknown: str = ""
    """Why the target's log does not tell the truth well enough: then this proves nothing."""

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
    busy: tuple[str, ...] = ()
    """What the machine, or the generator on it, could not do; nothing if both could do all."""

    @property
    def good(self) -> bool:
        """True if every comparison is."""
        return all(comparison.good for comparison in self.comparisons)

    @property
    def verdict(self) -> Verdict:
        """VALID if all is right, INVALID if the machine was too busy to tell, else SUSPECT.

        A count that is off is the measurement's, however busy the machine was.
        """
        off = [row for row in self.comparisons if not row.good]
        if any(not row.is_time for row in off):
            return Verdict.SUSPECT
        if self.too_busy:
            return Verdict.INVALID
        return Verdict.SUSPECT if off else Verdict.VALID

    @property
    def too_busy(self) -> str:
        """Why nothing is proved, whatever the figures are; empty if it is."""
        unknown = (row.unknown for row in self.comparisons if row.unknown)
        return next(chain(self.busy, unknown), "")


async def prove(case: Case) -> Proof:
    """Start the scripted target, run the case's load against it, compare."""
    before = core_times()
    async with _ScriptedTarget(case.name) as target:
        profile = _profile(case, target.url)
        recorded, attempts = await _measure(profile)
        served = await target.finish()
    others = core_times().others(before)
    gaps_ks = None
    if case.arrivals is Arrivals.POISSON:
        asked_ns = np.array([one.asked_ns for one in served.exchanges], dtype=np.float64)
        gaps_ks = ks_distance(np.diff(asked_ns) / NS_PER_S * case.rps)
    window = recorded.windows[0]
    return Proof(
        case,
        tuple(compared(case, window, attempts, served, _scheduled_ns(case, profile))),
        tuple(_lags(window)),
        gaps_ks,
        tuple(_busy(recorded, taken_by_others(others, os.cpu_count() or 1))),
    )


def _busy(recorded: RecordedRun, others: str) -> Iterable[str]:
    """What speaks against the generator: the run's own verdict, and who else had the cores."""
    for reason in recorded.reasons:
        if reason.generator and reason.verdict is not Verdict.VALID:
            yield reason.text
    if others:
        yield others


def _scheduled_ns(case: Case, profile: Profile) -> list[float]:
    """When each arrival was due, since any instant: even ones by hand, others by the schedule."""
    if case.arrivals is Arrivals.EVEN:
        return [t_s * NS_PER_S for t_s in case.arrivals_s()]
    load, segment = profile.load, make_plan(profile).segments[0]
    return [float(at_ns) for at_ns, _ in arrivals(segment, load.arrivals, load.seed, 0, 1)]


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


def _profile(case: Case, url: str) -> Profile:
    numbered = EventSpec(EventKind.TEMPLATE, {"invocation": "{{index}}"})
    return Profile(
        name=f"selftest-{case.name}",
        title=case.title,
        question="",
        source=f"selftest {case.name}",
        target=Target(
            TargetKind.HTTP,
            events=(numbered,),
            urls={EndpointKind.HTTP: url},
            answer_limit_bytes=ANSWER_LIMIT_BYTES,
        ),
        variants=(Variant(EndpointKind.HTTP),),
        load=LoadSpec(arrivals=case.arrivals, order=Order.SEQUENTIAL, in_flight=2000, workers=1),
        phases=(Phase("steady", constant_rate(case.rps, round(case.duration_s * NS_PER_S))),),
        timeouts=case.timeouts,
        retry=case.retry,
        record_attempts=True,
    )


async def _measure(profile: Profile) -> tuple[RecordedRun, dict[Outcome, int]]:
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
    case: Case,
    window: Window,
    attempts: dict[Outcome, int],
    served: Served,
    scheduled_ns: Sequence[float],
) -> Iterable[Comparison]:
    """Every truth of a case with what was measured. attempts: by outcome."""
    truths = {
        Measure.ATTEMPT: attempt_times(served.exchanges),
        Measure.RESPONSE: response_times(served.exchanges, scheduled_ns),
    }
    for measure, q, scripted_s in case.quantiles(case):
        found = window.measure(measure).at(q)
        value = None if found is None else float(found.value_ns)
        name = f"{measure.value} p{q * 100:g}"
        yield _time(name, truths[measure].at(q), value, case.tolerance, scripted_s * NS_PER_S)
    if case.arrivals is Arrivals.EVEN:
        yield _count("arrivals", len(case.arrivals_s()), window.tally.offered)
    for outcome, expected in case.outcomes(served.counts).items():
        name = f"attempts {outcome.name.lower().replace('_', ' ')}"
        yield _count(name, expected, attempts.get(outcome, 0))
    lost = sum(attempts.values()) - sum(served.counts.values())
    if Outcome.PROTOCOL_ERROR not in case.outcomes(served.counts):
        yield _count("lost on closed connections", lost, attempts[Outcome.PROTOCOL_ERROR])


def _time(
    name: str,
    truth: tuple[float, float] | None,
    measured_ns: float | None,
    tolerance: float,
    scripted_ns: float,
) -> Comparison:
    """truth: between which two the target's log has it, each with its own tolerance."""
    if truth is None:
        return Comparison(name, scripted_ns, measured_ns, False, is_time=True)
    low_ns, high_ns = truth
    middle_ns = (low_ns + high_ns) / 2
    allowed_ns = max(TOLERANCE_NS, tolerance * middle_ns)
    good = measured_ns is not None and low_ns - allowed_ns <= measured_ns <= high_ns + allowed_ns
    unknown = ""
    if high_ns - low_ns > allowed_ns:
        wide = (high_ns - low_ns) / NS_PER_MS
        unknown = f"the target does not know when it answered: {name} within {wide:.2f} ms"
    elif abs(middle_ns - scripted_ns) > max(SCRIPT_NS, SCRIPT_SHARE * scripted_ns):
        off = (middle_ns - scripted_ns) / NS_PER_MS
        unknown = f"the target did not keep to its script: its {name} was {off:+.0f} ms off"
    return Comparison(name, middle_ns, measured_ns, good, is_time=True, unknown=unknown)


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
    """What the target did by its own log: a count per act, and its exchanges in order."""

    counts: ServedCounts
    exchanges: tuple[Exchange, ...] = ()


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
        return Served(told["counts"], tuple(Exchange(*one) for one in told["exchanges"]))

    async def __aexit__(self, *error: object) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
