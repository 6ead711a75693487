"""The charts of the HTML report: which points of a run they show. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter

from bench.format import quantile_text
from bench.model.profile import Variant
from bench.model.result import Measure
from bench.record.conclusions import compared
from bench.record.question import Question, question_of
from bench.record.recorded_run import VITALS, RecordedRun
from bench.record.vitals_csv import read_vitals
from bench.report.asked_pictures import asked
from bench.report.axes import Axis, linear_axis, log_axis, nines_axis
from bench.report.heat import heat_maps
from bench.report.laid_over import laid_over, looks
from bench.report.metastability_picture import metastability
from bench.report.pictures import over_memory, ranges, ridges
from bench.report.points import Point, spectrum_points, time_and_cost
from bench.report.policy_pictures import recovery_map
from bench.report.retry_figures import tells_of_retries
from bench.report.seconds import PerSecond, Seconds
from bench.report.svg import Flag, SvgLine, line_chart, scatter_chart
from bench.stats.recommend import common_quantile, comparable, frontier

MOST_POINTS = 300
"""Of a line over time; beyond that, several seconds share a point: the worst of them."""
DECADE = 10.0
_FLAT = 1.05
"""Below that factor a line on a logarithmic axis is as good as level."""
_TOLD_BY_TIME = (Question.DISTURBANCE, Question.SWING)
"""What is asked there is seen in the response time second by second."""
MOST_FLAGS = 6
"""Of phases on a chart over time, as in the live view."""
MOST_TICKS = 6
"""Of an axis of figures; that of time has room for more."""


def charts(run: RecordedRun, base: RecordedRun | None = None) -> Iterable[str]:
    """Every chart for which the run has something to show. base: an earlier run, laid over it."""
    both = run if base is None else laid_over(run, base)
    flags = _flags(run)
    over_time, question = list(_over_time(both, flags)), question_of(run.profile)
    yield from asked(run, flags)
    if question in _TOLD_BY_TIME:
        yield from over_time[:1]
        over_time = over_time[1:]
    yield from metastability(run)
    yield from recovery_map(run)
    if question is not Question.COLD:  # a range over cold and warm calls begins in neither
        yield from ranges(both)
        yield from over_memory(run)
    yield from ridges(both)
    yield from heat_maps(run)
    yield from _spectrum(both)
    yield from _trade(run)
    yield from over_time


def _spectrum(run: RecordedRun) -> Iterable[str]:
    """Response time by percentile, as far as it is known."""
    lines = []
    drawn = looks(run.windows)
    for window in run.windows:
        name = window.variant.name
        index = drawn[name]
        curve = run.curves.get(name, {}).get(Measure.RESPONSE)
        points = spectrum_points(curve, window.measure(Measure.RESPONSE).max_ns)
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
    results = compared(run)
    sizes = comparable(results.windows)
    q = common_quantile(sizes, results.curves)
    if q is None:
        return
    places = {w.variant.name: place for w in results.windows if (place := time_and_cost(w, q))}
    told = quantile_text(q, results.kind)
    if len(places) < 2:
        return
    x, y = (_axis_around([place[i] for place in places.values()]) for i in (0, 1))
    index = {window.variant.name: i for i, window in enumerate(run.windows)}
    path = [places[name] for name in frontier(sizes, q) if name in places]
    yield scatter_chart(
        f"Cost against {told} of response time; the line is the efficient frontier",
        [(name, index[name], time, cost) for name, (time, cost) in places.items()],
        path,
        x,
        y,
        f"response time {told}, ms",
        "USD per million",
    )


def _axis_around(values: Sequence[float]) -> Axis:
    """Logarithmic beyond a decade, as on the screen."""
    low, high = min(values), max(values)
    if low > 0 and high > DECADE * low:
        return log_axis(low, high, MOST_TICKS)
    return linear_axis(low, high, MOST_TICKS)


def _flags(run: RecordedRun) -> list[Flag]:
    """Where phases begin, unless they alternate too often to be read."""
    figures = run.second_figures()
    starts = Seconds(figures).phase_starts() if figures.rows.size else []
    return [(float(t_s), name) for t_s, name in starts] if 1 < len(starts) <= MOST_FLAGS else []


def _over_time(run: RecordedRun, flags: Sequence[Flag]) -> Iterable[str]:
    seconds = Seconds(run.second_figures())
    if not seconds.t_s.size:
        return
    name, response_ms = seconds.telling_ms()
    x = linear_axis(0.0, float(seconds.end_s), MOST_TICKS + 3)
    for title, unit, values, log in (
        (f"Response time over the run, {name} of each second", "ms", response_ms, True),
        ("Send lag over the run, maximum of each second", "ms", seconds.lag_ms(), True),
        ("Read lag over the run, maximum of each second", "ms", seconds.read_lag_ms(), True),
        ("Arrivals sent per second", "1/s", seconds.sent_rps(), False),
        ("Failed or dropped per second", "1/s", seconds.bad_rps(), False),
        *_attempts(run, seconds),
    ):
        lines = _lines(run, seconds.points(values))
        highest = max((y for line in lines for s in line.stretches for _, y in s), default=0.0)
        if highest:
            y = _log_axis_of(lines) if log else linear_axis(0.0, highest, MOST_TICKS)
            yield line_chart(
                title, lines, x, y, "seconds since the start", unit, kind="time", flags=flags
            )
    if tells_of_retries(run.profile, run.windows):
        yield from _of_guards(run, x)


def _attempts(run: RecordedRun, seconds: Seconds) -> Iterable[tuple[str, str, PerSecond, bool]]:
    if tells_of_retries(run.profile, run.windows):
        yield "Attempts for each call, of each second", "attempts", seconds.amplification(), False
        yield "Goodput: calls that succeeded, per second", "1/s", seconds.goodput_rps(), False
        waits_ms = seconds.backoff_ms()
        yield "Backoff before further attempts, mean of each second", "ms", waits_ms, True


def _of_guards(run: RecordedRun, x: Axis) -> Iterable[str]:
    """What retry budgets have left, and where breakers are open, at the end of each second."""
    vitals = read_vitals(run.folder / VITALS)
    variants = run.profile.variants
    for title, unit, field in (
        ("Retry tokens left, all workers", "tokens", "tokens_by_variant"),
        ("Workers whose circuit breaker is open", "workers", "open_breakers_by_variant"),
    ):
        read = attrgetter(field)
        points: dict[Variant, list[Point]] = {variant: [] for variant in variants}
        for one in vitals:
            for variant, value in zip(variants, read(one), strict=False):
                if value is not None:
                    points[variant].append((float(one.t_s), float(value)))
        highest = max((y for own in points.values() for _, y in own), default=0.0)
        if highest:
            y = linear_axis(0.0, highest, MOST_TICKS)
            lines = _lines(run, points)
            yield line_chart(title, lines, x, y, "seconds since the start", unit, kind="time")


def _lines(run: RecordedRun, points: Mapping[Variant, Sequence[Point]]) -> list[SvgLine]:
    drawn = looks(run.windows)
    variants = (window.variant for window in run.windows)
    return [
        SvgLine(variant.name, drawn[variant.name], tuple(_stretches(points[variant])))
        for variant in variants
        if points.get(variant)
    ]


def _stretches(
    points: Sequence[Point],
) -> Iterable[tuple[Point, ...]]:
    """Thinned out, and broken where the variant was not on."""
    every = -(-len(points) // MOST_POINTS)
    stretch: list[Point] = []
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
    low, high = min(values), max(values)
    if high < _FLAT * low:  # in the middle, not on the edge
        low, high = 0.9 * low, 1.1 * high
    return log_axis(low, high, MOST_TICKS)
