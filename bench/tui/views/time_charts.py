"""Charts over the time of a run: their axis, the lines of a metric, how many seconds share a point,
where phases begin.
"""

from __future__ import annotations

from math import inf

from bench.model.times import NS_PER_S
from bench.report.axes import Axis
from bench.tui.interval_history import SeriesPoints, every_s
from bench.tui.metrics import Metric
from bench.tui.state import ViewState
from bench.tui.widgets.axes import round_span_s, time_axis
from bench.tui.widgets.chart_data import ChartData, ChartLine, Flag

MOST_FLAGS = 6
MOST_POINTS = 600
"""Of a line; beyond that, several seconds share a point."""


def run_axis(state: ViewState, width: int) -> Axis:
    """The time axis of charts over the run, or over its last minute. It grows in few steps."""
    most = max(2, width // 12)
    if state.window_s is not None:
        return time_axis(max(0, state.passed_s - 60), max(60, state.passed_s), most)
    whole_ns = state.snapshot.whole_ns
    whole_s = inf if whole_ns is None else whole_ns / NS_PER_S
    span_s = round_span_s(max(1.0, state.passed_s))
    return time_axis(0.0, min(span_s, max(whole_s, state.passed_s, 1.0)), most)


def over_time(
    state: ViewState, metric: Metric, width: int, *, title: str = "", chosen: bool = True
) -> ChartData:
    """A metric of every variant, second by second. chosen: it is the one that `m` changes."""
    lines = tuple(
        ChartLine(
            state.short(name),
            style,
            () if name in state.hidden else points(state, name, metric),
            hidden=name in state.hidden,
        )
        for name, style in state.styles.items()
    )
    is_log = state.is_log(y for line in lines for _, y in line.points if y is not None)
    note = f"{metric.unit}, {point_grain(state)}"
    if is_log:
        note += ", log"
    if chosen and state.window_s is not None and state.turns is None:
        note += ", last 60 s"
    return ChartData(
        title=title or metric.name,
        note=note,
        lines=lines,
        x=chart_axis(state, width),
        logarithmic=is_log,
        flags=phase_flags(state),
        empty=f"no second has {metric.name}: too few answers in it, or none",
    )


def chart_axis(state: ViewState, width: int) -> Axis:
    """Of charts over time: that of the run, or of a turn."""
    if state.turns is None:
        return run_axis(state, width)
    return time_axis(0.0, max(1.0, state.turns.length_s), max(2, width // 12))


def points(state: ViewState, name: str, metric: Metric) -> SeriesPoints:
    """A variant's line on that axis."""
    history, turns = state.history, state.turns
    if turns is None:
        return history.points(name, metric, state.since_s, state.passed_s, MOST_POINTS)
    return history.turn_points(name, metric, turns, MOST_POINTS)


def point_grain(state: ViewState) -> str:
    """What a point of such a line stands for."""
    if state.turns is None:
        return _grain(state)
    of_several = ", the median of all turns" if state.turns.times > 1 else ""
    return f"by second of the turn{of_several}"


def _grain(state: ViewState) -> str:
    """How many seconds share a point of a chart over the time of the run."""
    every = every_s(state.since_s, state.passed_s, MOST_POINTS)
    longest = state.history.longest_s(state.since_s, state.passed_s)
    if longest <= every:
        return vital_grain(state)
    return f"the highest of each {every} s, at first of each {longest} s"


def vital_grain(state: ViewState, alone: str = "each second") -> str:
    """Likewise of a chart of the run's vitals. alone: what is said where each has its own."""
    every = every_s(state.since_s, state.passed_s, MOST_POINTS)
    return alone if every == 1 else f"the highest of each {every} s"


def phase_flags(state: ViewState) -> tuple[Flag, ...]:
    """Where phases begin, unless they alternate too often to be read."""
    if state.turns is not None:
        starts = state.turns.starts
        return tuple(Flag(*start) for start in starts) if 1 < len(starts) <= MOST_FLAGS else ()
    changes = state.history.phase_changes(state.since_s, state.passed_s)
    if not 1 < len(changes) <= MOST_FLAGS:
        return ()
    return tuple(Flag(float(second), phase) for second, phase in changes)
