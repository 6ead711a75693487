"""What a heat map is drawn from: bounded however long a run is, and no answer lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.model.result import Interval
from bench.record.heat_log import MOST_COLUMNS, HeatLog
from bench.record.window import empty_window
from tests.record.build import LARGE, SMALL


def second(t_s: int, measured: bool = True, variant: object = SMALL) -> Interval:
    window = replace(empty_window(SMALL if variant is SMALL else LARGE), duration_s=1.0)
    return Interval(t_s, "steady", measured, window, spread=((t_s % 7, 2), (40, 1)))


@pytest.mark.parametrize("seconds", [1, MOST_COLUMNS, MOST_COLUMNS + 1, 1000])
def test_columns_are_few_and_hold_every_answer(seconds: int) -> None:
    log = HeatLog()
    for t_s in range(seconds):
        log.add(second(t_s))
    (columns,) = log.maps().values()
    assert len(columns) <= MOST_COLUMNS
    assert sum(column.seconds for column in columns) == seconds
    assert sum(sum(column.counts.values()) for column in columns) == 3 * seconds
    assert [column.t_s for column in columns] == sorted({column.t_s for column in columns})


def test_a_warm_up_and_the_turns_of_others_stay_apart() -> None:
    log = HeatLog()
    for interval in (second(0, False), second(0), second(1, variant=LARGE), second(2)):
        log.add(interval)
    maps = log.maps()
    assert [(c.t_s, c.measured) for c in maps[SMALL]] == [(0, False), (0, True), (2, True)]
    assert [c.t_s for c in maps[LARGE]] == [1]
