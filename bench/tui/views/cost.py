"""Screen 6: what the run costs, and what a million calls would, by size and by door."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import ComposeResult

from bench.format import UNKNOWN, count, milliseconds, quantile_text, usd
from bench.model.result import MEDIAN, Measure, Window
from bench.model.times import NS_PER_MS
from bench.stats.one_kind import response_of
from bench.tui.analysis import Depth
from bench.tui.palette import Tone
from bench.tui.state import ViewState
from bench.tui.views.base import View, ViewContext, panel
from bench.tui.views.cells import VARIANT_COLUMNS, quantile_cell, variant_cells
from bench.tui.views.over_memory import cost_over_memory, time_over_memory
from bench.tui.views.trade import trade_chart
from bench.tui.widgets.chart import Chart
from bench.tui.widgets.columns import Cell, Column, Row
from bench.tui.widgets.grid import Grid
from bench.tui.widgets.text_lines import TextLine, TextLines

COLUMNS = (
    *VARIANT_COLUMNS,
    Column("price", "$/M", 9, 0),
    Column("billed", "billed ms", 9, 0, falls=True),
    Column("duration", "duration", 8, 2, falls=True),
    Column("time", "response", 9, 1, falls=True),
    Column("calls", "calls", 9, 1, falls=True),
    Column("attempts", "attempts", 9, 3, falls=True),
    Column("stands", "stands out as", 16, 1, left=True, flex=True),
)


_CHARTS = (trade_chart, time_over_memory, cost_over_memory)


class CostView(View):
    """Spend, projection, price by size, cost against time."""

    view_name = "cost"
    title = "Cost"
    depth = Depth.CURVES
    help = (
        "Prices are AWS's list prices for the region, free tier left out; a local run costs "
        "nothing, and what is shown is what it would cost on AWS. The projection holds if prices, "
        "failures and durations stay as they are. $/M: a million invocations, retries left out.\n"
        "m goes on from cost against time to time over memory, with a fitted curve, and to cost "
        "over memory."
    )
    DEFAULT_CSS = """
    CostView #prices { max-height: 45%; }
    CostView #trade { height: 1fr; }
    .short CostView #advice { display: none; }
    .tiny CostView #trade { display: none; }
    .tiny CostView #prices { max-height: 100%; height: 1fr; }
    """

    metrics = "what the chart shows: cost against time, either of them over memory"

    def __init__(self, context: ViewContext) -> None:
        super().__init__(context)
        self._shown = 0

    def compose(self) -> ComposeResult:
        """From top to bottom: spend, prices, cost against time, advice."""
        yield TextLines(id="spend", rows=2)
        yield self.variant_grid(
            COLUMNS, id="prices", title="price of a million calls", grouped=False
        )
        yield panel(Chart(id="trade"))
        yield TextLines(id="advice", title="results")

    def show(self, state: ViewState) -> None:
        """Draw texts and table and, when due, the chart."""
        self.query_one("#spend", TextLines).show(list(_spend(state)))
        response = state.analysis.q_text
        note = f"{state.window_name}; response is {response}, duration {quantile_text(MEDIAN)}, ms"
        rows = [_row(state, name, window) for name, window in state.windows.items()]
        self.query_one("#prices", Grid).show(rows, note)
        sentences = state.analysis.advice.sentences or ("too few answers to say anything",)
        self.query_one("#advice", TextLines).show(
            [[sentence] for sentence in sentences[:6]],
            "whole run" if state.is_over else "whole run, so far",
        )
        chart = self.query_one("#trade", Chart)
        if self.is_due(state, chart, (state.analysis_key, self._shown)):
            chart.show(_CHARTS[self._shown](state))

    def next_metric(self) -> bool:
        """Go on to another chart: cost against time, time over memory, cost over memory."""
        self._shown = (self._shown + 1) % len(_CHARTS)
        return True


def _spend(state: ViewState) -> Iterable[TextLine]:
    snapshot, limit = state.snapshot, state.profile.max_spend_usd
    where = "on AWS it would be " if snapshot.target == "LOCAL" else ""
    line: list[tuple[str, Tone]] = [
        ("Spent  ", Tone.DIM),
        (where, Tone.DIM),
        (usd(snapshot.spend_usd, 4), Tone.STRONG),
        ("   limit  ", Tone.DIM),
        ("none" if limit is None else usd(limit), Tone.TEXT),
        ("   at the run's end  ", Tone.DIM),
        (usd(snapshot.projected_usd, 4), Tone.TEXT),
    ]
    yield line
    over = (
        limit is not None
        and snapshot.projected_usd is not None
        and snapshot.projected_usd > limit
        and not state.is_over
    )
    yield [("The run will end early: its limit comes first.", Tone.WARN)] if over else []


def _row(state: ViewState, name: str, window: Window) -> Row:
    price, billed = window.usd_per_million, window.billed_ms_mean
    response = response_of(window, state.analysis.compared.kind).at(state.analysis.q)
    stands = _stands_out(state, name)
    cells = {
        **variant_cells(state, name),
        "price": Cell(usd(price), "" if price is None else price, Tone.STRONG),
        "billed": Cell(
            UNKNOWN if billed is None else milliseconds(billed * NS_PER_MS),
            "" if billed is None else billed,
        ),
        "duration": quantile_cell(window.measure(Measure.DURATION).at(MEDIAN)),
        "time": quantile_cell(response),
        "calls": Cell(count(window.tally.finished), window.tally.finished),
        "attempts": Cell(count(window.tally.attempts), window.tally.attempts),
        "stands": Cell(stands, stands, Tone.GOOD),
    }
    return Row(name, cells)


def _stands_out(state: ViewState, name: str) -> str:
    advice = state.analysis.advice
    words = [
        word
        for word, choice in (
            ("fastest", advice.fastest),
            ("cheapest", advice.cheapest),
            ("best trade", advice.best),
        )
        if choice is not None and name in {variant.name for variant in choice.variants}
    ]
    if name in advice.frontier:
        words.append("efficient")
    return ", ".join(words)
