"""Time and cost over memory, as Power Tuning draws them: the sizes that can be compared."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

import numpy as np

from bench.format import quantile_text
from bench.model.result import LADDER, MEDIAN, Distribution, Measure, Window
from bench.model.times import NS_PER_MS
from bench.report.axes import Axis
from bench.stats.memory_fit import memory_fit
from bench.stats.quantiles import quantile_bounds
from bench.stats.recommend import comparable
from bench.stats.woodruff import interval
from bench.tui.palette import SeriesStyle
from bench.tui.state import ViewState
from bench.tui.widgets.chart_data import ChartData, ChartLine, Flag, Whisker

_CURVE_POINTS = 80
_COLD_TITLE = "cold starts over memory"
_KINDS: Sequence[tuple[str, Callable[[Window], Distribution]]] = (
    ("init", lambda window: window.measure(Measure.INIT)),
    ("cold response", lambda window: window.cold),
    ("warm response", lambda window: window.warm),
)
_EMPTY = "it takes two sizes through one door, and enough answers of each"


def time_over_memory(state: ViewState) -> ChartData:
    """p50, p90 and p99 with their intervals, and the curve a + b / vCPUs of the lowest if it fits.

    Where the best trade lies is flagged.
    """
    sizes = _sizes(state)
    lines: list[ChartLine] = []
    whiskers: list[Whisker] = []
    for number, q in enumerate(sorted(LADDER)):
        points = tuple((_memory(w), ms) for w in sizes if (ms := _time_ms(w, q)) is not None)
        if len(points) > 1:
            whiskers += _whiskers(state, sizes, q, len(lines))
            lines.append(ChartLine(quantile_text(q), state.line_style(number), points))
    note = "ms, 95 % intervals" if whiskers else "ms"
    if lines:
        first = [(round(memory), ms) for memory, ms in lines[0].points if ms is not None]
        fit = memory_fit(first)
        if fit is not None:
            low, high = first[0][0], first[-1][0]
            places = np.geomspace(low, high, _CURVE_POINTS).tolist()
            curve = tuple((memory, fit.at(memory)) for memory in places)
            lines[0] = replace(lines[0], dots_only=True)  # the curve joins them
            lines.append(ChartLine("fit", SeriesStyle("·", _quiet(state)), curve))
            most = " (at most 1)" if fit.one_thread else ""
            formula = f"{lines[0].name} ≈ {fit.waits:.3g} + {fit.works:.3g}/vCPUs{most}"
            note = f"{formula}; {note}"
    values = [y for line in lines for _, y in line.points if y is not None]
    kind = state.analysis.compared.kind
    title = f"time over memory{kind and f', {kind} calls'}"
    chart = _chart(state, title, note, lines, sizes, state.is_log(values))
    return replace(chart, whiskers=tuple(whiskers))


def cost_over_memory(state: ViewState) -> ChartData:
    """USD per million calls; the note names the sizes that no other beats in both."""
    sizes = [window for window in _sizes(state) if window.usd_per_million]
    points = tuple((_memory(window), window.usd_per_million) for window in sizes)
    lines = [ChartLine("$/M", state.line_style(0), points)] if len(points) > 1 else []
    is_log = state.is_log(cost for _, cost in points if cost is not None)
    efficient = [f"{w.variant.memory_mb}" for w in sizes if w.variant.name in _frontier(state)]
    note = "USD for a million calls"
    if efficient:
        note = f"efficient: {', '.join(efficient)} MB; {note}"
    return _chart(state, "cost over memory", note, lines, sizes, is_log)


def cold_over_memory(state: ViewState) -> ChartData:
    """Medians of init, cold and warm response of each size of one door; init with its interval.

    None without two sizes of which init is known.
    """
    sized = [w for w in state.totals.values() if w.variant.memory_mb is not None]
    sizes = sorted((w for w in sized if _one_door(w, sized[0])), key=_memory)
    lines = []
    for number, (name, of) in enumerate(_KINDS):
        found = [(_memory(w), of(w).at(MEDIAN)) for w in sizes]
        known = tuple((at, q.value_ns / NS_PER_MS) for at, q in found if q and q.known)
        if len(known) > 1:
            lines.append(ChartLine(name, state.line_style(number), known))
    if not lines or lines[0].name != _KINDS[0][0]:
        return ChartData(title=_COLD_TITLE, empty=_EMPTY)
    values = [y for line in lines for _, y in line.points if y is not None]
    note = "ms, medians, init with 95 % intervals"
    chart = _chart(state, _COLD_TITLE, note, lines, sizes, state.is_log(values))
    return replace(chart, whiskers=tuple(_init_whiskers(state, sizes)), flags=())


def _one_door(window: Window, first: Window) -> bool:
    variant, other = window.variant, first.variant
    return variant.endpoint is other.endpoint and variant.architecture is other.architecture


def _init_whiskers(state: ViewState, sizes: Sequence[Window]) -> Iterator[Whisker]:
    for window in sizes:
        curve = state.analysis.curves.get(window.variant.name, {}).get(Measure.INIT)
        if curve is not None and curve.is_known(MEDIAN):
            ends = quantile_bounds(curve, MEDIAN)
            if ends.low_ns is not None and ends.high_ns is not None:
                low, high = ends.low_ns / NS_PER_MS, ends.high_ns / NS_PER_MS
                yield Whisker(0, _memory(window), low, high)


def _frontier(state: ViewState) -> Collection[str]:
    return state.analysis.advice.frontier


def _whiskers(state: ViewState, sizes: Sequence[Window], q: float, line: int) -> Iterator[Whisker]:
    for window in sizes:
        curve = state.analysis.compared.judgement.response(window.variant.name)
        if curve is None or not curve.is_known(q):
            continue
        bounds = interval(curve, q, anytime=state.analysis.anytime)
        if bounds.low_ns is not None and bounds.high_ns is not None:
            low, high = bounds.low_ns / NS_PER_MS, bounds.high_ns / NS_PER_MS
            yield Whisker(line, _memory(window), low, high)


def known_sizes(state: ViewState) -> list[float]:
    """Sizes of memory of which a time is known, through one door."""
    lowest = min(LADDER)
    return sorted({_memory(w) for w in _sizes(state) if _time_ms(w, lowest) is not None})


def _sizes(state: ViewState) -> list[Window]:
    good = comparable(state.analysis.compared.windows)
    sized = [window for window in good if window.variant.memory_mb is not None]
    same = [w for w in sized if w.variant.architecture is sized[0].variant.architecture]
    return sorted(same, key=_memory)


def _memory(window: Window) -> float:
    return float(window.variant.memory_mb or 0)


def _time_ms(window: Window, q: float) -> float | None:
    found = window.measure(Measure.RESPONSE).at(q)
    if found is None or not found.known or found.censored:
        return None
    return found.value_ns / NS_PER_MS


def _quiet(state: ViewState) -> str:
    styles = list(state.styles.values())
    return "bright_black" if styles and styles[0].colour else ""


def _best(state: ViewState, sizes: Sequence[Window]) -> tuple[Flag, ...]:
    """The first of those that may be the best trade."""
    best = state.analysis.advice.best
    names = [] if best is None else [variant.name for variant in best.variants[:1]]
    return tuple(Flag(_memory(w), "best trade") for w in sizes if w.variant.name in names)


def _chart(
    state: ViewState,
    title: str,
    note: str,
    lines: Sequence[ChartLine],
    sizes: Sequence[Window],
    is_log: bool,
) -> ChartData:
    memories = sorted({_memory(window) for window in sizes})
    if not lines:
        return ChartData(title=title, empty=_EMPTY)
    ticks = tuple((memory, f"{memory:g}") for memory in memories)
    x = Axis(memories[0] / 1.1, memories[-1] * 1.1, ticks, logarithmic=True)
    return ChartData(
        title=title,
        note=f"{note}, log" if is_log else note,
        lines=tuple(lines),
        x=x,
        logarithmic=is_log,
        flags=_best(state, sizes),
        empty=_EMPTY,
    )
