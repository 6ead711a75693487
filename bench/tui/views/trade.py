"""Cost against time, with the efficient frontier among the sizes that can be compared."""

from __future__ import annotations

from bench.report.axes import linear_axis
from bench.report.points import time_and_cost
from bench.tui.palette import SeriesStyle
from bench.tui.state import ViewState
from bench.tui.widgets.chart_data import ChartData, ChartLine

FAR = 4.0
"""Costs that differ by more than this lie on a logarithmic axis: doors cost more than sizes."""


def trade_chart(state: ViewState) -> ChartData:
    """A point per variant whose time and price are known; the line is the frontier. Whole run."""
    q = state.analysis.q
    places = {
        name: place
        for window in state.analysis.compared.windows
        if (name := window.variant.name) in state.styles and name not in state.hidden
        if (place := time_and_cost(window, q)) is not None
    }
    title = f"$/M against {state.analysis.q_text}"
    if not places:
        return ChartData(title=title, note="whole run", empty="no price or no time is known")
    frontier_names = state.analysis.advice.frontier
    path = tuple(sorted(places[n] for n in frontier_names if n in places))
    frontier = ChartLine("", SeriesStyle("", _frontier_colour(state)), path)
    most = max(x for x, _ in places.values())
    costs = [y for _, y in places.values()]
    far = max(costs) > FAR * min(costs) > 0
    logarithmic = far if state.logarithmic is None else state.logarithmic
    return ChartData(
        title=title,
        note=f"ms, whole run{', log' if logarithmic else ''}; the line is the efficient frontier",
        logarithmic=logarithmic,
        lines=(frontier,),
        x=linear_axis(0.0, most, 6),
        labelled=tuple(
            (*places[n], state.short(n), state.styles[n])
            for n in sorted(places, key=lambda n: n in frontier_names)
        ),
    )


def _frontier_colour(state: ViewState) -> str:
    styles = list(state.styles.values())
    return "bright_black" if styles and styles[0].colour else ""
