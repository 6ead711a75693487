"""Screen 9: what each policy of retries did: attempts, what they gained, what they cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isnan, nan

from textual.app import ComposeResult
from textual.containers import Horizontal

from bench.model.result import Vitals, Window
from bench.report.retry_figures import FIGURES
from bench.tui.analysis import Depth
from bench.tui.interval_history import SeriesPoints
from bench.tui.metrics import AMPLIFICATION, BY_NAME
from bench.tui.palette import Tone
from bench.tui.state import ViewState
from bench.tui.views.base import View, ViewContext, panel
from bench.tui.views.cells import VARIANT_COLUMNS, variant_cells
from bench.tui.views.errors import policy_lines
from bench.tui.views.load_charts import attempts_over_arrivals
from bench.tui.views.policy_charts import recovery_map, with_recovery
from bench.tui.views.time_charts import MOST_POINTS, over_time, run_axis, vital_grain
from bench.tui.widgets.chart import GUTTER, Chart
from bench.tui.widgets.chart_data import ChartData, ChartLine
from bench.tui.widgets.columns import Cell, Column, Row
from bench.tui.widgets.grid import Grid
from bench.tui.widgets.text_lines import TextLines

_NARROWEST = 7
COLUMNS = (
    *VARIANT_COLUMNS,
    *(
        Column(
            figure.key,
            figure.head,
            max(_NARROWEST, len(figure.head)),
            figure.rank,
            group=figure.group,
            falls=True,
        )
        for figure in FIGURES
    ),
)


class RetriesView(View):
    """A row per policy, its settings, amplification over time, attempts beside arrivals."""

    view_name = "retries"
    title = "Retries"
    depth = Depth.CURVES
    help = (
        "attempts a call: the amplification, by which retries multiply the load; attempts /s "
        "beside sent/s, the calls themselves. goodput/s: calls that succeeded, at once or later.\n"
        "refused: retries that the budget or a breaker forbade; rejected: calls that an open "
        "breaker kept back. back s: seconds after the disturbance until goodput and p99 were as "
        "before, ≥ if not within the run. retried: response time of calls that took more than one "
        "attempt; ok by 2. %: calls that succeeded with two attempts at most; for nothing: runs "
        "that succeeded after their caller had given up.\n"
        "Below, the policy of the row under the cursor; beside the amplification of all its "
        "attempts over its arrivals; m goes on: against the time to recover, goodput, throughput, "
        "backoff, tokens, breakers."
    )
    DEFAULT_CSS = """
    RetriesView #policies { max-height: 50%; }
    RetriesView .row { height: 1fr; }
    RetriesView .row Chart { width: 1fr; }
    RetriesView #attempts { margin-left: 2; }
    .narrow RetriesView #attempts { display: none; }
    .tiny RetriesView .row { display: none; }
    .tiny RetriesView #policies { max-height: 100%; height: 1fr; }
    """

    metrics = (
        "what the chart shows: attempts a call over time, or against time to recover, goodput, "
        "throughput, backoff, tokens, open breakers"
    )

    def __init__(self, context: ViewContext) -> None:
        super().__init__(context)
        self._shown = 0

    def compose(self) -> ComposeResult:
        """From top to bottom: policies, the settings of one, two charts side by side."""
        yield self.variant_grid(COLUMNS, id="policies", title="retries")
        yield TextLines(id="policy-words", rows=2)
        with Horizontal(classes="row"):
            yield panel(Chart(id="amplification"))
            yield panel(Chart(id="attempts"))

    def show(self, state: ViewState) -> None:
        """Draw table and settings and, when due, the charts."""
        windows = {name: with_recovery(state, own) for name, own in state.windows.items()}
        rows = [_row(state, name, window) for name, window in windows.items()]
        self.query_one("#policies", Grid).show(rows, f"{state.window_name}; times in ms")
        self.query_one("#policy-words", TextLines).show(policy_lines(state))
        amplification = self.query_one("#amplification", Chart)
        key = (state.chart_key, state.analysis_key, self._shown)
        if self.is_due(state, amplification, key):
            amplification.show(_CHARTS[self._shown](state, amplification.size.width - GUTTER))
        attempts = self.query_one("#attempts", Chart)
        if self.is_due(state, attempts):
            attempts.show(attempts_over_arrivals(state, attempts.size.width - GUTTER))

    def next_metric(self) -> bool:
        """Go on to the other chart: over time, against time to recover."""
        self._shown = (self._shown + 1) % len(_CHARTS)
        return True


def _over_time(state: ViewState, width: int) -> ChartData:
    return over_time(state, AMPLIFICATION, width, title="attempts a call", chosen=False)


def _of(name: str) -> Draw:
    return lambda state, width: over_time(state, BY_NAME[name], width, chosen=False)


def _of_vitals(title: str, note: str, read: Callable[[Vitals], Sequence[float | None]]) -> Draw:
    """Of each variant what the workers say at the end of each second."""

    def draw(state: ViewState, width: int) -> ChartData:
        lines = []
        for number, (name, style) in enumerate(state.styles.items()):
            hidden = name in state.hidden
            points = () if hidden else _told(state, read, number)
            lines.append(ChartLine(state.short(name), style, points, hidden))
        return ChartData(
            title=title,
            note=f"{note}, {vital_grain(state, 'at the end of each second')}",
            lines=tuple(lines) if any(line.points for line in lines) else (),
            x=run_axis(state, width),
            empty="no worker says any",
        )

    return draw


def _told(
    state: ViewState, read: Callable[[Vitals], Sequence[float | None]], number: int
) -> SeriesPoints:
    def own(vitals: Vitals) -> float:
        found = read(vitals)
        value = found[number] if number < len(found) else None
        return nan if value is None else float(value)

    points = state.history.vital_points(own, state.since_s, state.passed_s, MOST_POINTS)
    return tuple((x, y) for x, y in points if y is not None and not isnan(y))


Draw = Callable[[ViewState, int], ChartData]
_CHARTS: tuple[Draw, ...] = (
    _over_time,
    recovery_map,
    _of("goodput"),
    _of("throughput"),
    _of("backoff mean"),
    _of_vitals("retry tokens left", "all workers", lambda vitals: vitals.tokens_by_variant),
    _of_vitals("open breakers", "workers", lambda vitals: vitals.open_breakers_by_variant),
)


def _row(state: ViewState, name: str, window: Window) -> Row:
    cells = variant_cells(state, name)
    for figure in FIGURES:
        order = figure.order(window)
        tone = Tone.TEXT if order else Tone.DIM
        cells[figure.key] = Cell(figure.text(window), "" if order is None else order, tone)
    return Row(name, cells)
