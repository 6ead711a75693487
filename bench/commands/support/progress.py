"""The headless run's story on stderr: a line that renews itself, or one a second in a pipe."""

from __future__ import annotations

import sys
from typing import TextIO

from bench.model.live import RunState, Snapshot
from bench.model.result import Window
from bench.model.times import NS_PER_S
from bench.output.streams import Story, is_behind

_EVERY_NS = NS_PER_S
_CLEAR = "\r\x1b[K"


class Progress:
    """Prints snapshots. quiet prints nothing."""

    def __init__(self, stream: TextIO | Story | None = None, quiet: bool = False) -> None:
        self._stream = stream or sys.stderr
        self._quiet = quiet
        self._renews = self._stream.isatty()
        self._next_ns = 0
        self._open = False

    def update(self, snapshot: Snapshot) -> None:
        """Show a snapshot if it is time for one, and if somebody has read those before."""
        if self._quiet or (snapshot.t_ns < self._next_ns and not self._renews):
            return
        if is_behind(self._stream):
            return
        self._next_ns = snapshot.t_ns - snapshot.t_ns % _EVERY_NS + _EVERY_NS
        if self._renews:
            self._stream.write(_CLEAR + progress_line(snapshot)[:158])
            self._open = True
        else:
            self._stream.write(progress_line(snapshot) + "\n")
        self._stream.flush()

    def write_line(self, text: str) -> None:
        """One line of the story, on a line of its own."""
        if not self._quiet:
            self.end()
            self._stream.write(text + "\n")
            self._stream.flush()

    def end(self) -> None:
        """Leave the cursor on a fresh line."""
        if self._open:
            self._stream.write(_CLEAR)
            self._open = False


def progress_line(snapshot: Snapshot) -> str:
    """`12.0 s of 45.0 s  round 1 steady  alb-512MB  20.1/s of 20/s  3 in flight  errors 0`.

    Of a search, whose end nobody knows, `12.0 s  step 4: grow 20/s  alb-512MB  20.1/s of 20/s`.
    """
    elapsed = f"{snapshot.elapsed_ns / NS_PER_S:5.1f} s"
    if snapshot.whole_ns is not None:
        elapsed += f" of {snapshot.whole_ns / NS_PER_S:.1f} s"
    parts = [elapsed, _where(snapshot)]
    parts.append(f"{snapshot.achieved_rps:.1f}/s of {snapshot.planned_rps:.1f}/s")
    parts.append(f"{snapshot.in_flight} in flight")
    parts.append(f"errors {sum(window.tally.failed for window in snapshot.windows)}")
    dropped = sum(window.tally.dropped for window in snapshot.windows)
    if dropped:
        parts.append(f"dropped {dropped}")
    lag = snapshot.send_lag.at(0.99)
    if lag is not None and snapshot.send_lag.count:
        parts.append(f"send lag p99 {lag.value_ns / 1e6:.2f} ms")
    return "  ".join(parts)


def _where(snapshot: Snapshot) -> str:
    searches = snapshot.remaining_ns is None
    if snapshot.state is not RunState.RUNNING or snapshot.segment is None:
        return snapshot.phase if searches and snapshot.phase else snapshot.state.value
    names = ", ".join(_name(snapshot.windows, index) for index in snapshot.segment.variants[:3])
    more = len(snapshot.segment.variants) - 3
    if more > 0:
        names += f" and {more} more"
    turn = "" if searches else f"round {snapshot.segment.round + 1} "
    return f"{turn}{snapshot.phase}  {names}"


def _name(windows: tuple[Window, ...], index: int) -> str:
    return windows[index].variant.name if index < len(windows) else str(index)
