"""What a load that varies did, drawn over what it varies: rates, callers, arrivals."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bench.format import quantile_text
from bench.model.part import Part
from bench.model.result import LADDER, Measure
from bench.model.times import NS_PER_MS
from bench.record.finding import highest
from bench.tui.metrics import ARRIVALS, ATTEMPTS, GOODPUT
from bench.tui.palette import SeriesStyle
from bench.tui.state import ViewState
from bench.tui.views.time_charts import chart_axis, phase_flags, point_grain, points
from bench.tui.widgets.chart_data import ChartData, ChartLine

_EMPTY = "too few answers so far in two steps"
_EMPTY_OVER = "too few answers in two steps"
Level = Callable[[Part], float]
"""What a part is a step of: its rate, or its callers."""


def _rate(part: Part) -> float:
    return part.window.planned_rps


def _callers(part: Part) -> float:
    return float(part.callers or 0)


def latency_over_rate(state: ViewState, _width: int = 0) -> ChartData:
    """Response times of each step over the rate that it asked for."""
    return _latency(state, _rate, "rate", "/s asked for")


def latency_over_callers(state: ViewState, _width: int = 0) -> ChartData:
    """Likewise over the callers of a closed loop."""
    return _latency(state, _callers, "callers", "callers")


def done_over_rate(state: ViewState, _width: int = 0) -> ChartData:
    """What succeeded in each step beside what it asked for."""
    chart = _done(state, _rate, "rate", "/s asked for")
    asked = sorted({_rate(part) for part in _steps(state)})
    line = ChartLine("asked for", _quiet(state, "-"), [(rate, rate) for rate in asked])
    return ChartData(chart.title, chart.note, (line, *chart.lines), empty=chart.empty)


def done_over_callers(state: ViewState, _width: int = 0) -> ChartData:
    """How much so many callers get done."""
    return _done(state, _callers, "callers", "callers")


def _steps(state: ViewState) -> list[Part]:
    return [part for part in state.analysis.parts if not part.payload]


def _of(state: ViewState, name: str, level: Level) -> list[Part]:
    own = (part for part in _steps(state) if part.window.variant.name == name)
    return sorted(own, key=level)


def _latency(state: ViewState, level: Level, over: str, unit: str) -> ChartData:
    """Of one variant each percentile, of several the highest that is known of all their steps."""
    lines = _percentiles(state, level) if len(state.styles) == 1 else _variants(state, level)
    is_log = state.is_log(y for line in lines for _, y in line.points if y is not None)
    note = f"ms over {unit}{', log' if is_log else ''}"
    return _chart(state, f"response time over {over}", note, lines, is_log)


def _percentiles(state: ViewState, level: Level) -> list[ChartLine]:
    parts = _of(state, next(iter(state.styles)), level)
    lines = []
    for number, q in enumerate(sorted(LADDER)):
        points = [(level(part), ms) for part in parts if (ms := _ms(part, q)) is not None]
        lines.append(ChartLine(quantile_text(q), state.line_style(number), points))
    return [line for line in lines if line.points]


def _variants(state: ViewState, level: Level) -> list[ChartLine]:
    q = highest(_steps(state)) or min(LADDER)
    lines = []
    for name, style in state.styles.items():
        parts = [] if name in state.hidden else _of(state, name, level)
        points = [(level(part), ms) for part in parts if (ms := _ms(part, q)) is not None]
        lines.append(ChartLine(state.short(name), style, points, name in state.hidden))
    return lines


def _ms(part: Part, q: float) -> float | None:
    found = part.window.measure(Measure.RESPONSE).at(q)
    return None if found is None or not found.known else found.value_ns / NS_PER_MS


def _done(state: ViewState, level: Level, over: str, unit: str) -> ChartData:
    lines = []
    for name, style in state.styles.items():
        parts = [] if name in state.hidden else _of(state, name, level)
        points = [(level(part), part.window.goodput_rps) for part in parts]
        lines.append(ChartLine(state.short(name), style, points, name in state.hidden))
    return _chart(state, f"throughput over {over}", f"successes/s over {unit}", lines, False)


def _chart(
    state: ViewState, title: str, note: str, lines: Sequence[ChartLine], is_log: bool
) -> ChartData:
    empty = _EMPTY_OVER if state.is_over else _EMPTY
    if max((len(line.points) for line in lines), default=0) < 2:
        return ChartData(title, note, empty=empty)
    return ChartData(title, note, tuple(lines), logarithmic=is_log, empty=empty)


# -- attempts over arrivals


def attempts_over_arrivals(state: ViewState, width: int) -> ChartData:
    """What the callers asked for and what the target got; between them is what retries added."""
    name = state.selected or next(iter(state.styles))
    arrivals, attempts, done = (points(state, name, m) for m in (ARRIVALS, ATTEMPTS, GOODPUT))
    return ChartData(
        title="attempts over arrivals",
        note=f"/s, by the second of the arrival; shaded: retries; {point_grain(state)}",
        lines=(
            ChartLine("attempts", state.line_style(0), attempts),
            ChartLine("arrivals", state.line_style(1), arrivals),
            ChartLine("successes", state.line_style(2), done),
        ),
        x=chart_axis(state, width),
        flags=phase_flags(state),
        filled=(0, 1),
    )


def arrivals_and_successes(state: ViewState, width: int) -> ChartData:
    """What the variant under the cursor was asked for and what it got done."""
    name = state.selected or next(iter(state.styles))
    return ChartData(
        title="arrivals and successes",
        note=f"/s, {point_grain(state)}",
        lines=(
            ChartLine("arrivals", state.line_style(1), points(state, name, ARRIVALS)),
            ChartLine("successes", state.line_style(2), points(state, name, GOODPUT)),
        ),
        x=chart_axis(state, width),
        flags=phase_flags(state),
    )


def _quiet(state: ViewState, marker: str) -> SeriesStyle:
    return SeriesStyle(marker, "bright_black" if any(state.colours) else "")
