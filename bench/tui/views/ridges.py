"""Ridges: where the response times of each variant lie, all on one axis, cold starts apart."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bench.model.result import Measure
from bench.model.times import NS_PER_MS
from bench.report.axes import Axis
from bench.report.points import counts_along
from bench.stats.quantiles import Curve
from bench.tui.state import ViewState
from bench.tui.widgets.columns import BLANK, Cell
from bench.tui.widgets.drawn_cells import Density, shared_axis

_COLD = "cold"


def ridge_axis(state: ViewState, width: int) -> Axis | None:
    """Milliseconds around all response times of the run; None before the first."""
    ends = [
        float(value_ns) / NS_PER_MS
        for curve in _responses(state)
        for value_ns in (curve.values_ns[0], curve.values_ns[-1])
    ]
    return shared_axis(ends, width) if width else None


def _responses(state: ViewState) -> Iterator[Curve]:
    for curves in state.analysis.curves.values():
        curve = curves.get(Measure.RESPONSE)
        if curve is not None and curve.count:
            yield curve


def ridge_cell(state: ViewState, name: str, axis: Axis | None, width: int) -> Cell:
    """Calls that met no cold start in the variant's colour, the others in a second tone."""
    every = state.analysis.curves.get(name, {}).get(Measure.RESPONSE)
    if axis is None or every is None or not every.count:
        return BLANK
    cold = state.analysis.class_curves.get(name, {}).get(_COLD)
    counts = np.array(counts_along(every, axis, width))
    second = np.zeros_like(counts)
    if cold is not None and cold.count:
        second = np.minimum(counts, counts_along(cold, axis, width))
    drawing = Density(tuple((counts - second).tolist()), tuple(second.tolist()))
    return Cell("", series=state.styles[name], drawing=drawing)
