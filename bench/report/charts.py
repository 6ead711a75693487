"""The charts of the HTML report: which points of a run they show. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

from bench.format import quantile_text
from bench.model.result import LADDER, Interval, Measure, Window
from bench.model.times import NS_PER_MS
from bench.record.csv_files import max_ns_of, percentile_rows
from bench.record.recorded_run import RecordedRun
from bench.report.axes import Axis, linear_axis, log_axis, nines, nines_axis
from bench.report.svg import SvgLine, line_chart, scatter_chart
from bench.stats.recommend import common_quantile, comparable, frontier

MOST_POINTS = 300
"""Of a line over time; beyond that, several seconds share a point: the worst of them."""
MOST_TICKS = 6
"""Of an axis of figures; that of time has room for more."""

Parts = Sequence[Window]
"""What of one second is one variant's in one phase: a window for each segment."""
Read = Callable[[Parts], float | None]


def charts(run: RecordedRun) -> Iterable[str]:
    """Every chart for which the run has something to show."""
    yield from _spectrum(run)
    yield from _trade(run)
    yield from _over_time(run)


def _spectrum(run: RecordedRun) -> Iterable[str]:
    """Response time by percentile, as far as it is known."""
    lines = []
    for index, window in enumerate(run.windows):
        name = window.variant.name
        curve = run.curves.get(name, {}).get(Measure.RESPONSE)
        if curve is None or not curve.count:
            continue
        max_ns = max_ns_of(run, name, Measure.RESPONSE)
        rows = list(percentile_rows(name, Measure.RESPONSE, curve, max_ns))[:-1]
        points = tuple(
            (nines(float(row["percentile"] or 0) / 100), float(row["value_ms"] or 0))
            for row in rows
        )
        if points:
            lines.append(SvgLine(name, index, (points,)))
    if lines:
        y = _log_axis_of(lines)
        x = nines_axis(max(x for line in lines for s in line.stretches for x, _ in s), MOST_TICKS)
        yield line_chart(
            "Response time by percentile", lines, x, y, "percentile", "response time, ms"
        )


def _trade(run: RecordedRun) -> Iterable[str]:
    """Cost against time, with the efficient frontier among the sizes compared."""
    sizes = comparable(run.windows)
    q = common_quantile(sizes, run.curves)
    if q is None:
        return
    places = {w.variant.name: place for w in run.windows if (place := _time_and_cost(w, q))}
    if len(places) < 2:
        return
    x = linear_axis(0.0, max(time for time, _ in places.values()), MOST_TICKS)
    y = linear_axis(0.0, max(cost for _, cost in places.values()), MOST_TICKS)
    index = {window.variant.name: i for i, window in enumerate(run.windows)}
    path = [places[name] for name in frontier(sizes, q) if name in places]
    yield scatter_chart(
        f"Cost against {quantile_text(q)} of response time; the line is the efficient frontier",
        [(name, index[name], time, cost) for name, (time, cost) in places.items()],
        path,
        x,
        y,
        f"response time {quantile_text(q)}, ms",
        "USD per million",
    )


def _time_and_cost(window: Window, q: float) -> tuple[float, float] | None:
    quantile = window.measure(Measure.RESPONSE).at(q)
    if quantile is None or not quantile.known or quantile.censored:
        return None
    if window.usd_per_million is None:
        return None
    return quantile.value_ns / NS_PER_MS, window.usd_per_million


def _over_time(run: RecordedRun) -> Iterable[str]:
    name, read = _time_metric(parts for _, parts in _seconds(run.intervals))
    for title, unit, metric, log in (
        (f"Response time over the run, {name} of each second", "ms", read, True),
        ("Send lag over the run, maximum of each second", "ms", _lag_ms, True),
        ("Arrivals sent per second", "1/s", _sent_rps, False),
        ("Failed or dropped per second", "1/s", _bad_rps, False),
    ):
        lines = _lines(run, metric)
        values = [y for line in lines for stretch in line.stretches for _, y in stretch]
        if not values or not any(values):
            continue
        end_s = max(interval.t_s for interval in run.intervals) + 1
        y = _log_axis_of(lines) if log else linear_axis(0.0, max(values), MOST_TICKS)
        x = linear_axis(0.0, float(end_s), MOST_TICKS + 3)
        yield line_chart(title, lines, x, y, "seconds since the start", unit)


def _seconds(intervals: Iterable[Interval]) -> Iterator[tuple[int, Parts]]:
    """(second, its parts): a change of the load splits a second, and the chart joins it again."""
    for key, group in groupby(intervals, key=lambda i: (i.t_s, i.window.variant, i.phase)):
        yield key[0], [interval.window for interval in group]


def _time_metric(seconds: Iterable[Parts]) -> tuple[str, Read]:
    """The highest quantile that most seconds know; low rates have only a mean."""
    busy = 0
    known = dict.fromkeys(LADDER, 0)
    for parts in seconds:
        if _mean_ms(parts) is not None:
            busy += 1
            for q in known:
                known[q] += _quantile_ms(q)(parts) is not None
    for q, often in known.items():
        if busy and often > busy / 2:
            return quantile_text(q), _quantile_ms(q)
    return "mean", _mean_ms


def _quantile_ms(q: float) -> Read:
    """The highest of the parts: quantiles of parts don't make one of the whole."""

    def read(parts: Parts) -> float | None:
        found = (part.measure(Measure.RESPONSE).at(q) for part in parts)
        known = [quantile.value_ns for quantile in found if quantile is not None and quantile.known]
        return max(known) / NS_PER_MS if known else None

    return read


def _mean_ms(parts: Parts) -> float | None:
    responses = [part.measure(Measure.RESPONSE) for part in parts]
    count = sum(response.count for response in responses)
    total_ns = sum(response.mean_ns * response.count for response in responses)
    return total_ns / count / NS_PER_MS if count else None


def _lag_ms(parts: Parts) -> float | None:
    lags = [part.measure(Measure.SEND_LAG) for part in parts]
    known = [lag.max_ns for lag in lags if lag.count]
    return max(known) / NS_PER_MS if known else None


def _sent_rps(parts: Parts) -> float | None:
    return _per_s(sum(part.achieved_rps * part.duration_s for part in parts), parts)


def _bad_rps(parts: Parts) -> float | None:
    return _per_s(sum(part.tally.failed + part.tally.dropped for part in parts), parts)


def _per_s(total: float, parts: Parts) -> float | None:
    duration_s = sum(part.duration_s for part in parts)
    return total / duration_s if duration_s else None


def _lines(run: RecordedRun, read: Read) -> list[SvgLine]:
    lines = []
    for index, window in enumerate(run.windows):
        points = [
            (float(second), value)
            for second, parts in _seconds(run.intervals)
            if parts[0].variant == window.variant and (value := read(parts)) is not None
        ]
        if points:
            lines.append(SvgLine(window.variant.name, index, tuple(_stretches(points))))
    return lines


def _stretches(
    points: Sequence[tuple[float, float]],
) -> Iterable[tuple[tuple[float, float], ...]]:
    """Thinned out, and broken where the variant was not on."""
    every = -(-len(points) // MOST_POINTS)
    stretch: list[tuple[float, float]] = []
    for start in range(0, len(points), every):
        group = points[start : start + every]
        worst = (group[0][0], max(y for _, y in group))
        if stretch and worst[0] - stretch[-1][0] > 2 * every:
            yield tuple(stretch)
            stretch = []
        stretch.append(worst)
    if stretch:
        yield tuple(stretch)


def _log_axis_of(lines: Sequence[SvgLine]) -> Axis:
    values = [y for line in lines for stretch in line.stretches for _, y in stretch if y > 0]
    if not values:
        return linear_axis(0.0, 1.0, MOST_TICKS)
    return log_axis(min(values), max(values), MOST_TICKS)
