"""Which quantiles the tables show: those that every summary has, and no others."""

from __future__ import annotations

import pytest

from bench.format import quantile_text
from bench.model.result import LADDER, QUANTILES
from bench.tui.metrics import BY_NAME
from bench.tui.views import compare, latency
from bench.tui.views.cells import quantile_columns
from bench.tui.widgets.columns import Column


@pytest.mark.parametrize("columns", [compare.COLUMNS, latency.COLUMNS])
def test_response_time_has_every_quantile_of_a_summary_in_its_order(
    columns: tuple[Column, ...],
) -> None:
    shown = [column.header for column in columns if column.group == "response ms"]
    assert shown == [*map(quantile_text, QUANTILES), "max"]


def test_those_to_speak_of_can_be_charted() -> None:
    charted = [name for name in BY_NAME if name.startswith("response p")]
    assert charted == [f"response {quantile_text(q)}" for q in sorted(LADDER)]


def test_a_quantile_that_no_summary_has_gets_no_column() -> None:
    assert [column.key for column in quantile_columns("i", "init ms", {0.5: 1, 0.999: 2})] == [
        "i50",
        "i999",
    ]
    with pytest.raises(ValueError, match="p75 is none of the quantiles of a summary"):
        list(quantile_columns("i", "init ms", {0.75: 1}))
