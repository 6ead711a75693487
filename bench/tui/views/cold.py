"""Screen 5: cold starts: how long environments take, when new ones came, what was under way."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal

from bench.format import UNKNOWN, count, milliseconds
from bench.model.result import MEDIAN, Distribution, Measure, Window
from bench.model.times import NS_PER_MS
from bench.tui.metrics import COLD_STARTS
from bench.tui.palette import Tone
from bench.tui.state import ViewState
from bench.tui.views.base import View, panel
from bench.tui.views.cells import (
    VARIANT_COLUMNS,
    maximum_cell,
    quantile_cells,
    quantile_columns,
    variant_cells,
)
from bench.tui.views.load import in_flight
from bench.tui.views.time_charts import over_time
from bench.tui.widgets.chart import GUTTER, Chart
from bench.tui.widgets.columns import Cell, Column, Row
from bench.tui.widgets.grid import Grid

_INIT, _COLD, _WARM = {MEDIAN: 1, 0.9: 2}, {MEDIAN: 2}, {MEDIAN: 0}
"""By quantile, how early its column goes where there is no room."""

COLUMNS = (
    *VARIANT_COLUMNS,
    Column("cold", "cold", 6, 0, group="starts", falls=True),
    Column("inits", "inits", 6, 3, group="starts", falls=True),
    Column("imin", "min", 7, 3, group="init ms"),
    Column("imean", "mean", 7, 0, group="init ms"),
    *quantile_columns("i", "init ms", _INIT),
    Column("imax", "max", 7, 0, group="init ms"),
    Column("restore", "restore", 7, 6, group="init ms"),
    Column("cmean", "mean", 7, 1, group="cold response ms"),
    *quantile_columns("c", "cold response ms", _COLD),
    Column("cmax", "max", 7, 1, group="cold response ms"),
    *quantile_columns("w", "warm response ms", _WARM),
    Column("wmax", "max", 7, 4, group="warm response ms"),
    Column("memory", "used MB", 8, 5, falls=True),
)


class ColdView(View):
    """Init times, new environments over time, concurrency."""

    view_name = "cold"
    title = "Cold starts"
    help = (
        "A cold start is an attempt whose REPORT has an Init or Restore Duration. Response times "
        "of calls that met one stand beside those of warm ones. New environments come when more "
        "calls are under way than there were environments: hence the two charts side by side."
    )
    DEFAULT_CSS = """
    ColdView #starts { max-height: 50%; }
    ColdView .row { height: 1fr; }
    ColdView .row Chart { width: 1fr; }
    ColdView #concurrency { margin-left: 2; }
    .narrow ColdView #concurrency { display: none; }
    .tiny ColdView .row { display: none; }
    .tiny ColdView #starts { max-height: 100%; }
    """

    def compose(self) -> ComposeResult:
        """The table above two charts side by side."""
        yield self.variant_grid(COLUMNS, id="starts", title="cold starts")
        with Horizontal(classes="row"):
            yield panel(Chart(id="environments"))
            yield panel(Chart(id="concurrency"))

    def show(self, state: ViewState) -> None:
        """Draw the table and, when due, the charts."""
        rows = [_row(state, name, window) for name, window in state.windows.items()]
        self.query_one("#starts", Grid).show(rows, state.window_name)
        chart = self.query_one("#environments", Chart)
        if self.is_due(state, chart):
            width = chart.size.width - GUTTER
            title = "new environments"
            chart.show(over_time(state, COLD_STARTS, width, title=title, chosen=False))
        concurrency = self.query_one("#concurrency", Chart)
        if self.is_due(state, concurrency):
            concurrency.show(in_flight(state, concurrency.size.width - GUTTER))


def _row(state: ViewState, name: str, window: Window) -> Row:
    init, restore = window.measure(Measure.INIT), window.measure(Measure.RESTORE)
    memory = window.measure(Measure.MEMORY)
    cold = window.tally.cold_starts
    cells = {
        **variant_cells(state, name),
        "cold": Cell(count(cold), cold, Tone.TEXT if cold else Tone.DIM),
        "inits": Cell(count(init.count), init.count),
        "imin": _ms(init, float(init.min_ns)),
        "imean": _ms(init, init.mean_ns),
        **quantile_cells("i", init, _INIT),
        "imax": maximum_cell(init),
        "restore": maximum_cell(restore),
        "cmean": _ms(window.cold, window.cold.mean_ns),
        **quantile_cells("c", window.cold, _COLD),
        "cmax": maximum_cell(window.cold),
        **quantile_cells("w", window.warm, _WARM),
        "wmax": maximum_cell(window.warm),
        "memory": Cell(
            f"{memory.max_ns / NS_PER_MS:.0f}" if memory.count else UNKNOWN,
            float(memory.max_ns) if memory.count else "",
        ),
    }
    return Row(name, cells)


def _ms(distribution: Distribution, value_ns: float) -> Cell:
    if not distribution.count:
        return Cell(UNKNOWN)
    return Cell(milliseconds(value_ns), value_ns)
