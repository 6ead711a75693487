"""What the first screen shows beneath its answer and table: it follows from the question asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bench.record.question import Question
from bench.tui.metrics import AMPLIFICATION
from bench.tui.state import ViewState
from bench.tui.views.load_charts import (
    arrivals_and_successes,
    attempts_over_arrivals,
    done_over_callers,
    done_over_rate,
    latency_over_callers,
    latency_over_rate,
)
from bench.tui.views.metastability_chart import has_map, metastability_map
from bench.tui.views.policy_charts import recovery_map
from bench.tui.views.time_charts import over_time
from bench.tui.views.trade import trade_chart
from bench.tui.widgets.chart_data import ChartData

Draw = Callable[[ViewState, int], ChartData]
"""(what there is, the plot's width) → a chart."""


def _over_time(state: ViewState, width: int) -> ChartData:
    return over_time(state, state.metric, width)


def _amplification(state: ViewState, width: int) -> ChartData:
    return over_time(state, AMPLIFICATION, width, title="attempts a call", chosen=False)


def _trade(state: ViewState, _width: int) -> ChartData:
    return trade_chart(state)


@dataclass(frozen=True, slots=True)
class FirstScreen:
    """main: has a place on every screen; beside: on a wide one.

    ladder: steps stand before main, and in its place on a narrow screen unless it is mapped.
    """

    main: Draw = _over_time
    beside: Draw = _trade
    ladder: bool = False
    mapped: bool = False


_SIZES = FirstScreen()
_STORM = FirstScreen(attempts_over_arrivals, _over_time)
_SPIKE = FirstScreen(_over_time, arrivals_and_successes)
_MAP = FirstScreen(metastability_map, arrivals_and_successes, ladder=True, mapped=True)
_SCREENS: Mapping[Question, FirstScreen] = {
    Question.CAPACITY: FirstScreen(_over_time, arrivals_and_successes, ladder=True),
    Question.POLICIES: FirstScreen(recovery_map, _amplification),
    Question.RAMP: FirstScreen(latency_over_rate, done_over_rate),
    Question.SWING: FirstScreen(_over_time, latency_over_rate),
    Question.CALLERS: FirstScreen(done_over_callers, latency_over_callers),
}
"""What is not among them compares variants."""


def first_screen(state: ViewState) -> FirstScreen:
    """By what the profile asks; a metric that the viewer has chosen is drawn over time."""
    question, parts = state.analysis.question, state.analysis.parts
    if question is Question.DISTURBANCE:
        screen = _STORM if state.profile.retry.retries else _SPIKE
    elif question is Question.CAPACITY and has_map(state):
        screen = _MAP
    elif question is Question.CALLERS and len({part.callers for part in parts}) < 2:
        screen = _SIZES
    else:
        screen = _SCREENS.get(question, _SIZES)
    if state.chose_metric:
        return FirstScreen(_over_time, screen.beside, screen.ladder)
    return screen
