"""Where points of charts lie, on the screen and in the HTML report alike. Pure."""

from __future__ import annotations

from bench.model.result import Measure, Window
from bench.model.times import NS_PER_MS
from bench.record.percentiles_csv import curve_points
from bench.report.axes import nines
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
