"""The view's terminal, when it closes or stops reading: real pseudo-terminals, no app."""

from __future__ import annotations

import os
import pty
from collections.abc import Iterator
from select import select
from threading import Event

import pytest
from textual.drivers._writer_thread import WriterThread

from bench.output import letters
from bench.tui.driver import PICTURES, StderrDriver, TerminalOutput, glyphs_for
from bench.tui.widgets.canvas import Glyphs

PICTURE = "x" * 4096
PATIENCE_S = 20.0


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    letters.register()
    leader, follower = pty.openpty()
    yield leader, follower
    os.close(follower)


def draw(canvas: TerminalOutput) -> None:
    """As Textual does it: through a thread, whose queue holds thirty pieces."""
    thread = WriterThread(canvas)  # type: ignore[arg-type]
    thread.start()
    for _ in range(200):
        thread.write(PICTURE)
    thread.stop()


def test_a_terminal_that_closes_does_not_end_who_draws_on_it(terminal: tuple[int, int]) -> None:
    leader, follower = terminal
    gone = Event()
    os.close(leader)
    draw(TerminalOutput(follower, "utf-8", lambda: None, gone.set))
    assert gone.wait(PATIENCE_S)


def test_a_terminal_that_stops_reading_is_drawn_anew_once_it_reads_again(
    terminal: tuple[int, int],
) -> None:
    leader, follower = terminal
    drawn_anew = Event()
    canvas = TerminalOutput(follower, "utf-8", drawn_anew.set)
    draw(canvas)
    assert canvas.stale.is_set()
    assert canvas._channel.backlog <= PICTURES + len(PICTURE)
    while not drawn_anew.is_set():
        # The last bytes may be read before it is told: then there is nothing more to read.
        if select([leader], [], [], 0.01)[0]:
            os.read(leader, 65536)
    assert not canvas.stale.is_set()
    canvas.write("again")
    canvas.settle()
    seen = b""
    while not seen.endswith(b"again"):
        seen += os.read(leader, 65536)
    os.close(leader)


def test_what_is_drawn_before_there_is_a_terminal_is_left_out() -> None:
    driver = StderrDriver.__new__(StderrDriver)
    driver._writer_thread = None
    driver.write("nobody sees it")


@pytest.mark.parametrize("was_suspended", [True, False])
def test_a_view_that_was_not_suspended_does_not_begin_again(
    was_suspended: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A terminal that hangs up continues whoever it belongs to."""
    done: list[str] = []
    monkeypatch.setattr(StderrDriver, "resume_application_mode", lambda _: done.append("begun"))
    monkeypatch.setattr(StderrDriver, "_draw_anew", lambda _: done.append("drawn"))
    driver = StderrDriver.__new__(StderrDriver)
    driver._auto_restart, driver._must_signal_resume = True, was_suspended
    driver._sigcont_application()
    assert done == ["begun" if was_suspended else "drawn"]


@pytest.mark.parametrize(
    ("encoding", "drawn"),
    [
        ("utf-8", Glyphs.BRAILLE),
        ("ANSI_X3.4-1968", Glyphs.ASCII),
        ("iso8859-1", Glyphs.ASCII),
        (None, Glyphs.BRAILLE),
        ("no-such-encoding", Glyphs.ASCII),
    ],
)
def test_a_terminal_without_such_letters_is_drawn_on_in_ascii(
    encoding: str | None, drawn: Glyphs
) -> None:
    assert glyphs_for(Glyphs.BRAILLE, encoding) is drawn
