"""The view of retries: a row for each policy, its words, and how it multiplied the load."""

from __future__ import annotations

from dataclasses import replace

from bench.model.live import Snapshot
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


class Budgeted(FakeRun):
    """Whose first variant pays for retries with tokens, and whose second has an open breaker."""

    def snapshot(self) -> Snapshot:
        own = super().snapshot()
        rest = len(VARIANTS) - 2
        told = (
            replace(
                one,
                tokens_by_variant=(500.0 - one.t_s, None, *[None] * rest),
                open_breakers_by_variant=(0, 1, *[0] * rest),
            )
            for one in own.vitals
        )
        return replace(own, vitals=tuple(told))


async def test_m_goes_on_to_tokens_and_breakers_over_time() -> None:
    app = LamloadApp(Budgeted(30))
    async with app.run_test(size=(140, 40)) as pilot:
        await pilot.press(KEY)
        await drawn(pilot)
        chart, titles = app.screen.query_one("#amplification", Chart), []
        while (title := chart.data.title) not in titles:
            titles.append(title)
            if title == "retry tokens left":
                (own, *others) = (line.points for line in chart.data.lines)
                assert own[0] == (0, 500) and own[-1] == (28, 472)
                assert not any(len(points) for points in others)
            if title == "open breakers":
                assert {y for _, y in chart.data.lines[1].points} == {1}
            await pilot.press("m")
            await drawn(pilot)
    assert titles == [
        *("attempts a call", "attempts a call against failures", "goodput", "throughput"),
        *("backoff mean", "retry tokens left", "open breakers"),
    ]


async def test_nine_tabs_are_all_named_on_eighty_columns() -> None:
    app = LamloadApp(FakeRun(1))
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        row = screen_of(app).query_one(TabRow)
        shown = row.draw(80, 1)[0].text
    for number, view in enumerate(VIEWS, 1):
        assert f" {number} {view.title.split()[0]}" in shown
