"""Screen 3: planned against achieved, what is under way, and how the engine fares."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal

from bench.format import UNKNOWN, count
from bench.model.live import WorkerHealth
from bench.model.result import Vitals
from bench.record.worker_findings import WAIT_SUSPECT
from bench.tui.interval_history import SeriesPoints
from bench.tui.metrics import LAG, READ_LAG, Metric
from bench.tui.palette import Tone
from bench.tui.state import ViewState, is_closed
from bench.tui.views.base import View, panel
from bench.tui.views.node_rows import NODE_COLUMNS, NODE_NOTE, node_row
from bench.tui.views.time_charts import MOST_POINTS, over_time, run_axis, vital_grain
from bench.tui.widgets.chart import GUTTER, Chart
from bench.tui.widgets.chart_data import ChartData, ChartLine
from bench.tui.widgets.columns import Cell, Column, Row
from bench.tui.widgets.grid import Grid

COLUMNS = (
    Column("worker", "worker", 7, left=True),
    Column("state", "state", 5, left=True),
    Column("cpu", "CPU %", 5, falls=True),
    Column("wait", "no core %", 9, falls=True),
    Column("memory", "MB", 6, falls=True),
    Column("flying", "in flight", 9, falls=True),
    Column("connections", "connections", 11, falls=True),
    Column("opened", "opened", 8, falls=True),
    Column("waits", "waits", 7, falls=True),
)

_AT_END = "at the end of each second"
_Series = tuple[str, Callable[[Vitals], float]]


class LoadView(View):
    """Rates, concurrency, lag and connections over time; the workers now, and a fleet's nodes."""

    view_name = "load"
    title = "Load"
    help = (
        "Arrivals planned and invocations first sent, over all variants; what was under way at "
        "the end of each second; the generator's own lateness: send lag, and read lag, for which "
        "answers lay unread; connections.\n"
        "waits: exchanges that had to wait for a connection. no core: share of the time for which "
        "a worker could have run and had no core."
    )
    DEFAULT_CSS = """
    LoadView .row { height: 1fr; }
    LoadView .row Chart { width: 1fr; }
    LoadView .second { margin-left: 2; }
    LoadView #workers, LoadView #nodes { max-height: 30%; }
    .narrow LoadView .second { display: none; }
    .short LoadView #lower { display: none; }
    """

    def compose(self) -> ComposeResult:
        """Five charts and a table, or two on a fleet of nodes."""
        with Horizontal(classes="row"):
            yield panel(Chart(id="rates"))
            second = panel(Chart(id="flying"))
            second.add_class("second")
            yield second
        with Horizontal(classes="row", id="lower"):
            yield panel(Chart(id="lag"))
            for name in ("read-lag", "connections"):
                beside = panel(Chart(id=name))
                beside.add_class("second")
                yield beside
        yield panel(Grid(COLUMNS, id="workers", title="engine workers", empty="none runs here"))
        yield panel(Grid(NODE_COLUMNS, id="nodes", title="nodes", empty="none"))

    def show(self, state: ViewState) -> None:
        """Draw the workers and, when due, the charts."""
        workers = state.snapshot.workers
        note = "last quarter second; opened and waits since the start"
        self.query_one("#workers", Grid).show([_worker_row(worker) for worker in workers], note)
        nodes = self.query_one("#nodes", Grid)
        nodes.display = bool(state.snapshot.nodes)
        if nodes.display:
            nodes.show([node_row(node) for node in state.snapshot.nodes], NODE_NOTE)
        for name, data_of in _CHARTS.items():
            chart = self.query_one(f"#{name}", Chart)
            if self.is_due(state, chart):
                chart.show(data_of(state, chart.size.width - GUTTER))


def _worker_row(worker: WorkerHealth) -> Row:
    busy = Tone.BAD if worker.cpu >= 0.9 else Tone.TEXT
    return Row(
        str(worker.worker),
        {
            "worker": Cell(str(worker.worker), worker.worker, Tone.STRONG),
            "state": Cell("alive", "alive") if worker.alive else Cell("DEAD", "dead", Tone.BAD),
            "cpu": Cell(f"{worker.cpu * 100:.0f}", worker.cpu, busy),
            "wait": _core_wait(worker.core_wait),
            "memory": Cell(f"{worker.rss_mb:.0f}", worker.rss_mb),
            "flying": Cell(count(worker.in_flight), worker.in_flight),
            "connections": Cell(count(worker.connections), worker.connections),
            "opened": Cell(count(worker.connections_opened), worker.connections_opened),
            "waits": Cell(count(worker.connection_waits), worker.connection_waits),
        },
    )


def _core_wait(share: float | None) -> Cell:
    """Share of the time in which it could have run and had no core."""
    if share is None:
        return Cell(UNKNOWN, -1.0, Tone.DIM)
    return Cell(f"{share * 100:.0f}", share, Tone.BAD if share > WAIT_SUSPECT else Tone.TEXT)


def in_flight(state: ViewState, width: int) -> ChartData:
    """Invocations under way at the end of each second, per variant."""
    names = list(state.styles)
    lines = []
    for number, name in enumerate(names):
        hidden = name in state.hidden

        def read(vitals: Vitals, number: int = number) -> float:
            per_variant = vitals.in_flight_by_variant
            return float(per_variant[number]) if number < len(per_variant) else 0.0

        points = () if hidden else _points(state, read)
        lines.append(ChartLine(state.short(name), state.styles[name], points, hidden))
    return ChartData(
        title="in flight",
        note=vital_grain(state, _AT_END),
        lines=tuple(lines),
        x=run_axis(state, width),
    )


def _rates(state: ViewState, width: int) -> ChartData:
    planned: _Series = ("planned", lambda v: v.planned_rps)
    sent: _Series = ("sent", lambda v: v.achieved_rps)
    series = (sent,) if is_closed(state.profile) else (planned, sent)
    return _of_vitals(state, width, "arrivals of all variants", f"/s, {vital_grain(state)}", series)


def _connections(state: ViewState, width: int) -> ChartData:
    return _of_vitals(
        state,
        width,
        "connections",
        f"{vital_grain(state, _AT_END)}; opened and waits since the start",
        (
            ("open", lambda v: float(v.connections)),
            ("opened", lambda v: float(v.connections_opened)),
            ("waits", lambda v: float(v.connection_waits)),
        ),
    )


def _of_vitals(
    state: ViewState,
    width: int,
    title: str,
    note: str,
    series: Sequence[_Series],
) -> ChartData:
    lines = tuple(
        ChartLine(name, state.line_style(number), _points(state, read))
        for number, (name, read) in enumerate(series)
    )
    return ChartData(title=title, note=note, lines=lines, x=run_axis(state, width))


def _lag_chart(metric: Metric, title: str) -> Callable[[ViewState, int], ChartData]:
    return lambda state, width: over_time(state, metric, width, title=title, chosen=False)


_CHARTS: dict[str, Callable[[ViewState, int], ChartData]] = {
    "rates": _rates,
    "flying": in_flight,
    "lag": _lag_chart(LAG, "send lag, largest"),
    "read-lag": _lag_chart(READ_LAG, "read lag, largest"),
    "connections": _connections,
}


def _points(state: ViewState, read: Callable[[Vitals], float]) -> SeriesPoints:
    return state.history.vital_points(read, state.since_s, state.passed_s, MOST_POINTS)
