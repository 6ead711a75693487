"""What a run shows while it searches: nobody knows when that ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.commands.support.progress import progress_line
from bench.tui.app import LamloadApp
from tests.tui.fakes import FakeRun
from tests.tui.test_app import SIZES, drawn, status


class SearchingRun(FakeRun):
    remaining_ns = None
    phase = "step 4: grow 120/s"


@pytest.mark.parametrize("size", SIZES)
async def test_the_step_is_shown_and_no_end_that_nobody_knows(size: tuple[int, int]) -> None:
    app = LamloadApp(SearchingRun())
    async with app.run_test(size=size) as pilot:
        await drawn(pilot)
        said = status(app)
    assert "0:30 so far" in said
    assert "step 4: grow 120/s" in said
    for word in ("left", "0:30 of", "━", "─"):
        assert word not in said, word


def test_a_line_of_progress_says_the_step_and_no_end() -> None:
    searching = SearchingRun().snapshot()
    assert progress_line(searching).startswith(" 30.0 s  step 4: grow 120/s  invoke-128MB, ")
    waiting = replace(searching, segment=None, phase="step 4: waiting for answers")
    assert progress_line(waiting).startswith(" 30.0 s  step 4: waiting for answers  ")


def test_a_line_of_progress_says_the_end_where_there_is_one() -> None:
    planned = FakeRun().snapshot()
    assert progress_line(planned).startswith(" 30.0 s of 40.0 s  round 1 steady  invoke-128MB, ")
