"""Which rate recovers against which rate holds: the map of a search for capacity."""

from __future__ import annotations

from bench.record.capacity_answers import capacity_answers
from bench.report.metastability import capacity_axis, capacity_points
from bench.tui.palette import SeriesStyle
from bench.tui.state import ViewState
from bench.tui.widgets.chart_data import ChartData, ChartLine

_CELLS_A_TICK = 12


def has_map(state: ViewState) -> bool:
    """Whether a search knows of any variant which rate recovers."""
    return bool(capacity_points(capacity_answers(state.snapshot.events)))


def metastability_map(state: ViewState, width: int) -> ChartData:
    """A point per variant of a search: the rate that holds, and the one that recovers."""
    points = capacity_points(capacity_answers(state.snapshot.events))
    title = "what recovers against what holds"
    if not points:
        return ChartData(title=title, empty="no variant has both rates so far")
    axis = capacity_axis(points, max(3, width // _CELLS_A_TICK))
    quiet = "bright_black" if any(state.colours) else ""
    diagonal = ((0.0, 0.0), (axis.high, axis.high))
    return ChartData(
        title=title,
        note="both /s; on the line every rate that holds recovers",
        lines=(ChartLine("", SeriesStyle("", quiet), diagonal),),
        x=axis,
        labelled=tuple((*p.place, state.short(p.name), state.styles[p.name]) for p in points),
    )
