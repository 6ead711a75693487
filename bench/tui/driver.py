"""The terminal as Textual drives it: the size of what it draws on, and what becomes of it.

Textual draws on stderr and asks stdout for its size: with results redirected to a file it would
take 80 × 24 for granted. And it trusts its terminal: one that closes ends the thread that writes to
it, one that stops reading holds it up, and either fills a queue on which the event loop then waits,
which is the load's too.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from contextlib import suppress
from threading import Event
from typing import TYPE_CHECKING, Any

from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

from bench.output import letters
from bench.output.channel import Channel
from bench.tui.widgets.canvas import Glyphs

if TYPE_CHECKING:
    from textual.app import App

_STDERR = 2
_LETTERS = "⣿█●◆─"
PICTURES = 1 << 18
"""Bytes that may wait for a terminal: more than ten screens, each cell with a colour of its own."""
LAST_WORDS_S = 1.0
"""How long a terminal may take to hear that it is given back."""


class TerminalOutput(io.TextIOBase):
    """What is drawn on: it raises nothing, and whoever draws does not wait for it.

    To a terminal that stops reading nothing more is sent; `stale` is set until it has caught up and
    has to be drawn anew, of which `draw_anew` is told.
    """

    def __init__(
        self,
        fd: int,
        encoding: str,
        draw_anew: Callable[[], object],
        gone: Callable[[], object] = lambda: None,
    ) -> None:
        """Both are called in whatever thread has written.

        draw_anew: once there is room for a whole picture again. gone: once nobody will ever see
        anything any more; perhaps more than once.
        """
        self._fd = fd
        self._encoding = encoding
        self._draw_anew = draw_anew
        self._gone = gone
        self._channel = Channel(fd, self._caught_up)
        self.stale = Event()

    def write(self, text: str) -> int:
        """Send it, or leave it out while the terminal is behind."""
        if self._channel.backlog > PICTURES:
            self.stale.set()
            if not self._channel.backlog:  # all was taken meanwhile, and nothing more will be told
                self._caught_up()
        if not self.stale.is_set():
            self._channel.put(text.encode(self._encoding, letters.NAME))
        return len(text)

    def flush(self) -> None:
        """Nothing: what was sent is on its way."""

    def fileno(self) -> int:
        """The descriptor of the terminal."""
        return self._fd

    def settle(self) -> None:
        """Wait until all is drawn, as long as the terminal takes it."""
        self._channel.wait(LAST_WORDS_S)

    def _caught_up(self) -> None:
        if self._channel.is_gone:
            self._gone()
        elif self.stale.is_set():
            self.stale.clear()
            self._draw_anew()


class StderrDriver(LinuxDriver):
    """Asks the terminal behind stderr for its size, and outlives it."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        letters.register()
        encoding = getattr(self._file, "encoding", None) or "utf-8"
        self._file: Any = TerminalOutput(_STDERR, encoding, self._draw_anew, self._leave)

    def _get_terminal_size(self) -> tuple[int, int]:
        try:
            width, height = os.get_terminal_size(_STDERR)
        except OSError:
            return super()._get_terminal_size()
        return (width, height) if width and height else super()._get_terminal_size()

    def write(self, data: str) -> None:
        """Leave it out before there is a terminal to draw on: one may close while it comes up."""
        if self._writer_thread is not None:
            super().write(data)

    def run_input_thread(self) -> None:
        """Read keys until the terminal is given back or gone: then there are none any more."""
        with suppress(OSError):
            super().run_input_thread()

    def _sigcont_application(self, *_: object) -> None:
        """Take the terminal again if it was given back for a stop; else draw anew and no more.

        A terminal that hangs up sends SIGCONT behind its SIGHUP, also to a view that is ending. One
        that began once more there would have two threads that nobody ends, and the process none.
        """
        if self._must_signal_resume:
            super()._sigcont_application()
        else:
            self._draw_anew()

    def close(self) -> None:
        """Give the terminal back: it shows the shell's screen when this returns, if it shows."""
        super().close()
        self._file.settle()

    def _draw_anew(self) -> None:
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._app.refresh)

    def _leave(self) -> None:
        """End the view and not the load: no signal has asked for that."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._app.exit)


def glyphs_for(chosen: Glyphs, encoding: str | None) -> Glyphs:
    """Those that were chosen, where the terminal's encoding has such letters; else ASCII's."""
    try:
        _LETTERS.encode(encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return Glyphs.ASCII
    return chosen


def fitting(driver: type[Driver]) -> type[Driver]:
    """Ours in the place of Textual's own for terminals; any other (a browser's) as it is."""
    return StderrDriver if driver is LinuxDriver else driver
