"""Screen 1: the variants side by side, one metric of theirs over time, cost against time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from textual.app import ComposeResult
from textual.containers import Horizontal

from bench.format import (
    UNKNOWN,
    count,
    milliseconds,
    percent,
    percentage,
    quantile_text,
    rate,
    usd,
)
from bench.model.outcome import Outcome
from bench.model.result import LADDER, MEDIAN, QUANTILES, Measure, Window
from bench.model.times import NS_PER_MS
from bench.record.question import Question
from bench.report.axes import Axis
from bench.stats.one_kind import response_of
from bench.stats.paired import Difference
from bench.tui.analysis import Analysis, Depth, verdict_sentence
from bench.tui.palette import Tone
from bench.tui.state import ViewState
from bench.tui.views.answer_rows import (
    answer_rows,
    asked_figures,
    figures_rows,
    hero_figures,
    in_room,
)
from bench.tui.views.base import View, empty_window, panel
from bench.tui.views.cells import (
    VARIANT_COLUMNS,
    count_cell,
    maximum_cell,
    quantile_cell,
    variant_cells,
)
from bench.tui.views.first_screen import first_screen
from bench.tui.views.ladder import COLUMNS as LADDER_COLUMNS
from bench.tui.views.ladder import rungs
from bench.tui.views.part_rows import part_rows, shown_parts
from bench.tui.views.ranges import range_axis, range_cell
from bench.tui.widgets.chart import GUTTER, Chart
from bench.tui.widgets.columns import Cell, Column, Row
from bench.tui.widgets.grid import Grid
from bench.tui.widgets.hero import ROWS, Hero
from bench.tui.widgets.text_lines import TextLines

_MS = "response ms"
RANGE = "range"
_HERO_ROWS, _HERO_COLUMNS = 28, 90
"""From this size on the first line of the answer is shown large."""
_SHORT = 16
"""Rows below which the table comes first."""
_FEWEST_ROWS, _FEWEST_LINES = 5, 4
"""Of the table, and of an answer whose table would have room but for it."""
_CHART_ROWS = 8
"""Below that a chart has no place under the table."""

_RANGE = "{} ━ {} ─ {} ┄ max".format(*map(quantile_text, sorted(LADDER)))
_RANKS = {q: 0 if q in (max(LADDER), min(LADDER)) else 1.5 for q in LADDER}
"""What is between comes behind the range, in the place of an end that nobody knows."""
COLUMNS = (
    *VARIANT_COLUMNS,
    Column("planned", "plan/s", 6, 7, group="arrivals", falls=True),
    Column("sent", "sent/s", 6, 2, group="arrivals", falls=True),
    Column("offered", "offered", 7, 8, group="arrivals", falls=True),
    Column("flying", "flying", 6, 5, group="arrivals", falls=True),
    Column("dropped", "drop", 5, 6, group="arrivals", falls=True),
    Column("ok", "ok %", 5, 0, group="outcomes"),
    Column("throttled", "thr", 5, 4, group="outcomes", falls=True),
    Column("errors", "err", 5, 2, group="outcomes", falls=True),
    Column("retries", "retry", 5, 4, group="outcomes", falls=True),
    Column("cold", "cold", 5, 4, group="outcomes", falls=True),
    *(
        Column(quantile_text(q), quantile_text(q), 7, _RANKS.get(q, 3), group=_MS)
        for q in QUANTILES
    ),
    Column("max", "max", 7, 2, group=_MS),
    Column("billed", "billed", 7, 5, group="cost", falls=True),
    Column("price", "$/M", 8, 0, group="cost"),
    Column("difference", "vs base", 8, 3),
    Column(RANGE, "range", 20, 1, group=_RANGE, flex=True),
)
_APART = "cold and warm response ms"
OF_COLD = (
    *VARIANT_COLUMNS,
    Column("sent", "sent/s", 6, 3, falls=True),
    Column("ok", "ok %", 5, 1),
    Column("cold", "cold", 5, 0, falls=True),
    Column("init50", "init p50", 8, 0),
    Column("cold50", "cold p50", 8, 0, group=_APART),
    Column("coldmax", "cold max", 8, 2, group=_APART),
    Column("warm50", "warm p50", 8, 0, group=_APART),
    Column("warmmax", "warm max", 8, 2, group=_APART),
    Column("price", "$/M", 8, 1),
)
"""Where cold starts are asked for: a range over cold and warm calls begins in neither."""
JUDGED = "judged"
"""Key of the column of the times by which variants are compared, where those are of one kind."""
_ALIKE = "~"
_UNSURE = "?"
_OTHERWISE = (Question.CAPACITY, Question.COLD, Question.POLICIES)
"""Questions that no percentile over all calls answers: the rows say nothing of each other."""
_OPEN = ("not distinguishable", "too few", "nothing to compare")
"""Words of a sentence that concludes nothing."""


def columns_of(analysis: Analysis) -> tuple[Column, ...]:
    """With the times by which variants are compared, where those are not of all calls.

    They have their place before those of all, but for the median.
    """
    if not analysis.compared.kind:
        return COLUMNS
    own = Column(JUDGED, analysis.q_text, max(7, len(analysis.q_text)), 0, group=_MS)
    median = quantile_text(min(LADDER))
    columns = [
        replace(column, rank=max(column.rank, 1.5))
        if column.group == _MS and column.key != median
        else column
        for column in COLUMNS
    ]
    columns.insert([column.key for column in columns].index(median), own)
    return tuple(columns)


class CompareView(View):
    """A row per variant, the chart's legend in its first column."""

    view_name = "compare"
    title = "Compare"
    depth = Depth.CURVES
    help = (
        "A row per variant. Response time counts from the intended arrival, retries included.\n"
        "·  too few samples to know     ≥  at least: it falls among timeouts\n"
        "★  fastest, cheapest: each row that may be it; memory: best trade of one door\n"
        "warm p99 and the like: where cold calls are kept apart, the time that is compared\n"
        "~  chance explains it     ?  too few blocks to know\n"
        "vs base and ★ are always of the whole run; press b on a row to make it the base."
    )
    DEFAULT_CSS = """
    CompareView #sentence { display: none; }
    CompareView.roomy #sentence { display: block; }
    CompareView .row { height: 1fr; }
    CompareView.full .row { display: none; }
    CompareView #over-time { width: 1fr; }
    CompareView #trade { display: none; width: 42%; min-width: 50; margin-left: 2; }
    .wide CompareView #trade { display: block; }
    CompareView.paired #trade { display: block; width: 1fr; }
    .narrow CompareView.paired #trade { display: none; }
    CompareView #ladder { display: none; width: 58%; height: 100%; margin-right: 2; }
    CompareView.searching #ladder { display: block; }
    .wide CompareView.searching #trade { display: none; }
    .narrow CompareView.searching #ladder { width: 1fr; margin-right: 0; }
    .narrow CompareView.searching #over-time { display: none; }
    .narrow CompareView.mapped #over-time { display: block; }
    .narrow CompareView.mapped #ladder { display: none; }
    """

    def compose(self) -> ComposeResult:
        """The answer, the table with a range in each row, two charts side by side."""
        yield Hero(id="hero")
        yield TextLines(id="answer")
        yield self.variant_grid(COLUMNS, id="variants", title="variants")
        yield TextLines(id="sentence", rows=1)
        with Horizontal(classes="row"):
            yield panel(Grid(LADDER_COLUMNS, id="ladder", title="rates tried", empty="none"))
            yield panel(Chart(id="over-time"))
            yield panel(Chart(id="trade"))

    def show(self, state: ViewState) -> None:
        """Draw the answer, the rows and, when due, the charts."""
        sentence = verdict_sentence(state.analysis, state.base, state.selected)
        self._show_answer(state, sentence)
        self._show_table(state)
        self.query_one("#sentence", TextLines).show([_sentence(state, sentence, self.size.width)])
        chart, trade = self.query_one("#over-time", Chart), self.query_one("#trade", Chart)
        screen = first_screen(state)
        self.set_class(screen.ladder, "searching")
        self.set_class(screen.mapped, "mapped")
        self.set_class(screen.pair, "paired")
        self.has_picture = screen.has_picture
        if screen.ladder:
            self.query_one("#ladder", Grid).show(rungs(state), "the highest on top")
        over_time = None if screen.pair else state.chart_key
        key = (screen, over_time, state.analysis_key)
        for place, draw in ((chart, screen.main), (trade, screen.beside)):
            if self.is_due(state, place, key):
                place.show(draw(state, place.size.width - GUTTER))

    def _show_answer(self, state: ViewState, sentence: str) -> None:
        """As many of its lines as leave room for the table; what has no place at all is the chart.

        The table may scroll: of a long one half the height is enough.
        """
        width, height = self.size
        grid = self.query_one("#variants", Grid)
        most_lines = 2 if height < _SHORT else 5
        table = min(grid.rows_wanted(self._rows_of(state)), height - most_lines)
        if state.analysis.question is not Question.SIZES:  # its picture is a part of the answer
            fewest_lines = min(most_lines, _FEWEST_LINES)
            table = min(table, max(_FEWEST_ROWS, height - fewest_lines - _CHART_ROWS))
        is_large = height >= _HERO_ROWS and width >= _HERO_COLUMNS
        is_large = is_large and not grid.is_ascii
        figures = hero_figures(state) if is_large else []
        self.query_one("#hero", Hero).show(figures)
        shown_large = bool(figures) and not asked_figures(state)
        told = answer_rows(state, width - 2)[shown_large:]
        if not figures and (found := figures_rows(state, width - 2)):
            told.insert(0, found)
        left = height - table - (ROWS if figures else 0)
        has_picture = state.analysis.question is not Question.SIZES
        room = left - _CHART_ROWS if has_picture and left > _CHART_ROWS else left
        if state.analysis.question is Question.POLICIES:  # all of it is in the report
            room = min(room, most_lines)
        lines = in_room(told, max(1, room), width - 2)
        self.query_one("#answer", TextLines).show(lines)
        left -= len(lines)
        self.set_class(left < _CHART_ROWS, "full")
        is_roomy = left > _CHART_ROWS or 0 < left < _CHART_ROWS
        is_said = any(line.subject == sentence for line in state.analysis.answer.lines)
        compares = state.analysis.question not in _OTHERWISE and len(state.windows) > 1
        self.set_class(is_roomy and compares and not is_said, "roomy")
        most = height - len(lines) - (ROWS if figures else 0)
        grid.styles.max_height = most if left < _CHART_ROWS else most - _CHART_ROWS

    def _rows_of(self, state: ViewState) -> int:
        return len(state.windows) + len(shown_parts(state))

    def _show_table(self, state: ViewState) -> None:
        grid = self.query_one("#variants", Grid)
        is_cold = state.analysis.question is Question.COLD
        grid.declare(OF_COLD if is_cold else columns_of(state.analysis))
        note = f"{state.window_name}; {'ms' if is_cold else 'response ms'}"
        if state.base is not None:
            note += f"; {state.analysis.q_text} vs {state.base}"
        windows = [*state.windows.values(), *(part.window for part in shown_parts(state))]
        axis = range_axis(windows, grid.width_of(RANGE))
        rows = []
        for name, window in state.windows.items():
            rows.append(_row(state, name, window, axis))
            rows += part_rows(state, name, _cells, axis)
        grid.show(rows, note, {} if axis is None else {RANGE: axis})


def _sentence(state: ViewState, text: str, width: int) -> list[tuple[str, Tone]]:
    open_ = any(words in text for words in _OPEN)
    head = "Result  " if state.is_over else "So far  "
    head = head if len(text) + 10 < width else ""
    return [(head, Tone.DIM), (text, Tone.DIM if open_ else Tone.STRONG)]


def _cells(state: ViewState, name: str, window: Window, axis: Axis | None) -> dict[str, Cell]:
    """What is the same of a whole and of a part."""
    return {
        **_rates(window),
        **_outcomes(window),
        **_times(window, state.analysis),
        **_cost(window),
        **_apart(window),
        RANGE: range_cell(state, name, window, axis),
    }


def _row(state: ViewState, name: str, window: Window, axis: Axis | None) -> Row:
    cells = {
        **variant_cells(state, name),
        **_cells(state, name, window, axis),
        "difference": _difference(state, name),
    }
    cells |= _stars(state, window, cells)
    if empty_window(window):
        kept = ("marker", "size", "endpoint", "difference")
        cells = {key: cell for key, cell in cells.items() if key in kept}
    return Row(name, cells)


def _rates(window: Window) -> dict[str, Cell]:
    tally = window.tally
    return {
        "planned": Cell(rate(window.planned_rps), window.planned_rps),
        "sent": Cell(rate(window.achieved_rps), window.achieved_rps),
        "offered": Cell(count(tally.offered), tally.offered),
        "flying": Cell(count(tally.in_flight), tally.in_flight),
        "dropped": count_cell(tally.dropped, Tone.BAD),
    }


def _outcomes(window: Window) -> dict[str, Cell]:
    tally = window.tally
    throttled = tally.outcomes[Outcome.THROTTLED]
    ok = tally.ok / tally.finished if tally.finished else ""
    whole = tally.ok == tally.finished
    return {
        "ok": Cell(percentage(tally.ok, tally.finished), ok, Tone.TEXT if whole else Tone.WARN),
        "throttled": count_cell(throttled, Tone.WARN),
        "errors": count_cell(tally.failed - throttled, Tone.BAD),
        "retries": count_cell(tally.retries),
        "cold": count_cell(tally.cold_starts),
    }


def _times(window: Window, analysis: Analysis) -> dict[str, Cell]:
    response, kind = window.measure(Measure.RESPONSE), analysis.compared.kind
    cells = {quantile_text(q): quantile_cell(response.at(q)) for q in QUANTILES}
    if kind and (window.warm.count or window.cold.count):  # of parts nobody told
        cells[JUDGED] = quantile_cell(response_of(window, kind).at(analysis.q))
    return {**cells, "max": maximum_cell(response)}


def _apart(window: Window) -> dict[str, Cell]:
    """Calls that met a cold start, and those that did not."""
    return {
        "init50": quantile_cell(window.measure(Measure.INIT).at(MEDIAN)),
        "cold50": quantile_cell(window.cold.at(MEDIAN)),
        "coldmax": maximum_cell(window.cold),
        "warm50": quantile_cell(window.warm.at(MEDIAN)),
        "warmmax": maximum_cell(window.warm),
    }


def _cost(window: Window) -> dict[str, Cell]:
    billed, price = window.billed_ms_mean, window.usd_per_million
    return {
        "billed": Cell(
            UNKNOWN if billed is None else milliseconds(billed * NS_PER_MS),
            "" if billed is None else billed,
        ),
        "price": Cell(usd(price), "" if price is None else price),
    }


def _stars(state: ViewState, window: Window, cells: Mapping[str, Cell]) -> dict[str, Cell]:
    """The cells of the fastest, the cheapest and the best trade, marked; of one there is none."""
    advice, variant = state.analysis.advice, window.variant
    if len(state.windows) == 1:
        return {}
    found: dict[str, Cell] = {}
    if advice.fastest is not None and variant in advice.fastest.variants:
        fastest = JUDGED if advice.kind else quantile_text(state.analysis.q)
        if fastest in cells:
            found[fastest] = _starred(cells[fastest])
    if advice.cheapest is not None and variant in advice.cheapest.variants:
        found["price"] = _starred(cells["price"])
    if advice.best is not None and variant in advice.best.variants:
        found["size"] = _starred(cells["size"], mark=False)
    return found


def _starred(cell: Cell, mark: bool = True) -> Cell:
    return Cell(f"★{cell.text}" if mark else cell.text, cell.order, Tone.GOOD)


def _difference(state: ViewState, name: str) -> Cell:
    if state.base is None:
        return Cell(UNKNOWN, "", Tone.DIM)
    if name == state.base:
        return Cell("base", 0.0, Tone.ACCENT)
    return difference_cell(state.analysis.answer.differences.get(name))


def difference_cell(found: Difference | None) -> Cell:
    """`−38 %`; with ~ where chance explains it, ? where nobody knows; a colour where neither."""
    if found is None or found.relative is None:
        return Cell(UNKNOWN, "", Tone.DIM)
    if not found.is_distinguishable:
        mark = _ALIKE if found.basis.is_known else _UNSURE
        return Cell(mark + percent(found.relative), found.relative, Tone.DIM)
    tone = Tone.GOOD if found.relative < 0 else Tone.BAD
    return Cell(percent(found.relative), found.relative, tone)
