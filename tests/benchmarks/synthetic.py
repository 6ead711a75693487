"""A run of any number of variants and seconds without a load: its rows are made up here.

What a coordinator does with them is what it does in a real run, by the same classes. All variants
are on side by side all the time, which is the most that a run can have of intervals, in blocks of
at most BLOCK_S, which is what a plan of many rounds looks like.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd
from pathlib import Path
from typing import Any

import numpy as np

from bench.load.collector import Collector
from bench.load.frames import Frame, FrameKind
from bench.load.run_writer import RunWriter
from bench.model.endpoint import EndpointKind
from bench.model.live import RunState, Snapshot, WorkerHealth
from bench.model.outcome import Outcome
from bench.model.profile import (
    LoadSpec,
    Order,
    Phase,
    Profile,
    Slo,
    Target,
    TargetKind,
    Variant,
)
from bench.model.times import NEVER, NS_PER_MS, NS_PER_S
from bench.plan import make_plan
from bench.profile import resolved_toml
from bench.record.aggregate import Aggregate
from bench.record.folder import RunFolder
from bench.record.measures import ROW_TYPE
from bench.record.recorded_run import RecordedRun
from bench.record.row_layout import FLAG_COLD, FLAG_FINAL, ArrivalCounts
from bench.report.html import render_html
from bench.report.text import render_text
from bench.shapes.ramp import constant_rate
from bench.stats.thresholds import evaluate

EACH_S = 20
"""Invocations of a variant in a second: enough for a median of each."""
TICKS_PER_S = 4
BLOCK_S = 10
_SMALLEST_MB = 128
_HEALTH = WorkerHealth(0, True, 0.3, 54.0, 2, 2, 1)


def synthetic_profile(variants: int, seconds: int, each_s: int = EACH_S) -> Profile:
    """Half of the variants through Invoke, half through a front door, in as many sizes."""
    kinds = (EndpointKind.INVOKE, EndpointKind.ALB)
    block_s = gcd(BLOCK_S, seconds)
    return Profile(
        name="growth",
        title="What grows with variants and seconds",
        question="",
        source="growth.toml",
        target=Target(TargetKind.LOCAL, "primes"),
        variants=tuple(Variant(kinds[i % 2], _SMALLEST_MB + i // 2) for i in range(variants)),
        load=LoadSpec(rounds=max(1, seconds // block_s), order=Order.TOGETHER),
        phases=(Phase("steady", constant_rate(float(each_s), block_s * NS_PER_S)),),
        slos=(Slo("p50 of all < 1s", "p50 of all < 1s"),),
    )


class SyntheticRun:
    """The coordinator of such a run, second by second."""

    def __init__(self, root: Path, variants: int, seconds: int, each_s: int = EACH_S) -> None:
        """each_s: invocations of a variant in a second."""
        self.profile = synthetic_profile(variants, seconds, each_s)
        self._each_s = each_s
        self.plan = make_plan(self.profile)
        self.aggregate = Aggregate(self.profile, self.plan)
        self._now_ns = 0
        self._writer = RunWriter(self.profile, self.aggregate, lambda: self._now_ns)
        self._collector = Collector(self.profile, self.aggregate, self._writer.note)
        toml = resolved_toml(self.profile)
        self._writer.open(RunFolder.create(root, self.profile, toml, {}))
        self._segment_at = [
            segment.index
            for segment in self.plan.segments
            for _ in range(segment.duration_ns // NS_PER_S)
        ]
        self._rows = _second_of_rows(variants, each_s)

    def frames(self, second: int) -> list[Frame]:
        """What a worker ships of one second: its counts, its rows, its health."""
        return self._shipment(second, self._rows, self._each_s)

    def shipments(self, second: int) -> list[list[Frame]]:
        """The same as in a real run, a part with each tick: rows once they are answered."""
        ticks = np.minimum(self._rows["last_ns"] * TICKS_PER_S // NS_PER_S, TICKS_PER_S - 1)
        arrivals = np.diff(np.arange(TICKS_PER_S + 1) * self._each_s // TICKS_PER_S).tolist()
        return [
            self._shipment(second, self._rows[ticks == tick], arrivals[tick])
            for tick in range(TICKS_PER_S)
        ]

    def _shipment(self, second: int, answered: np.ndarray[Any, Any], arrivals: int) -> list[Frame]:
        """arrivals: of each variant."""
        segment = self._segment_at[second]
        rows = answered.copy()
        rows["segment"] = segment
        for name in ("intended_ns", "sent_ns", "first_ns", "last_ns"):
            rows[name] += second * NS_PER_S
        counts = ArrivalCounts()
        for variant in range(len(self.profile.variants)):
            counts.cell(second, variant, segment)[0] = arrivals
        return [
            Frame(FrameKind.COUNTS, counts.drain()),
            Frame(FrameKind.ROWS, rows.tobytes()),
            Frame(FrameKind.HEALTH, _HEALTH),
        ]

    def live(self, second: int, frames: list[Frame], *, seen: bool = False) -> None:
        """One second of a coordinator's life; seen: with a view that looks at it each tick."""
        for tick in range(TICKS_PER_S):
            self.tick(second, tick, () if tick else frames)
            if seen:
                self.look()

    def tick(self, second: int, tick: int, frames: Sequence[Frame]) -> None:
        """A quarter of it, counted from 0, at the end of which these have come."""
        for frame in frames:
            self._collector.on_frame(0, frame)
            self._writer.on_frame(0, frame)
        self._now_ns = second * NS_PER_S + (tick + 1) * NS_PER_S // TICKS_PER_S
        self.aggregate.advance(self._now_ns)
        self._writer.add_settled(self._collector.drain_vitals(self._now_ns))

    def look(self) -> None:
        """What a snapshot is made of."""
        self._collector.judged(running=True, interrupted=False, target={}, ended_by=())
        self.aggregate.pulse()
        self.aggregate.changed()
        self.aggregate.spend_usd()
        self.aggregate.projected_usd()
        self._collector.fresh_vitals()

    def snapshot(self) -> Snapshot:
        """What a view is given, as a session makes it."""
        judgement = self._collector.judged(running=True, interrupted=False, target={}, ended_by=())
        pulse = self.aggregate.pulse()
        second = min(self._now_ns // NS_PER_S, len(self._segment_at) - 1)
        return Snapshot(
            t_ns=self._now_ns,
            state=RunState.RUNNING,
            title=self.profile.title,
            target="LOCAL",
            phase=self.profile.phases[0].name,
            segment=self.plan.segments[self._segment_at[second]],
            elapsed_ns=self._now_ns,
            remaining_ns=self.plan.duration_ns - self._now_ns,
            planned_rps=pulse.planned_rps,
            achieved_rps=pulse.achieved_rps,
            in_flight=pulse.in_flight,
            send_lag=pulse.send_lag,
            windows=judgement.windows,
            intervals=self.aggregate.changed(),
            workers=self._collector.workers,
            reasons=judgement.reasons,
            verdict=judgement.verdict,
            samples=self._collector.samples,
            events=tuple(self._writer.events),
            spend_usd=self.aggregate.spend_usd(),
            run_folder=None,
            vitals=self._collector.fresh_vitals(),
            projected_usd=self.aggregate.projected_usd(),
        )

    def finish(self) -> RecordedRun:
        """From the last answer to the last file and the table."""
        self._now_ns += NS_PER_S
        self.aggregate.advance(self._now_ns)
        judgement = self._collector.judged(running=False, interrupted=False, target={}, ended_by=())
        curves = self.aggregate.curves()
        slos = [evaluate(slo, judgement.windows, curves) for slo in self.profile.slos]
        run = self._writer.finish(judgement, slos, RunState.FINISHED, {})
        self._writer.write("report.html", render_html(run))
        render_text(run)
        return run


def _second_of_rows(variants: int, each_s: int) -> np.ndarray[Any, Any]:
    """So many rows of every variant in the second 0, all answered within it; one is cold."""
    random = np.random.default_rng(1)
    rows = np.zeros(variants * each_s, dtype=ROW_TYPE)
    rows["variant"] = np.repeat(np.arange(variants), each_s)
    rows["intended_ns"] = np.tile(np.arange(each_s) * (NS_PER_S // each_s), variants)
    rows["sent_ns"] = rows["intended_ns"] + random.integers(20_000, 400_000, rows.size)
    took_ns = (random.lognormal(0, 0.4, rows.size) * 20 * NS_PER_MS).astype(np.int64)
    rows["last_ns"] = rows["sent_ns"] + took_ns
    rows["first_ns"] = rows["last_ns"] - 10_000
    for name in ("dns_ns", "connect_ns", "tls_ns", "init_ns", "restore_ns", "read_lag_ns"):
        rows[name] = NEVER
    rows["duration_ns"] = took_ns * 3 // 4
    rows["billed_ms"] = took_ns // NS_PER_MS
    rows["max_memory_mb"] = 40
    rows["status"], rows["attempt"], rows["outcome"] = 200, 1, Outcome.OK
    rows["flags"] = FLAG_FINAL
    rows["flags"][::each_s] = FLAG_FINAL | FLAG_COLD
    rows["init_ns"][::each_s] = 80 * NS_PER_MS
    return rows
