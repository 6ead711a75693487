"""What the first screen shows beneath its answer and table: it follows from the question asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bench.model.part import Part
from bench.model.profile import Order
from bench.record.question import Question
from bench.tui.metrics import AMPLIFICATION, COLD_STARTS
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
from bench.tui.views.over_memory import (
    cold_over_memory,
    cost_over_memory,
    known_sizes,
    time_over_memory,
)
from bench.tui.views.policy_charts import recovery_map
from bench.tui.views.time_charts import over_time
from bench.tui.views.trade import trade_chart
from bench.tui.widgets.chart_data import ChartData

_FEWEST_SIZES = 3
"""Of memory, for a picture over it: two are a line."""
Draw = Callable[[ViewState, int], ChartData]
"""(what there is, the plot's width) → a chart."""


def _over_time(state: ViewState, width: int) -> ChartData:
    return over_time(state, state.metric, width)


def _amplification(state: ViewState, width: int) -> ChartData:
    return over_time(state, AMPLIFICATION, width, title="attempts a call", chosen=False)


def _memory_and_time(state: ViewState, _width: int) -> ChartData:
    return time_over_memory(state)


def _memory_and_cost(state: ViewState, _width: int) -> ChartData:
    return cost_over_memory(state)


def _trade(state: ViewState, _width: int) -> ChartData:
    return trade_chart(state)


@dataclass(frozen=True, slots=True)
class FirstScreen:
    """main: has a place on every screen; beside: on a wide one.

    ladder: steps stand before main, and in its place on a narrow screen unless it is mapped. pair:
    main says half of it, beside has a place wherever two charts have one.
    """

    main: Draw = _over_time
    beside: Draw = _trade
    ladder: bool = False
    mapped: bool = False
    pair: bool = False

    @property
    def has_picture(self) -> bool:
        """True where main is no chart of a metric over time."""
        return self.main is not _over_time


def _environments(state: ViewState, width: int) -> ChartData:
    return over_time(state, COLD_STARTS, width, title="new environments", chosen=False)


def _cold_and_memory(state: ViewState, _width: int) -> ChartData:
    return cold_over_memory(state)


_SIZES = FirstScreen()
_COLD = FirstScreen(_environments)
_COLD_SIZES = FirstScreen(_cold_and_memory, _environments)
_OVER_MEMORY = FirstScreen(_memory_and_time, _memory_and_cost, pair=True)
_TRADED = FirstScreen(_trade, _over_time)
_OF_VARIANTS = (Question.SIZES, Question.PRECISION)
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
    elif question is Question.COLD:
        screen = _COLD_SIZES if cold_over_memory(state).lines else _COLD
    elif question in _OF_VARIANTS or (question is Question.CALLERS and not _has_levels(parts)):
        screen = _of_variants(state)
    else:
        screen = _SCREENS.get(question, _SIZES)
    if state.chose_metric:
        return replace(screen, main=_over_time, mapped=False, pair=False)
    return screen


def _has_levels(parts: Sequence[Part]) -> bool:
    """Whether callers became more or fewer; else variants are all that differ."""
    return len({part.callers for part in parts}) > 1


def _of_variants(state: ViewState) -> FirstScreen:
    """Variants that take turns are told by what they came to: over time each has gaps of others."""
    if state.profile.load.order is Order.TOGETHER or len(state.totals) == 1:
        return _SIZES
    has_settings = any(any(variant.named_levels()) for variant in state.profile.variants)
    if not has_settings and len(known_sizes(state)) >= _FEWEST_SIZES:
        return _OVER_MEMORY
    return _TRADED if len(trade_chart(state).labelled) > 1 else _SIZES
