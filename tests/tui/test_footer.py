"""Which keys the bar at the bottom offers, and what a click on one does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.model.live import RunState
from bench.model.outcome import Verdict
from bench.model.profile import CapacitySpec
from bench.tui.app import LamloadApp
from bench.tui.run_model import RunModel
from bench.tui.screens.footer import footer_hints
from bench.tui.views.base import View, ViewContext
from bench.tui.views.compare import CompareView
from bench.tui.views.history import HistoryView
from bench.tui.widgets.keybar import KeyBar
from tests.tui.fakes import FakeRun
from tests.tui.picture import rows_of
from tests.tui.test_app import drawn


def offered(run: FakeRun, view: type[View] = CompareView) -> list[str]:
    model = RunModel(run)
    model.poll()
    hints = footer_hints(model, view(ViewContext()), {"rate_up": "+", "rate_down": "-"})
    return [" ".join([*(key for key, _ in hint.keys), hint.label]) for hint in hints]


def test_a_running_run_offers_every_key_of_the_load() -> None:
    assert {"+ - rate", "n next phase", "p hold load", "s stop"} <= set(offered(FakeRun(1)))


def test_a_run_that_has_ended_offers_none_of_them() -> None:
    over = offered(FakeRun(1, RunState.FINISHED))
    assert not {"+ - rate", "n next phase", "p hold load", "s stop"} & set(over)


def test_a_search_for_capacity_can_only_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    searching = replace(FakeRun(1).profile, capacity=CapacitySpec(10.0, 99.0, 50_000_000))
    monkeypatch.setattr(FakeRun, "profile", searching)
    hints = set(offered(FakeRun(1)))
    assert "s stop" in hints
    assert not {"+ - rate", "n next phase", "p hold load"} & hints


def test_a_key_that_the_list_of_runs_has_for_itself_is_offered_once() -> None:
    run = FakeRun(1)
    run.verdict = Verdict.INVALID
    hints = offered(run, HistoryView)
    assert [hint for hint in hints if hint.split()[0] in "mv"] == ["m mark", "v open report"]
    assert {"m metric", "v verdict"} <= set(offered(run))


async def test_each_of_two_keys_that_share_their_label_can_be_clicked() -> None:
    run = FakeRun(1)
    app = LamloadApp(run)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        row = rows_of(app, 80).splitlines()[-1]
        assert "+ - rate" in row
        for key in "-+":
            await pilot.click(KeyBar, offset=(row.index(f"{key} "), 0))
    assert [command.value for command in run.commands] == [0.9091, 1.0]
