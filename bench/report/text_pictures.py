"""The pictures that a report of plain text has too: policies, and the metastability map."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bench.format import bare_size
from bench.model.plain import wrapped
from bench.record.recorded_run import RecordedRun
from bench.record.recovery import with_recoveries
from bench.report.axes import log_axis
from bench.report.metastability import capacity_axis, capacity_points
from bench.report.recovery_map import recovery_points, recovery_scale
from bench.report.text_scatter import HEIGHT, scatter_lines

_TICKS = 8
_UPRIGHT = HEIGHT // 2


def picture_lines(run: RecordedRun, width: int) -> Iterator[str]:
    """What the run's question is drawn by, if it is drawn as points; no line else."""
    yield from _recovery_map(run, width)
    yield from _metastability(run, width)


def _recovery_map(run: RecordedRun, width: int) -> Iterator[str]:
    points = recovery_points(with_recoveries(run.windows, run))
    if len(points) < 2:
        return
    scale = recovery_scale(points, _TICKS)
    y = log_axis(1.0, max(point.amplification for point in points), _UPRIGHT)
    names = _names(run)
    what = "Attempts a call against seconds until goodput and p99 were as before:"
    yield from wrapped(what, width)
    yield from scatter_lines(
        [(names[p.name], scale.place(p), p.amplification) for p in points], scale.axis, y, width
    )


def _metastability(run: RecordedRun, width: int) -> Iterator[str]:
    points = capacity_points(run.answers)
    if not points:
        return
    axis, upright = capacity_axis(points, _TICKS), capacity_axis(points, _UPRIGHT)
    names = _names(run)
    what = "Highest rate that recovers against the highest that holds, /s:"
    yield from wrapped(what, width)
    yield from scatter_lines([(names[p.name], *p.place) for p in points], axis, upright, width)


def _names(run: RecordedRun) -> Mapping[str, str]:
    return {window.variant.name: bare_size(window.variant) for window in run.windows}
