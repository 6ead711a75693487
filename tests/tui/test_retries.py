"""The view of retries: a row for each policy, its words, and how it multiplied the load."""

from __future__ import annotations

from bench.tui.app import LamloadApp
from bench.tui.views.registry import VIEWS
from bench.tui.views.retries import RetriesView
from bench.tui.widgets.chart import Chart
from bench.tui.widgets.tabs import TabRow
from bench.tui.widgets.text_lines import TextLines
from tests.tui.fakes import VARIANTS, FakeRun
from tests.tui.test_app import drawn, grid, screen_of

KEY = str(VIEWS.index(RetriesView) + 1)


async def test_a_row_for_each_variant_and_its_attempts_over_time() -> None:
    run = FakeRun()
    app = LamloadApp(run)
    async with app.run_test(size=(140, 40)) as pilot:
        await pilot.press(KEY)
        await drawn(pilot)
        (first, second, *_) = run.aggregate.totals()
        assert first.tally.retries and not second.tally.retries
        shown = grid(app, "policies")
        assert shown.cell(VARIANTS[0].name, "attempts retries") == str(first.tally.retries)
        assert shown.cell(VARIANTS[0].name, "attempts a call") == "1.01"
        assert shown.cell(VARIANTS[1].name, "attempts a call") == "1.00"
        words = app.screen.query_one("#policy-words", TextLines)
        assert "full-jitter, at most 3 attempts" in words.plain
        chart = app.screen.query_one("#amplification", Chart).data
        own, other = (line.points for line in chart.lines[:2])
        assert max(y for _, y in own if y is not None) > 1
        assert {y for _, y in other if y is not None} == {1.0}
        assert app.screen.query_one("#attempts", Chart).data.title == "attempts over arrivals"


async def test_nine_tabs_are_all_named_on_eighty_columns() -> None:
    app = LamloadApp(FakeRun(1))
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        row = screen_of(app).query_one(TabRow)
        shown = row.draw(80, 1)[0].text
    for number, view in enumerate(VIEWS, 1):
        assert f" {number} {view.title.split()[0]}" in shown
