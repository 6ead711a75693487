from __future__ import annotations

import io
from dataclasses import replace

import pytest

from bench.commands.support.progress import EVERY_NS, Progress, progress_line
from bench.model.live import RunState, Snapshot
from bench.model.plain import cells
from bench.model.times import NS_PER_S
from tests.tui.fakes import FakeRun


@pytest.fixture
def snapshot() -> Snapshot:
    return FakeRun().snapshot()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("width", [10, 20, 40, 79, 120, 400])
def test_a_line_fits_any_width_and_says_first_how_far_it_is(snapshot: Snapshot, width: int) -> None:
    line = progress_line(snapshot, width)
    assert len(line) <= width
    assert line.startswith(" 30.0 s of 40.0 s"[:width])


@pytest.mark.parametrize("width", [10, 20, 27, 28, 40, 60])
def test_a_line_of_wide_letters_fits_in_cells(snapshot: Snapshot, width: int) -> None:
    wide = replace(snapshot, state=RunState.RUNNING, phase="負荷をかける段階")
    assert cells(progress_line(wide, width)) <= width


def test_what_is_waited_for_is_the_last_thing_to_be_left_out(snapshot: Snapshot) -> None:
    segment = snapshot.segment
    assert segment is not None
    running = replace(snapshot, t_ns=segment.end_ns - 3 * NS_PER_S // 2)
    assert progress_line(running, 30) == " 30.0 s of 40.0 s  ends in 2 s"
    counted = replace(running, remaining_ns=NS_PER_S)
    assert "  ends in 1 s" in progress_line(counted, 40)
    draining = replace(snapshot, state=RunState.DRAINING, in_flight=7)
    assert "waiting for 7 answers" in progress_line(draining, 45)
    assert "held: nothing is sent" in progress_line(replace(snapshot, state=RunState.HOLDING), 45)


def test_on_a_terminal_one_line_renews_itself(snapshot: Snapshot) -> None:
    stream = Terminal()
    progress = Progress(stream)
    progress.update(snapshot)
    progress.update(replace(snapshot, t_ns=snapshot.t_ns + 1))
    progress.end()
    assert stream.getvalue().count("\r\x1b[K") == 3
    assert "\n" not in stream.getvalue()


def test_in_a_pipe_a_line_comes_every_few_seconds_and_when_the_state_changes(
    snapshot: Snapshot,
) -> None:
    stream = io.StringIO()
    progress = Progress(stream)
    for tenth in range(100):
        progress.update(replace(snapshot, t_ns=tenth * NS_PER_S // 10))
    assert len(stream.getvalue().splitlines()) == 10 * NS_PER_S // EVERY_NS
    progress.update(replace(snapshot, t_ns=99 * NS_PER_S // 10, state=RunState.DRAINING))
    assert "waiting for" in stream.getvalue().splitlines()[-1]
    assert "\x1b" not in stream.getvalue()


def test_quiet_says_nothing(snapshot: Snapshot) -> None:
    stream = io.StringIO()
    Progress(stream, quiet=True).update(snapshot)
    assert stream.getvalue() == ""
