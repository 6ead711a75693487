"""A recorded run, with time in the viewer's hands. The clock is the test's."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.model.live import RunState
from bench.model.load import Command, CommandKind
from bench.model.outcome import Verdict
from bench.model.result import Measure
from bench.model.times import NS_PER_S
from bench.tui.app import LamloadApp
from bench.tui.playback import ALIVE_S, FASTEST, LOOK_EVERY_S, SLOWEST, PlaybackSource
from bench.tui.source import Playback, RunSource
from bench.tui.widgets.status import Status
from tests.tui.fakes import SECONDS, VARIANTS, FakeRun
from tests.tui.recorded import begin, finish, grow, record
from tests.tui.test_app import drawn, screen_of


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("runs"))


def test_a_playback_is_a_source_that_can_be_steered(folder: Path) -> None:
    playback: RunSource = PlaybackSource(folder)
    assert isinstance(playback, Playback)


def test_it_plays_as_time_passes_and_stops_at_the_end(folder: Path) -> None:
    clock = Clock()
    playback = PlaybackSource(folder, clock)
    assert playback.position_s == 0
    clock.now_s += 7.5
    assert playback.snapshot().t_ns == 7.5 * NS_PER_S
    assert playback.snapshot().state is RunState.RUNNING
    assert playback.status == "playing"
    clock.now_s += 1000
    over = playback.snapshot()
    assert over.t_ns == SECONDS * NS_PER_S
    assert over.state is RunState.FINISHED
    assert playback.status == "at the end"


def test_at_the_end_stand_the_figures_of_the_run(folder: Path) -> None:
    playback = PlaybackSource(folder, Clock())
    playback.seek(SECONDS)
    run = FakeRun(SECONDS, RunState.FINISHED)
    for told, lived in zip(playback.snapshot().windows, run.aggregate.totals(), strict=True):
        assert told.tally == lived.tally
        assert told.measure(Measure.RESPONSE).at(0.9) == lived.measure(Measure.RESPONSE).at(0.9)


def test_in_the_middle_it_shows_what_was_offered_by_then(folder: Path) -> None:
    playback = PlaybackSource(folder, Clock())
    playback.seek(10)
    run = FakeRun(SECONDS, RunState.FINISHED)
    by_then = [
        i.window.tally.offered for i in run.aggregate.intervals() if i.measured and i.t_s < 10
    ]
    assert sum(window.tally.offered for window in playback.snapshot().windows) == sum(by_then)
    assert {event.kind for event in playback.snapshot().events} == {"start", "command"}


def test_intervals_are_told_once_and_again_after_going_back(folder: Path) -> None:
    playback = PlaybackSource(folder, Clock())
    playback.toggle()
    playback.seek(5)
    assert len(playback.snapshot().intervals) == 5 * len(VARIANTS)
    assert playback.snapshot().intervals == ()
    playback.seek(3)
    assert playback.rewound
    assert not playback.rewound
    assert {interval.t_s for interval in playback.snapshot().intervals} == {0, 1, 2}


def test_it_pauses_and_goes_on(folder: Path) -> None:
    clock = Clock()
    playback = PlaybackSource(folder, clock)
    playback.toggle()
    clock.now_s += 5
    assert playback.snapshot().t_ns == 0
    assert playback.status == "paused"
    playback.toggle()
    clock.now_s += 5
    assert playback.snapshot().t_ns == 5 * NS_PER_S


def test_playing_at_the_end_begins_again(folder: Path) -> None:
    playback = PlaybackSource(folder, Clock())
    playback.seek(1e9)
    assert playback.position_s == playback.end_s == SECONDS
    playback.snapshot()
    playback.toggle()
    assert playback.position_s == 0
    assert playback.rewound


@pytest.mark.parametrize(("factor", "speed"), [(2.0, FASTEST), (0.5, SLOWEST)])
def test_its_speed_has_bounds(folder: Path, factor: float, speed: float) -> None:
    clock = Clock()
    playback = PlaybackSource(folder, clock)
    for _ in range(20):
        playback.change_speed(factor)
    clock.now_s += 0.5
    assert playback.snapshot().t_ns == pytest.approx(0.5 * speed * NS_PER_S, rel=1e-6)


def test_a_recording_takes_no_commands(folder: Path) -> None:
    playback = PlaybackSource(folder, Clock())
    before = playback.snapshot()
    playback.command(Command(CommandKind.ABORT))
    assert playback.snapshot().state is before.state


def test_a_run_that_is_still_written_is_followed_to_its_end(tmp_path: Path) -> None:
    clock = Clock()
    writer = begin(tmp_path, 10)
    playback = PlaybackSource(writer.path, clock)
    assert playback.status == "following"
    assert playback.snapshot().t_ns == 10 * NS_PER_S
    grow(writer, FakeRun(14), 10)
    assert playback.end_s == 10  # not looked yet
    clock.now_s += LOOK_EVERY_S
    assert playback.snapshot().t_ns == 14 * NS_PER_S
    finish(writer)
    clock.now_s += LOOK_EVERY_S
    playback.snapshot()
    assert playback.end_s == SECONDS
    assert playback.status != "following"


def test_a_run_that_goes_on_is_judged_by_what_is_there(tmp_path: Path) -> None:
    clock = Clock()
    playback = PlaybackSource(begin(tmp_path, 20).path, clock)
    assert playback.is_running
    told = playback.snapshot()
    assert (told.state, told.verdict, told.reasons) == (RunState.RUNNING, Verdict.VALID, ())


def test_a_run_that_fell_silent_is_not_followed_for_ever(tmp_path: Path) -> None:
    clock = Clock()
    playback = PlaybackSource(begin(tmp_path, 20).path, clock)
    clock.now_s += ALIVE_S + 1
    told = playback.snapshot()
    assert told.state is RunState.INTERRUPTED
    assert "partial results" in told.reasons[0].text
    assert playback.status == "nothing new for 11 s"


async def test_the_header_says_that_a_run_is_followed(tmp_path: Path) -> None:
    writer = begin(tmp_path, 20)
    app = LamloadApp(PlaybackSource(writer.path, Clock()))
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        said = screen_of(app).query_one(Status).plain
        assert "FOLLOWING" in said
        assert "VALID so far" in said
        await pilot.press("comma")
        assert "BEHIND" in screen_of(app).query_one(Status).plain


def test_a_half_written_line_waits_for_its_rest(tmp_path: Path) -> None:
    clock = Clock()
    writer = begin(tmp_path, 10)
    file = writer.path / "intervals.csv"
    whole = file.read_text("utf-8")
    file.write_text(whole[:-20], encoding="utf-8")
    playback = PlaybackSource(writer.path, clock)
    seen = sum(window.tally.offered for window in playback.snapshot().windows)
    file.write_text(whole, encoding="utf-8")
    clock.now_s += LOOK_EVERY_S
    assert sum(window.tally.offered for window in playback.snapshot().windows) > seen


def test_any_other_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is not a run's folder: it has no manifest\.json"):
        PlaybackSource(tmp_path)
