"""Lines on a canvas of dots: no more is drawn of one than there are columns of dots. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import log10

import numpy as np
from numpy.typing import NDArray

from bench.report.axes import Axis
from bench.tui.widgets.canvas import Canvas
from bench.tui.widgets.chart_data import ChartLine, ChartPoints

Upright = tuple[int, int, int, int, int]
"""What a line covers of a column of dots: x, and y where it enters, at the top, bottom, leaving."""


def dot_of(canvas: Canvas, x: Axis, y: Axis, px: float, py: float) -> tuple[int, int]:
    """The dot of a point, from the top left."""
    return (
        round(x.at(px) * (canvas.dots_across - 1)),
        round((1 - y.at(py)) * (canvas.dots_down - 1)),
    )


def stretches(canvas: Canvas, x: Axis, y: Axis, line: ChartLine) -> Iterator[Sequence[Upright]]:
    """Each part of a line without a gap in it, as what it covers of each column of dots.

    However many points a line has, no more is drawn of it than there are columns.
    """
    if not line.points:
        return
    at_x, at_y = array_of(line).T
    seen = ~np.isnan(at_y) & (at_x >= x.low) & (at_x <= x.high)
    if y.logarithmic:
        seen &= at_y > 0
    (places,) = np.nonzero(seen)
    if not places.size:
        return
    dots_x = np.rint(_on(x, at_x[places]) * (canvas.dots_across - 1)).astype(np.int64)
    dots_y = np.rint((1 - _on(y, at_y[places])) * (canvas.dots_down - 1)).astype(np.int64)
    gaps = np.flatnonzero(np.diff(places) > 1) + 1
    steps = np.arange(1, places.size) if line.dots_only else np.flatnonzero(np.diff(dots_x)) + 1
    starts = np.union1d(np.union1d(steps, gaps), [0]).astype(np.int64)
    ends = np.append(starts[1:], places.size) - 1
    uprights = np.column_stack(
        (
            dots_x[starts],
            dots_y[starts],
            np.minimum.reduceat(dots_y, starts),
            np.maximum.reduceat(dots_y, starts),
            dots_y[ends],
        )
    ).tolist()
    bounds = [0, *np.searchsorted(starts, gaps).tolist(), len(uprights)]
    yield from (uprights[first:last] for first, last in pairwise(bounds))


def between(
    canvas: Canvas, x: Axis, y: Axis, upper: ChartLine, lower: ChartLine
) -> Iterator[tuple[int, int, int]]:
    """(column, first row, row behind the last) of the cells that lie between two lines."""
    (above_x, above_y), (below_x, below_y) = (array_of(line).T for line in (upper, lower))
    if not above_x.size or not below_x.size:
        return
    across, down = canvas.glyphs.dots
    middles = np.arange(canvas.width) * across + (across - 1) / 2
    places = x.low + (x.high - x.low) * middles / max(1, canvas.dots_across - 1)
    inside = (places >= max(above_x[0], below_x[0])) & (places <= min(above_x[-1], below_x[-1]))
    rows = [
        np.rint((1 - _on(y, np.interp(places, xs, ys))) * (canvas.dots_down - 1)) // down
        for xs, ys in ((above_x, above_y), (below_x, below_y))
    ]
    for column in np.flatnonzero(inside).tolist():
        top, bottom = rows[0][column] + 1, rows[1][column]
        if top < bottom:  # nowhere where a line breaks: NaN compares with nothing
            yield column, int(top), int(bottom)


def array_of(line: ChartLine) -> NDArray[np.float64]:
    """Its points as rows of x and y; NaN where it breaks."""
    points = line.points
    return (points if isinstance(points, ChartPoints) else ChartPoints(points)).array


def trace(canvas: Canvas, stretch: Sequence[Upright], series: int) -> None:
    """Draw a part of a line: its points joined in their order."""
    before = stretch[0][:2]
    for at_x, first, top, bottom, last in stretch:
        canvas.line(*before, at_x, first, series)
        if top < bottom:
            canvas.column(at_x, top, bottom, series)
        before = (at_x, last)


def _on(axis: Axis, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """What `Axis.at` is for one value, for many."""
    low, high, values = axis.low, axis.high, np.clip(values, axis.low, axis.high)
    if axis.logarithmic:
        low, high, values = log10(low), log10(high), np.log10(values)
    return (values - low) / (high - low) if high > low else np.zeros_like(values)


def label_places(
    dot: tuple[int, int], length: int, others: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """Where a dot's name may begin, the best first; all in cells, (column, row).

    Only where it is nearer to its own dot than to any other: it would be taken for that one's.
    """
    for away in (0, -1, 1, -2, 2):
        for start in (dot[0] + 2, dot[0] - length - 1):
            row = dot[1] + away
            own = _distance(dot, start, length, row)
            if all(_distance(other, start, length, row) > own for other in others):
                yield start, row


def _distance(dot: tuple[int, int], start: int, length: int, row: int) -> int:
    """Of a dot to a text, in cells across; a row is as high as two are wide."""
    across = max(0, start - dot[0], dot[0] - (start + length - 1))
    return across + 2 * abs(dot[1] - row)


def row_labels(y: Axis, rows: int) -> dict[int, str]:
    """Row of the plot, from the top -> label of the tick there; the first of several."""
    labels: dict[int, str] = {}
    for value, text in y.ticks:
        labels.setdefault(round((1 - y.at(value)) * (rows - 1)), text)
    return labels
