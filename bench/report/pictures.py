"""What stands beside the answer: ranges, time and cost over memory, ridges. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from bench.format import quantile_text
from bench.model.result import LADDER, Measure, Window
from bench.model.times import NS_PER_MS
from bench.record.conclusions import KnownQuantile, compared, compared_quantiles
from bench.record.recorded_run import RecordedRun
from bench.report.axes import Axis, log_axis
from bench.report.laid_over import looks, looks_apart
from bench.report.points import counts_along, range_points
from bench.report.svg import SvgLine, Whisker, line_chart
from bench.report.svg_rows import RangeRow, RidgeRow, range_chart, ridge_chart
from bench.report.text import max_cell, quantile_cell
from bench.stats.memory_fit import memory_fit
from bench.stats.quantiles import Curve
from bench.stats.recommend import comparable

_FROM_LOW = tuple(sorted(LADDER))
_TICKS = 8
_BINS = 120
_CURVE_POINTS = 60
_FIT_INDEX = 7
OVER_MEMORY = "memory"
"""What the lines of these pictures belong to: they are of percentiles and no variant's."""


def ranges(run: RecordedRun) -> Iterator[str]:
    """A row for each variant from its median to its slowest answer."""
    rows = []
    drawn = looks(run.windows)
    for window in _beside(run):
        index = drawn[window.variant.name]
        points = range_points(window)
        if points:
            end = window.measure(Measure.RESPONSE).max_ns / NS_PER_MS
            rows.append(RangeRow(window.variant.name, index, points, end, _in_words(window)))
    if rows:
        axis = log_axis(min(r.points[0] for r in rows), max(r.end for r in rows), _TICKS)
        low, middle, high = map(quantile_text, _FROM_LOW)
        title = f"Response time, ms: {low} to {middle} solid, thin to {high}, faint to the slowest"
        yield range_chart(title, rows, axis)


def _beside(run: RecordedRun) -> list[Window]:
    """Each variant, and next to it what it was in an earlier run that is laid over."""
    drawn = looks(run.windows)
    apart = looks_apart(len(run.windows))
    return sorted(run.windows, key=lambda w: divmod(drawn[w.variant.name], apart)[::-1])


def _in_words(window: Window) -> str:
    response = window.measure(Measure.RESPONSE)
    parts = [f"{quantile_text(q)} {quantile_cell(response.at(q))}" for q in _FROM_LOW]
    return f"{window.variant.name}: {', '.join(parts)}, max {max_cell(response)} ms"


def ridges(run: RecordedRun) -> Iterator[str]:
    """Where the answers of each variant lie; those that met a cold start in another tone."""
    curves = {
        window.variant.name: curve
        for window in run.windows
        if (curve := run.curves.get(window.variant.name, {}).get(Measure.RESPONSE)) is not None
        and curve.count
    }
    if not curves:
        return
    low = min(float(curve.values_ns[0]) for curve in curves.values()) / NS_PER_MS
    high = max(float(curve.values_ns[-1]) for curve in curves.values()) / NS_PER_MS
    axis = log_axis(max(low, 1e-3), max(high, 2e-3), _TICKS)
    drawn = looks(run.windows)
    rows = [
        _ridge(name, index, curves[name], run.class_curves.get(name, {}).get("cold"), axis)
        for name, index in ((w.variant.name, drawn[w.variant.name]) for w in _beside(run))
        if name in curves
    ]
    yield ridge_chart("Where response times lie, ms; cold starts in grey", rows, axis)


def _ridge(name: str, index: int, every: Curve, cold: Curve | None, axis: Axis) -> RidgeRow:
    counts = np.array(counts_along(every, axis, _BINS))
    second = np.zeros_like(counts)
    if cold is not None and cold.count:
        second = np.minimum(counts, counts_along(cold, axis, _BINS))
    most = max(1, int(counts.max()))
    heights, colder = (np.sqrt(part / most).tolist() for part in (counts - second, second))
    text = f"{name}: {every.count:,} calls, {int(second.sum()):,} of them met a cold start"
    return RidgeRow(name, index, tuple(heights), tuple(colder), text)


# -- over memory


def over_memory(run: RecordedRun) -> Iterator[str]:
    """Power Tuning's picture: time with its intervals, and cost, over the sizes of one door."""
    sizes = [w for w in comparable(compared(run).windows) if w.variant.memory_mb is not None]
    if len({window.variant.memory_mb for window in sizes}) < 2:
        return
    if len({window.variant.architecture for window in sizes}) > 1:
        first = sizes[0].variant.architecture
        sizes = [window for window in sizes if window.variant.architecture is first]
    sizes.sort(key=lambda window: window.variant.memory_mb or 0)
    memories = [float(window.variant.memory_mb or 0) for window in sizes]
    x = _memory_axis(memories)
    yield from _time_over(run, sizes, x)
    yield from _cost_over(sizes, x)


def _memory_axis(memories: Sequence[float]) -> Axis:
    ticks = tuple((memory, f"{memory:g}") for memory in memories)
    return Axis(memories[0] / 1.2, memories[-1] * 1.2, ticks, logarithmic=True)


def _time_over(run: RecordedRun, sizes: Sequence[Window], x: Axis) -> Iterator[str]:
    names = {window.variant.name for window in sizes}
    known = [found for found in compared_quantiles(run) if found.variant.name in names]
    lines: list[SvgLine] = []
    whiskers: list[Whisker] = []
    for index, q in enumerate(_FROM_LOW):
        points = [
            (float(window.variant.memory_mb or 0), found.value_ns / NS_PER_MS)
            for window in sizes
            if (found := window.measure(Measure.RESPONSE).at(q)) is not None
            and (found.known and not found.censored)
        ]
        if len(points) > 1:
            lines.append(SvgLine(quantile_text(q), index, (tuple(points),), of=OVER_MEMORY))
            whiskers += _whiskers((found for found in known if found.q == q), index)
    if not lines:
        return
    fit = memory_fit([(round(memory), ms) for memory, ms in lines[0].stretches[0]])
    kind = compared(run).kind
    title = f"Time over memory{kind and f', {kind} calls'}, with intervals at 95 %"
    if fit is not None:
        curve = tuple(
            (float(m), fit.at(float(m))) for m in np.geomspace(x.low, x.high, _CURVE_POINTS)
        )
        lines.append(SvgLine(f"{lines[0].name} fitted", _FIT_INDEX, (curve,), True, OVER_MEMORY))
        most = ", at most one" if fit.one_thread else ""
        title += f"; {lines[0].name} ≈ {fit.waits:.3g} ms + {fit.works:.3g} ms / vCPUs{most}"
    values = [ms for line in lines for _, ms in line.stretches[0]]
    values += [ms for whisker in whiskers for ms in (whisker.low, whisker.high)]
    y = log_axis(min(values), max(values), _TICKS)
    yield line_chart(title, lines, x, y, "memory, MB", "response time, ms", whiskers=whiskers)


def _whiskers(found: Iterable[KnownQuantile], index: int) -> Iterator[Whisker]:
    for known in found:
        low, high = known.bounds.low_ns, known.bounds.high_ns
        if low is not None and high is not None:
            memory = float(known.variant.memory_mb or 0)
            yield Whisker(index, memory, low / NS_PER_MS, high / NS_PER_MS, of=OVER_MEMORY)


def _cost_over(sizes: Sequence[Window], x: Axis) -> Iterator[str]:
    points = [
        (float(window.variant.memory_mb or 0), window.usd_per_million)
        for window in sizes
        if window.usd_per_million
    ]
    if len(points) < 2:
        return
    costs = [cost for _, cost in points]
    y = log_axis(min(costs) * 0.95, max(costs) * 1.05, _TICKS)
    line = SvgLine("USD per million calls", 0, (tuple(points),), of=OVER_MEMORY)
    yield line_chart("Cost over memory", [line], x, y, "memory, MB", "USD per million")
