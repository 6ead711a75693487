"""A run as its screen knows it, and what the viewer has chosen: without any screen."""

from __future__ import annotations

import pytest

from bench.model.live import RunState
from bench.tui.analysis import Depth
from bench.tui.choices import WINDOWS, Choices
from bench.tui.run_model import RunModel
from bench.tui.state import ViewState
from tests.tui.fakes import VARIANTS, FakeRun

FIRST, SECOND = VARIANTS[0].name, VARIANTS[1].name


@pytest.fixture
def run() -> FakeRun:
    return FakeRun(4)


def state_of(model: RunModel, choices: Choices) -> ViewState:
    state = model.state(choices, {}, Depth.NONE)
    assert state is not None
    return state


def test_before_the_first_poll_there_is_nothing_to_draw(run: FakeRun) -> None:
    model = RunModel(run)
    assert model.state(Choices(), {}, Depth.NONE) is None
    assert model.variants == []
    model.toggle_held(None)
    assert not model.is_held


def test_a_cursor_on_no_variant_is_put_on_the_first(run: FakeRun) -> None:
    model, choices = RunModel(run), Choices()
    model.poll()
    assert state_of(model, choices).selected == FIRST
    choices.cursor.key = SECOND
    assert state_of(model, choices).selected == SECOND


def test_what_is_held_stays_and_the_run_goes_on_behind_it(run: FakeRun) -> None:
    model, choices = RunModel(run), Choices()
    model.poll()
    model.toggle_held(None)
    held = {}
    for window_s in WINDOWS:
        held[window_s] = state_of(model, choices).windows
        choices.next_window()
    run.play(6)
    assert model.poll().t_ns > state_of(model, choices).snapshot.t_ns
    for window_s in WINDOWS:
        assert state_of(model, choices).windows == held[window_s]
        choices.next_window()
    model.toggle_held(None)
    assert model.snapshot is state_of(model, choices).snapshot


def test_a_series_is_known_by_the_variants_whole_name_and_by_its_short_one(run: FakeRun) -> None:
    model = RunModel(run)
    model.poll()
    assert model.variant_of(FIRST) == model.variant_of("128 invoke") == FIRST
    assert model.variant_of("warm") is None


def test_a_load_is_over_when_it_has_ended_or_broken(run: FakeRun) -> None:
    model = RunModel(run)
    model.poll()
    assert not model.is_over
    model.failure = "no more sockets"
    assert model.is_over
    ended = RunModel(FakeRun(1, RunState.FINISHED))
    ended.poll()
    assert ended.is_over


def test_a_base_chosen_again_is_none() -> None:
    choices = Choices()
    choices.cursor.key = FIRST
    choices.toggle_base()
    assert choices.base == FIRST
    choices.cursor.key = SECOND
    choices.toggle_base()
    assert choices.base == SECOND
    choices.toggle_base()
    assert choices.base is None


def test_a_variant_is_hidden_by_its_name_or_by_the_cursor() -> None:
    choices = Choices()
    choices.toggle_hidden()
    assert choices.hidden == frozenset()
    choices.cursor.key = FIRST
    choices.toggle_hidden()
    choices.toggle_hidden(SECOND)
    assert choices.hidden == {FIRST, SECOND}
    choices.toggle_hidden(FIRST)
    assert choices.hidden == {SECOND}


def test_w_goes_round_the_windows() -> None:
    choices = Choices()
    seen = []
    for _ in range(4):
        seen.append(choices.window_s)
        choices.next_window()
    assert seen == [None, 60, 1, None]
