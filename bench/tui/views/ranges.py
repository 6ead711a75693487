"""Ranges of response times, a row for each variant, all on one axis."""

from __future__ import annotations

from collections.abc import Iterable

from bench.model.result import Measure, Window
from bench.model.times import NS_PER_MS
from bench.report.axes import Axis
from bench.report.points import range_points
from bench.tui.state import ViewState
from bench.tui.widgets.columns import BLANK, Cell
from bench.tui.widgets.drawn_cells import Range, shared_axis


def range_axis(windows: Iterable[Window], width: int) -> Axis | None:
    """Milliseconds from the quickest median to the slowest answer; None without a known one."""
    values: list[float] = []
    for window in windows:
        points = range_points(window)
        if points:
            values += [points[0], _end_ms(window)]
    return shared_axis(values, width) if width else None


def range_cell(state: ViewState, name: str, window: Window, axis: Axis | None) -> Cell:
    """From the median to the slowest; the text is what `y` copies."""
    points = range_points(window)
    if axis is None or not points:
        return BLANK
    response = window.measure(Measure.RESPONSE)
    text = " ".join(f"{value:.3f}" for value in (*points, _end_ms(window)))
    style = state.styles[name]
    drawing = Range(axis, points, _end_ms(window), style.marker, open=bool(response.censored))
    return Cell(text, points[0], series=style, drawing=drawing)


def _end_ms(window: Window) -> float:
    return window.measure(Measure.RESPONSE).max_ns / NS_PER_MS
