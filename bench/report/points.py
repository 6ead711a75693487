"""Where points of charts lie, on the screen and in the HTML report alike. Pure."""

from __future__ import annotations

import numpy as np

from bench.model.result import LADDER, Measure, Window
from bench.model.times import NS_PER_MS
from bench.record.percentiles_csv import curve_points
from bench.report.axes import Axis, nines
from bench.stats.quantiles import Curve

Point = tuple[float, float]


def spectrum_points(curve: Curve | None, max_ns: int) -> tuple[Point, ...]:
    """(nines, ms) of percentiles.csv, the maximum left out: it has no place on the axis.

    max_ns: the largest value as it was measured. Empty for what has no samples.
    """
    if curve is None or not curve.count:
        return ()
    points = list(curve_points(curve, max_ns))[:-1]
    return tuple((nines(point.q), point.value_ns / NS_PER_MS) for point in points)


def time_and_cost(window: Window, q: float) -> Point | None:
    """(ms of response time at q, USD per million); None where one of them is not known.

    A quantile that is only a lower bound is no time to choose by.
    """
    found = window.measure(Measure.RESPONSE).at(q)
    if found is None or not found.known or found.censored or window.usd_per_million is None:
        return None
    return found.value_ns / NS_PER_MS, window.usd_per_million


def counts_along(curve: Curve, axis: Axis, bins: int) -> tuple[int, ...]:
    """How many samples lie in each of so many equal stretches of a logarithmic axis of ms."""
    edges_ns = np.geomspace(axis.low, axis.high, bins + 1) * NS_PER_MS
    edges_ns[0], edges_ns[-1] = 0, np.inf
    running = np.concatenate(([0], np.cumsum(curve.counts)))
    found = np.diff(running[np.searchsorted(curve.values_ns, edges_ns)])
    return tuple(found.tolist())


def range_points(window: Window) -> tuple[float, ...]:
    """p50, p90 and p99 of response time in ms, as many as are known."""
    response = window.measure(Measure.RESPONSE)
    found = (response.at(q) for q in sorted(LADDER))
    return tuple(one.value_ns / NS_PER_MS for one in found if one is not None and one.known)
