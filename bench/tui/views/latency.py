"""Screen 2: whole distributions: percentile spectrum, histogram, heat map, classes of calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Horizontal

from bench.format import clock, count, quantile_text
from bench.model.result import (
    HIGHEST,
    LADDER,
    MEDIAN,
    QUANTILES,
    Distribution,
    Measure,
    Window,
)
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.record.latency_bins import bin_edges_ns
from bench.report.axes import Axis, log_axis, nines_axis
from bench.report.points import counts_along, spectrum_points
from bench.stats.quantiles import Curve
from bench.tui.analysis import Depth
from bench.tui.palette import SeriesStyle
from bench.tui.state import ViewState
from bench.tui.views.base import View, ViewContext, panel
from bench.tui.views.cells import (
    VARIANT_COLUMNS,
    maximum_cell,
    quantile_cells,
    quantile_columns,
    variant_cells,
)
from bench.tui.views.ridges import ridge_axis, ridge_cell
from bench.tui.views.time_charts import run_axis
from bench.tui.widgets.bars import Bars, BarsData
from bench.tui.widgets.chart import GUTTER, Chart
from bench.tui.widgets.chart_data import ChartData, ChartLine
from bench.tui.widgets.columns import Cell, Column, Row
from bench.tui.widgets.grid import Grid
from bench.tui.widgets.heat import Heat, HeatColumn, HeatData, HeatMark

_EDGES_MS = tuple((bin_edges_ns() / NS_PER_MS).tolist())
_MOSTLY_ON = 0.75
"""Of the time; a variant that was on for less has its turns shown side by side."""
_CLASSES = ("warm", "cold", "retried", "failed")
_CLASS_MARKERS = {"warm": "○", "cold": "◆", "retried": "▲", "failed": "✕"}


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the spectrum shows: one measure of all variants, or several curves of one."""

    name: str
    measure: Measure | None = None


_SPECTRA = (
    _Shown("response time", Measure.RESPONSE),
    _Shown("response and attempt time"),
    _Shown("warm, cold, retried, failed"),
    *(
        _Shown(measure.value.replace("_", " "), measure)
        for measure in (
            Measure.ATTEMPT,
            Measure.FIRST_BYTE,
            Measure.DURATION,
            Measure.INIT,
            Measure.OVERHEAD,
            Measure.CONNECT,
            Measure.DNS,
            Measure.TCP,
            Measure.TLS,
            Measure.SEND_LAG,
            Measure.READ_LAG,
        )
    ),
)
_OF_ONE = (_SPECTRA[1], _SPECTRA[2])

RIDGE = "ridge"

_RESPONSE = {q: 0 if q in (HIGHEST, MEDIAN) else 2 if q in LADDER else 3 for q in QUANTILES}
_ATTEMPT, _WARM = {MEDIAN: 1, HIGHEST: 1}, {MEDIAN: 4, HIGHEST: 4}
_COLD, _RETRIED = {MEDIAN: 4}, {MEDIAN: 5}
"""By quantile, how early its column goes where there is no room."""

COLUMNS = (
    *VARIANT_COLUMNS,
    *quantile_columns("r", "response ms", _RESPONSE),
    Column("rmax", "max", 7, 2, group="response ms"),
    *quantile_columns("a", "attempt ms", _ATTEMPT),
    *quantile_columns("warm", "warm ms", _WARM),
    *quantile_columns("cold", "cold ms", _COLD),
    Column("coldmax", "max", 7, 4, group="cold ms"),
    Column("coldn", "calls", 6, 4, group="cold ms", falls=True),
    *quantile_columns("retried", "retried ms", _RETRIED),
    Column("retriedmax", "max", 7, 5, group="retried ms"),
    Column("retriedn", "calls", 6, 5, group="retried ms", falls=True),
    Column("failedn", "failed", 6, 6, group="failed", falls=True),
    Column(RIDGE, "ridge", 20, 1, group="density, whole run", flex=True),
)


class LatencyView(View):
    """Distributions of all variants, and more of the one under the cursor."""

    view_name = "latency"
    title = "Latency"
    depth = Depth.CLASSES
    help = (
        "Ridge: where response times lie, whole run; cold starts in the second tone.\n"
        "Spectrum: time by percentile, each nine as wide as the last; it ends where fewer than "
        "ten samples lie beyond. Histogram and heat map: the variant under the cursor.\n"
        "m changes what the spectrum shows: response, response and attempt time, warm, cold, "
        "retried and failed calls, first byte, function duration, init, overhead, connect, "
        "send lag, read lag."
    )
    metrics = "what the spectrum shows"
    DEFAULT_CSS = """
    LatencyView #distributions { max-height: 40%; }
    LatencyView .row { height: 1fr; }
    LatencyView #spectrum { width: 60%; }
    LatencyView #histogram { margin-left: 2; width: 1fr; }
    .narrow LatencyView #histogram, .short LatencyView #histogram { display: none; }
    .narrow LatencyView #spectrum { width: 1fr; }
    .short LatencyView #heat { display: none; }
    .short LatencyView #distributions { max-height: 50%; }
    """

    def __init__(self, context: ViewContext) -> None:
        super().__init__(context)
        self._spectrum = 0

    def compose(self) -> ComposeResult:
        """Table, spectrum beside histogram, heat map."""
        yield self.variant_grid(COLUMNS, id="distributions", title="distributions")
        with Horizontal(classes="row"):
            yield panel(Chart(id="spectrum"))
            yield panel(Bars(id="histogram"))
        yield panel(Heat(id="heat"))

    def next_metric(self) -> bool:
        """Go on to another spectrum; charts over time there are none."""
        self._spectrum = (self._spectrum + 1) % len(_SPECTRA)
        return True

    def show(self, state: ViewState) -> None:
        """Draw the table and, when due, the charts."""
        grid = self.query_one("#distributions", Grid)
        width = grid.width_of(RIDGE)
        axis = ridge_axis(state, width)
        rows = [
            _row(state, name, window, ridge_cell(state, name, axis, width))
            for name, window in state.windows.items()
        ]
        grid.show(rows, state.window_name, {} if axis is None else {RIDGE: axis})
        spectrum, bars = self.query_one("#spectrum", Chart), self.query_one("#histogram", Bars)
        heat = self.query_one("#heat", Heat)
        if self.is_due(state, spectrum, (state.analysis_key, self._spectrum)):
            width = spectrum.size.width - GUTTER
            spectrum.show(_spectrum(state, _SPECTRA[self._spectrum], width))
        if self.is_due(state, bars, state.analysis_key):
            bars.show(_histogram(state, bars.bins))
        if self.is_due(state, heat):
            heat.show(_heat(state, heat.size.width - GUTTER))


def _row(state: ViewState, name: str, window: Window, ridge: Cell) -> Row:
    response, attempt = window.measure(Measure.RESPONSE), window.measure(Measure.ATTEMPT)
    cells = {
        **variant_cells(state, name),
        **quantile_cells("r", response, _RESPONSE),
        "rmax": maximum_cell(response),
        **quantile_cells("a", attempt, _ATTEMPT),
        **quantile_cells("warm", window.warm, _WARM),
        **quantile_cells("cold", window.cold, _COLD),
        "coldmax": maximum_cell(window.cold),
        "coldn": _calls(window.cold),
        **quantile_cells("retried", window.retried, _RETRIED),
        "retriedmax": maximum_cell(window.retried),
        "retriedn": _calls(window.retried),
        "failedn": _calls(window.failed),
        RIDGE: ridge,
    }
    return Row(name, cells)


def _calls(distribution: Distribution) -> Cell:
    return Cell(count(distribution.count), distribution.count)


# -- the spectrum


def _spectrum(state: ViewState, shown: _Shown, width: int) -> ChartData:
    lines = tuple(_lines(state, shown))
    furthest = max((x for line in lines for x, _ in line.points), default=1.0)
    is_log = state.is_log(y for line in lines for _, y in line.points if y is not None)
    note = "ms by percentile, whole run"
    if shown in _OF_ONE and state.selected is not None:
        note = f"{state.short(state.selected)}, {note}"
    return ChartData(
        title=f"spectrum: {shown.name}",
        note=note + (", log" if is_log else ""),
        lines=lines,
        x=nines_axis(furthest, max(2, width // 9)),
        logarithmic=is_log,
        empty=f"nothing is known of {shown.name}: it takes more than ten samples",
    )


def _lines(state: ViewState, shown: _Shown) -> Iterable[ChartLine]:
    if shown not in _OF_ONE:
        for name, style in state.styles.items():
            measure = shown.measure or Measure.RESPONSE
            curve = state.analysis.curves.get(name, {}).get(measure)
            hidden = name in state.hidden
            points = _points(curve, state.totals[name].measure(measure))
            yield ChartLine(state.short(name), style, () if hidden else points, hidden)
        return
    selected = state.selected
    if selected is None or selected not in state.styles:
        return
    style = state.styles[selected]
    window = state.totals[selected]
    for number, (word, curve) in enumerate(_own_curves(state, selected, shown).items()):
        markers = _CLASS_MARKERS
        own = SeriesStyle(markers.get(word, style.marker), _colour(state, number))
        told = getattr(window, word) if word in _CLASSES else window.measure(Measure(word))
        yield ChartLine(word, own, _points(curve, told))


def _own_curves(state: ViewState, name: str, shown: _Shown) -> Mapping[str, Curve]:
    if shown is _SPECTRA[1]:
        own = state.analysis.curves.get(name, {})
        found = {m.value: own.get(m) for m in (Measure.RESPONSE, Measure.ATTEMPT)}
    else:
        classes = state.analysis.class_curves.get(name, {})
        found = {word: classes.get(word) for word in _CLASSES}
    return {word: curve for word, curve in found.items() if curve is not None}


def _colour(state: ViewState, number: int) -> str:
    styles = list(state.styles.values())
    return styles[number % len(styles)].colour


def _points(curve: Curve | None, told: Distribution) -> tuple[tuple[float, float | None], ...]:
    return spectrum_points(curve, told.max_ns)


# -- the variant under the cursor


def _histogram(state: ViewState, bins: int) -> BarsData:
    name = state.selected
    curve = state.analysis.curves.get(name or "", {}).get(Measure.RESPONSE)
    if name is None or curve is None or not curve.count:
        return BarsData(title="histogram")
    low_ms, high_ms = curve.values_ns[0] / NS_PER_MS, curve.values_ns[-1] / NS_PER_MS
    axis = log_axis(max(low_ms, 0.001), max(high_ms, 0.002), max(2, bins // 8))
    marks = tuple(
        (value_ns / NS_PER_MS, quantile_text(q))
        for q in sorted(LADDER)
        if curve.is_known(q) and (value_ns := curve.quantile_ns(q)) is not None
    )
    return BarsData(
        title="histogram",
        note=f"{state.short(name)}, response ms, whole run, {count(curve.count)} calls",
        counts=counts_along(curve, axis, bins),
        x=axis,
        style=state.styles[name],
        marks=marks,
    )


def _heat(state: ViewState, width: int) -> HeatData:
    name = state.selected
    if name is None or name not in state.styles:
        return HeatData(title="heat map")
    columns = tuple(state.history.spreads(name, state.since_s, state.passed_s))
    marks = _marks(state, name, columns)
    most = max((sum(counts.values()) / seconds for _, seconds, counts in columns), default=0)
    note = f"{state.short(name)}, response ms of each second, at most {round(most)} calls in one"
    axis = run_axis(state, width)
    on_s = sum(seconds for _, seconds, _ in columns)
    if columns and on_s < _MOSTLY_ON * (state.passed_s - state.since_s):
        columns, axis = _side_by_side(columns, on_s, max(2, width // 12))
        note += ", its own turns alone"
    if HeatMark.WARM_UP in marks:
        note += ", warm-up dashed above"
    if HeatMark.COLD in marks:
        note += ", cold starts marked"
    return HeatData(
        title="heat map", note=note, columns=columns, edges_ms=_EDGES_MS, x=axis, marks=marks
    )


def _marks(state: ViewState, name: str, columns: Sequence[HeatColumn]) -> tuple[HeatMark, ...]:
    """Of each column: whether it was a warm-up, and whether anything started cold in it."""
    warm_ups = {phase.name for phase in state.profile.phases if not phase.measured}
    found: dict[float, HeatMark] = {}
    for t_s, phase, cold in state.history.cold_seconds(name, state.since_s, state.passed_s):
        mark = HeatMark.COLD if cold > 0 else HeatMark.WARM_UP
        if cold > 0 or (phase in warm_ups and t_s not in found):
            found[t_s] = mark
    marks = tuple(found.get(t_s, HeatMark.NONE) for t_s, _, _ in columns)
    return marks if found else ()


def _side_by_side(
    columns: Sequence[HeatColumn], on_s: int, most: int
) -> tuple[tuple[HeatColumn, ...], Axis]:
    """The seconds in which a variant had its turn without those between; labels tell the time."""
    packed: list[HeatColumn] = []
    ticks: list[tuple[float, str]] = []
    at = 0
    for t_s, seconds, counts in columns:
        if at >= len(ticks) * on_s / most:
            ticks.append((float(at), clock(round(t_s) * NS_PER_S)))
        packed.append((float(at), seconds, counts))
        at += seconds
    return tuple(packed), Axis(0.0, float(on_s), tuple(ticks))
