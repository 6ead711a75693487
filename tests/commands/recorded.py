"""Recorded runs for tests: real folders, written by the code that a run uses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bench.model.outcome import Outcome, Verdict
from bench.model.profile import Profile
from bench.model.result import Measure, Tally, Window
from bench.model.times import NS_PER_MS
from bench.profile import load_profile, resolved_toml
from bench.record.folder import RunFolder
from bench.record.histogram import Histogram
from bench.stats.quantiles import Curve
from tests.stats.curves import curve_of

PROFILE = """
# Is it quick?
title = "A test's run"
[target]
kind = "local"
function = "primes"
[[variants]]
memory_mb = [128, 1769]
[[phase]]
rate = "10/s"
duration = "5s"
"""


def profile_in(folder: Path, *overrides: str) -> Profile:
    """The profile above, named t."""
    path = folder / "t.toml"
    path.write_text(PROFILE)
    return load_profile(path, overrides)


def record_run(
    runs: Path,
    profile: Profile,
    response_ms: Sequence[Sequence[float]],
    *,
    minute: int = 0,
    verdict: Verdict = Verdict.VALID,
) -> Path:
    """A finished run whose variants, in order, had these response times; its folder."""
    started = datetime(2026, 1, 1, 12, minute, tzinfo=UTC)
    folder = RunFolder.create(runs, profile, resolved_toml(profile), {}, started)
    curves = [curve_of(np.array(values) * NS_PER_MS) for values in map(_whole, response_ms)]
    windows = [
        _window(profile, index, len(response_ms[index]), curve, verdict)
        for index, curve in enumerate(curves)
    ]
    folder.finish(
        windows,
        [],
        [],
        verdict,
        curves={
            window.variant.name: {Measure.RESPONSE: curve}
            for window, curve in zip(windows, curves, strict=True)
        },
    )
    return folder.path


def _whole(values: Sequence[float]) -> list[int]:
    return [round(value) for value in values]


def _window(profile: Profile, index: int, count: int, curve: Curve, verdict: Verdict) -> Window:
    outcomes = tuple(count if outcome is Outcome.OK else 0 for outcome in Outcome)
    return Window(
        variant=profile.variants[index],
        duration_s=5.0,
        tally=Tally(offered=count, outcomes=outcomes, attempts=count),
        planned_rps=10.0,
        achieved_rps=count / 5,
        goodput_rps=count / 5,
        measures={Measure.RESPONSE: Histogram.of(curve).distribution()},
        billed_ms_mean=50.0,
        usd_per_million=1.0,
        verdict=verdict,
    )
