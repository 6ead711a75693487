"""The picture of what a profile asks: the first on the page, as on the live view's first screen.

Latency over the rates of a ramp, throughput over callers, the rates that a search tried, attempts
over arrivals, cold starts over memory. Which of them follows from the question alone. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from bench.format import quantile_text
from bench.model.part import Part
from bench.model.result import LADDER, MEDIAN, Distribution, Measure, Window
from bench.model.times import NS_PER_MS
from bench.record.finding import highest, parts_of
from bench.record.question import Question, question_of
from bench.record.recorded_run import RecordedRun
from bench.record.search_steps import SearchStep, search_steps
from bench.report.axes import Axis, linear_axis, log_axis
from bench.report.laid_over import looks
from bench.report.points import Point
from bench.report.seconds import Seconds
from bench.report.svg import Flag, SvgLine, Whisker, line_chart
from bench.stats.quantiles import quantile_bounds

LOAD = "load"
"""What lines of these pictures belong to that are no variant's."""
_DECADE = 10.0
_TICKS = 6
_HELD, _FAILED = 2, 5
"""Looks of the rates that held and of those that did not: a green square, an orange triangle."""
_ATTEMPTS, _ARRIVALS, _SUCCESSES = 1, 0, 2
Level = Callable[[Part], float]


def asked(run: RecordedRun, flags: Sequence[Flag] = ()) -> Iterator[str]:
    """What belongs first; nothing where variants are compared, whose pictures follow."""
    question = question_of(run.profile)
    if question is Question.DISTURBANCE and run.profile.retry.retries:
        yield from _attempts_over_arrivals(run, flags)
    drawn = _DRAWN.get(question)
    if drawn is not None:
        yield from drawn(run)


# -- over rates and callers


def _over_rates(run: RecordedRun) -> Iterator[str]:
    yield from _latency(run, _rate, "rate", "calls per second asked for")
    yield from _throughput(run, _rate, "rate", "calls per second asked for", as_asked=True)


def _over_callers(run: RecordedRun) -> Iterator[str]:
    if len({part.callers for part in run.parts}) > 1:
        yield from _throughput(run, _callers, "callers", "callers")
        yield from _latency(run, _callers, "callers", "callers")


def _rate(part: Part) -> float:
    return part.window.planned_rps


def _callers(part: Part) -> float:
    return float(part.callers or 0)


def _latency(run: RecordedRun, level: Level, over: str, unit: str) -> Iterator[str]:
    """Of one variant each percentile, of several the highest that is known of all their steps."""
    drawn = looks(run.windows)
    lines: list[SvgLine] = []
    whiskers: list[Whisker] = []
    every = highest(run.parts) or MEDIAN
    alone = len(run.windows) == 1
    for window in run.windows:
        steps = sorted(parts_of(run, window.variant), key=level)
        for number, q in enumerate(sorted(LADDER) if alone else (every,)):
            index = number if alone else drawn[window.variant.name]
            of = LOAD if alone else ""
            name = quantile_text(q) if alone else window.variant.name
            points = _known(steps, level, q)
            if points:
                lines.append(SvgLine(name, index, (points,), of=of))
                whiskers += _whiskers(steps, level, q, index, of)
    if max((len(line.stretches[0]) for line in lines), default=0) < 2:
        return
    ends = [end for whisker in whiskers for end in (whisker.low, whisker.high)]
    y = _axis([ms for line in lines for _, ms in line.stretches[0]] + ends)
    title = f"Response time over {over}, with intervals at 95 %"
    if not alone:
        title = f"{quantile_text(every)} of response time over {over}, with intervals at 95 %"
    yield line_chart(title, lines, _levels(run, level), y, unit, "ms", whiskers=whiskers)


def _known(steps: Sequence[Part], level: Level, q: float) -> tuple[Point, ...]:
    found = ((level(part), part.window.measure(Measure.RESPONSE).at(q)) for part in steps)
    return tuple((at, one.value_ns / NS_PER_MS) for at, one in found if one and one.known)


def _whiskers(
    steps: Sequence[Part], level: Level, q: float, index: int, of: str
) -> Iterator[Whisker]:
    for part in steps:
        low_ns, high_ns = part.bounds.get(q, (None, None))
        if low_ns is not None and high_ns is not None:
            ends = low_ns / NS_PER_MS, high_ns / NS_PER_MS
            yield Whisker(index, level(part), *ends, of=of)


def _throughput(
    run: RecordedRun, level: Level, over: str, unit: str, *, as_asked: bool = False
) -> Iterator[str]:
    """as_asked: beside what the steps asked for, where that is a rate too."""
    drawn = looks(run.windows)
    lines = []
    for window in run.windows:
        steps = sorted(parts_of(run, window.variant), key=level)
        points = tuple((level(part), part.window.goodput_rps) for part in steps)
        if len(points) > 1:
            name = window.variant.name
            lines.append(SvgLine(name, drawn[name], (points,)))
    if not lines:
        return
    if as_asked:
        rates = sorted({level(part) for part in run.parts if not part.payload})
        wanted = tuple((rate, rate) for rate in rates)
        lines.insert(0, SvgLine("asked for", _QUIET, (wanted,), bare=True, of=LOAD))
    most = max(y for line in lines for _, y in line.stretches[0])
    y = linear_axis(0.0, most, _TICKS)
    yield line_chart(
        f"Throughput over {over}", lines, _levels(run, level), y, unit, "successes per second"
    )


_QUIET = 7
"""Looks of a line that is there to compare with."""


def _levels(run: RecordedRun, level: Level) -> Axis:
    return linear_axis(0.0, max(level(part) for part in run.parts), _TICKS + 1)


def _axis(values: Sequence[float]) -> Axis:
    """From nought, or logarithmic beyond a decade, as on the screen."""
    low, high = min(values), max(values)
    if 0 < _DECADE * low < high:
        return log_axis(low, high, _TICKS)
    return linear_axis(0.0, high, _TICKS)


# -- a search for capacity


def _ladders(run: RecordedRun) -> Iterator[str]:
    """For each variant the rates that were tried, step by step, and whether they held."""
    steps = search_steps(run.events)
    for name in dict.fromkeys(step.variant for step in steps):
        yield _ladder(name, [step for step in steps if step.variant == name])


def _ladder(name: str, steps: Sequence[SearchStep]) -> str:
    lines = [
        SvgLine(word, index, tuple(((float(s.number), s.rate_rps),) for s in own), of=LOAD)
        for word, index, own in (
            ("held", _HELD, [step for step in steps if not step.fault]),
            ("failed", _FAILED, [step for step in steps if step.fault]),
        )
        if own
    ]
    x = linear_axis(0.0, float(max(step.number for step in steps)), _TICKS + 2, whole=True)
    rates = [step.rate_rps for step in steps]
    y = log_axis(0.9 * min(rates), 1.1 * max(rates), _TICKS)
    return line_chart(f"Rates tried: {name}", lines, x, y, "step of the search", "calls per second")


# -- retries, and cold starts


def _attempts_over_arrivals(run: RecordedRun, flags: Sequence[Flag]) -> Iterator[str]:
    """What callers asked for, and what the target got: between them is what retries added."""
    figures = run.second_figures()
    if not figures.rows.size:
        return
    seconds = Seconds(figures)
    x = linear_axis(0.0, float(seconds.end_s), _TICKS + 3)
    for window in run.windows:
        lines = []
        for name, index, values in (
            ("attempts", _ATTEMPTS, seconds.attempts_rps()),
            ("arrivals", _ARRIVALS, seconds.sent_rps()),
            ("successes", _SUCCESSES, seconds.goodput_rps()),
        ):
            points = tuple(seconds.points(values).get(window.variant, ()))
            lines.append(SvgLine(name, index, (points,), of=LOAD))
        most = max((y for line in lines for _, y in line.stretches[0]), default=0.0)
        if most:
            whose = "" if len(run.windows) == 1 else f": {window.variant.name}"
            title = f"Attempts over arrivals, by the second of the arrival{whose}"
            y = linear_axis(0.0, most, _TICKS)
            time = "seconds since the start"
            yield line_chart(title, lines, x, y, time, "per second", kind="time", flags=flags)


def _cold_over_memory(run: RecordedRun) -> Iterator[str]:
    """Medians of init, cold and warm response over the sizes of one door, init with intervals."""
    sizes = [w for w in run.windows if w.variant.memory_mb is not None]
    sizes = [w for w in sizes if w.variant.endpoint is sizes[0].variant.endpoint]
    memories = sorted({float(w.variant.memory_mb or 0) for w in sizes})
    if len(memories) < 2 or len(memories) < len(sizes):
        return
    lines, whiskers = [], []
    sizes.sort(key=lambda window: window.variant.memory_mb or 0)
    for index, (name, of) in enumerate(_KINDS):
        found = ((float(w.variant.memory_mb or 0), of(w).at(MEDIAN)) for w in sizes)
        points = tuple((at, one.value_ns / NS_PER_MS) for at, one in found if one and one.known)
        if points:
            lines.append(SvgLine(name, index, (points,), of=LOAD))
    for window in sizes:
        curve = run.curves.get(window.variant.name, {}).get(Measure.INIT)
        if curve is not None and curve.is_known(MEDIAN):
            ends = quantile_bounds(curve, MEDIAN)
            if ends.low_ns is not None and ends.high_ns is not None:
                low, high = ends.low_ns / NS_PER_MS, ends.high_ns / NS_PER_MS
                memory = float(window.variant.memory_mb or 0)
                whiskers.append(Whisker(0, memory, low, high, of=LOAD))
    values = [y for line in lines for _, y in line.stretches[0]]
    if values:
        values += [end for whisker in whiskers for end in (whisker.low, whisker.high)]
        ticks = tuple((memory, f"{memory:g}") for memory in memories)
        x = Axis(memories[0] / 1.2, memories[-1] * 1.2, ticks, logarithmic=True)
        yield line_chart(
            "Cold starts over memory: medians, init with its interval at 95 %",
            lines, x, _axis(values), "memory, MB", "ms", whiskers=whiskers,
        )  # fmt: skip


_KINDS: Sequence[tuple[str, Callable[[Window], Distribution]]] = (
    ("init", lambda window: window.measure(Measure.INIT)),
    ("cold response", lambda window: window.cold),
    ("warm response", lambda window: window.warm),
)
_DRAWN: Mapping[Question, Callable[[RecordedRun], Iterator[str]]] = {
    Question.CAPACITY: _ladders,
    Question.RAMP: _over_rates,
    Question.CALLERS: _over_callers,
    Question.COLD: _cold_over_memory,
}
