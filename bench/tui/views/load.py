"""Screen 3: planned against achieved, what is in flight, and how late the generator is."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from rich.table import Table
from textual.app import ComposeResult
from textual.widgets import Static

from bench.model import NS_PER_MS, Measure, Window
from bench.tui.palette import Look
from bench.tui.state import ViewState
from bench.tui.views.base import View
from bench.tui.widgets.chart import Chart, ChartData, Line
from bench.tui.wording import count


class LoadView(View):
    """Rates and send lag over time; the workers' own health."""

    title = "Load"
    help = "Planned and sent arrivals of each second, send lag, and each worker's CPU and memory."

    def compose(self) -> ComposeResult:
        """Two charts and a table."""
        yield Chart(id="rates")
        yield Chart(id="lag")
        yield Static("", id="workers")

    def show(self, state: ViewState) -> None:
        """Draw the workers and, when due, the charts."""
        self.query_one("#workers", Static).update(_workers(state))
        if not state.redraw_charts:
            return
        looks = list(state.looks.values())
        marks = looks * 3 if looks else [Look("o", "white")] * 3
        self.query_one("#rates", Chart).show(
            ChartData(
                title=f"arrivals of each second: {marks[0].marker} planned, {marks[1].marker} sent",
                unit="/s",
                lines=(
                    Line("planned", marks[0], _summed(state, lambda w: w.planned_rps)),
                    Line("sent", marks[1], _summed(state, lambda w: w.achieved_rps)),
                ),
            )
        )
        self.query_one("#lag", Chart).show(
            ChartData(
                title="send lag p99 of each second, the worst variant's",
                unit="ms",
                lines=(Line("lag", marks[2], _worst_lag(state)),),
                logarithmic=state.logarithmic,
            )
        )


def _seconds(state: ViewState) -> list[tuple[int, list[Window]]]:
    found = [pair for name in state.history.variants for pair in state.history.windows(name)]
    found = [pair for pair in found if pair[0] < state.passed_s]
    found.sort(key=lambda pair: pair[0])
    return [
        (t_s, [window for _, window in group])
        for t_s, group in groupby(found, key=lambda pair: pair[0])
    ]


def _summed(
    state: ViewState, read: Callable[[Window], float]
) -> tuple[tuple[float, float | None], ...]:
    """Invocations per second over all variants; a partial second counts with its length."""
    return tuple(
        (float(t_s), sum(read(window) * window.duration_s for window in windows))
        for t_s, windows in _seconds(state)
    )


def _worst_lag(state: ViewState) -> tuple[tuple[float, float | None], ...]:
    points = []
    for t_s, windows in _seconds(state):
        lags = [window.measure(Measure.SEND_LAG).at(0.99) for window in windows]
        values = [lag.value_ns / NS_PER_MS for lag in lags if lag is not None]
        points.append((float(t_s), max(values, default=None)))
    return tuple(points)


def _workers(state: ViewState) -> Table:
    table = Table(title="engine workers, last quarter second", title_justify="left", box=None)
    for header in (
        "worker",
        "state",
        "CPU %",
        "memory MB",
        "in flight",
        "connections",
        "opened",
        "waits",
    ):
        table.add_column(header, justify="right")
    for health in state.snapshot.workers:
        table.add_row(
            str(health.worker),
            "alive" if health.alive else "DEAD",
            f"{health.cpu * 100:.0f}",
            f"{health.rss_mb:.0f}",
            count(health.in_flight),
            count(health.connections),
            count(health.connections_opened),
            count(health.connection_waits),
        )
    return table
