"""Policies as points on the page: what retries cost against how soon all was well again."""

from __future__ import annotations

from collections.abc import Iterator

from bench.record.recorded_run import RecordedRun
from bench.record.recovery import with_recoveries
from bench.report.axes import log_axis
from bench.report.laid_over import looks
from bench.report.recovery_map import recovery_points, recovery_scale
from bench.report.svg import Whisker, scatter_chart

_TICKS = 8


def recovery_map(run: RecordedRun) -> Iterator[str]:
    """Attempts for each call against the time until all was as before, with its interval."""
    points = recovery_points(with_recoveries(run.windows, run))
    if len(points) < 2:
        return
    drawn, scale = looks(run.windows), recovery_scale(points, _TICKS)
    y = log_axis(1.0, max(point.amplification for point in points), _TICKS - 2)
    yield scatter_chart(
        "Attempts for each call against time to recover, with its interval at 95 %",
        [(p.name, drawn[p.name], scale.place(p), p.amplification) for p in points],
        (),
        scale.axis,
        y,
        "seconds from the end of the disturbance until goodput and p99 were as before",
        "attempts for each call",
        [
            Whisker(drawn[p.name], p.amplification, *p.ends, across=True)
            for p in points
            if p.ends is not None
        ],
        legend=True,
    )
