"""Which rate recovers against which rate holds, as a picture of the page."""

from __future__ import annotations

from collections.abc import Iterator

from bench.record.recorded_run import RecordedRun
from bench.report.laid_over import looks
from bench.report.metastability import capacity_axis, capacity_points
from bench.report.svg import Whisker, scatter_chart

_TICKS = 8


def metastability(run: RecordedRun) -> Iterator[str]:
    """A point for each variant of a search that asked for both, with their intervals."""
    points = capacity_points(run.answers)
    if not points:
        return
    drawn, axis = looks(run.windows), capacity_axis(points, _TICKS)
    places = {point.name: point.place for point in points}
    across = (Whisker(drawn[p.name], p.place[1], *p.holds, across=True) for p in points)
    upright = (Whisker(drawn[p.name], p.place[0], *p.recovers) for p in points)
    yield scatter_chart(
        "Which rate recovers against which rate holds; on the line, all that holds recovers",
        [(name, drawn[name], *place) for name, place in places.items()],
        ((0.0, 0.0), (axis.high, axis.high)),
        axis,
        axis,
        "highest rate that holds, /s",
        "highest rate that recovers, /s",
        [*across, *upright],
    )
