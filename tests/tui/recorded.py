"""The fake run as a folder that a run has left behind, or is still writing."""

from __future__ import annotations

import atexit
import shutil
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.model.live import RunEvent, RunState
from bench.model.outcome import Verdict
from bench.model.times import NS_PER_S
from bench.profile import resolved_toml
from bench.record.folder import RunFolder
from tests.tui.fakes import SECONDS, FakeRun, profile, vitals_at

STARTED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def begin(root: Path, second: int) -> RunFolder:
    """A run that still goes on, as far as it has come by that second."""
    run = FakeRun(second)
    folder = RunFolder.create(
        root, profile(), resolved_toml(profile()), {"target": {"label": "LOCAL"}}, STARTED
    )
    folder.event(RunEvent(0, "start", "a fake run"))
    folder.event(RunEvent(5 * NS_PER_S, "command", "rate-factor", {"value": 1.1}))
    grow(folder, run, 0)
    return folder


def grow(folder: RunFolder, run: FakeRun, from_s: int) -> None:
    """Write the seconds that have passed since the last."""
    passed = [i for i in run.aggregate.intervals() if from_s <= i.t_s < run.second]
    folder.append_intervals(passed)
    folder.append_vitals(vitals_at(second) for second in range(from_s, run.second))


def record(root: Path) -> Path:
    """The whole of it, finished, as a folder that may be changed."""
    whole = _whole()
    return Path(shutil.copytree(whole, root / whole.name))


@cache
def _whole() -> Path:
    """Written once, to be copied: the same run gives the same files."""
    root = TemporaryDirectory(prefix="recorded-")
    atexit.register(root.cleanup)
    folder = begin(Path(root.name), SECONDS)
    finish(folder)
    return folder.path


def finish(folder: RunFolder) -> None:
    """Write the results."""
    run = FakeRun(SECONDS, RunState.FINISHED)
    folder.finish(
        run.aggregate.totals(),
        run.aggregate.intervals(),
        (),
        Verdict.VALID,
        curves=run.curves(),
        class_curves=run.class_curves(),
        histograms=run.aggregate.closed_histograms(final=True),
    )
