"""One cell of the table of growth, in a process of its own: `PART VARIANTS SECONDS FOLDER`.

Prints CPU seconds and the peak of resident memory as JSON. `build` makes the run's folder, which
the other parts read.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.record.load_run import load_run
from bench.record.recorded_run import list_runs
from bench.report.text import render_text

SEEN_S = 30
"""The last seconds of a run have a view, and their CPU is told: a coordinator's per second."""
LISTED = 10
"""How many times `history` lists the run, for a figure above the clock's grain."""


class Spent:
    """CPU seconds by name."""

    def __init__(self) -> None:
        self.cpu_s: dict[str, float] = {}

    @contextmanager
    def on(self, name: str, share: float = 1.0) -> Iterator[None]:
        """Add what is spent within; share: of it, for what is done several times over."""
        begun = _cpu_s()
        yield
        self.cpu_s[name] = self.cpu_s.get(name, 0.0) + (_cpu_s() - begun) * share


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peak_mb() -> float:
    """The peak of this process's resident memory, in megabytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1000 if sys.platform == "linux" else peak / 1e6


def _build(variants: int, seconds: int, root: Path, spent: Spent) -> dict[str, float]:
    from tests.benchmarks.synthetic import SyntheticRun

    run = SyntheticRun(root, variants, seconds)
    first_seen = max(0, seconds - SEEN_S)
    for second in range(seconds):
        frames = run.frames(second)
        if second < first_seen:
            run.live(second, frames)
        else:
            with spent.on("coordinator", 1 / (seconds - first_seen)):
                run.live(second, frames, seen=True)
    peaks = {"coordinator": peak_mb()}
    with spent.on("finish"):
        run.finish()
    return peaks | {"finish": peak_mb()}


def _report(_variants: int, _seconds: int, root: Path, spent: Spent) -> dict[str, float]:
    with spent.on("report"):
        render_text(load_run(_run_in(root)))
    return {"report": peak_mb()}


def _watch(_variants: int, _seconds: int, root: Path, spent: Spent) -> dict[str, float]:
    from bench.tui.playback import PlaybackSource

    with spent.on("watch, open"):
        source = PlaybackSource(_run_in(root), clock=lambda: 0.0)
        source.snapshot()
    peaks = {"watch, open": peak_mb()}
    places = (0.5, 0.25, 0.75, 0.5)
    for place in places:
        with spent.on("watch, seek", 1 / len(places)):
            source.seek(place * source.end_s)
            source.snapshot()
    return peaks | {"watch, seek": peak_mb()}


def _history(_variants: int, _seconds: int, root: Path, spent: Spent) -> dict[str, float]:
    with spent.on("history", 1 / LISTED):
        for _ in range(LISTED):
            list_runs(root)
    return {"history": peak_mb()}


def _run_in(root: Path) -> Path:
    return next(path for path in root.iterdir() if path.is_dir())


MEASURED: dict[str, Callable[[int, int, Path, Spent], dict[str, float]]] = {
    "build": _build,
    "report": _report,
    "watch": _watch,
    "history": _history,
}


def main() -> None:
    """Measure one part of one cell."""
    part, variants, seconds, root = sys.argv[1:]
    spent = Spent()
    peaks = MEASURED[part](int(variants), int(seconds), Path(root), spent)
    print(json.dumps({name: [cpu_s, peaks[name]] for name, cpu_s in spent.cpu_s.items()}))


if __name__ == "__main__":
    main()
