"""Screen 1: the variants side by side, and one metric of theirs over time."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Static

from bench.tui.state import ViewState
from bench.tui.views.base import View, over_time
from bench.tui.widgets.chart import Chart
from bench.tui.widgets.variants import Variants


class CompareView(View):
    """A row per variant, the legend in its first column."""

    title = "Compare"
    help = (
        "A row per variant; its marker is that of its line in the chart.\n"
        "Response time counts from the intended arrival, retries included.\n"
        "·  too few samples to know     ≥  at least: falls among timeouts"
    )

    def compose(self) -> ComposeResult:
        """Table, caption, chart."""
        yield Variants()
        yield Static("", id="caption")
        yield Chart(id="over-time")

    def show(self, state: ViewState) -> None:
        """Draw rows, caption and, when due, the chart."""
        table = self.query_one(Variants)
        table.show(state.windows, state.looks, state.base, state.hidden)
        caption = f"response time, {state.window_name}, measured phases"
        if state.base:
            caption += f"; compared with {state.base}"
        self.query_one("#caption", Static).update(caption)
        if state.redraw_charts:
            self.query_one(Chart).show(over_time(state))
