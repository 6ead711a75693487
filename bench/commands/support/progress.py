"""The headless run's story on stderr: a line that renews itself, or one now and then in a pipe."""

from __future__ import annotations

import os
import sys
from math import ceil
from typing import TextIO

from bench.format import quantile_text
from bench.model.live import RunState, Snapshot
from bench.model.plain import cells, fitted
from bench.model.result import HIGHEST, Window
from bench.model.times import NS_PER_S
from bench.output.streams import Story, is_behind

EVERY_NS = 5 * NS_PER_S
"""Between two lines where nothing can renew itself: a pipe, a CI job's log."""
_CLEAR = "\r\x1b[K"
_GAP = "  "


class Progress:
    """Prints snapshots. quiet prints nothing."""

    def __init__(self, stream: TextIO | Story | None = None, quiet: bool = False) -> None:
        self._stream = stream or sys.stderr
        self._quiet = quiet
        self._renews = self._stream.isatty()
        self._next_ns = 0
        self._state: RunState | None = None
        self._open = False

    def update(self, snapshot: Snapshot) -> None:
        """Show a snapshot if it is time for one, and if somebody has read those before."""
        if self._quiet or not (self._renews or self._is_time(snapshot)):
            return
        if is_behind(self._stream):
            return
        self._state = snapshot.state
        self._next_ns = snapshot.t_ns - snapshot.t_ns % EVERY_NS + EVERY_NS
        if self._renews:
            self._stream.write(_CLEAR + progress_line(snapshot, self._columns() - 1))
            self._open = True
        else:
            self._stream.write(progress_line(snapshot) + "\n")
        self._stream.flush()

    def _is_time(self, snapshot: Snapshot) -> bool:
        return snapshot.t_ns >= self._next_ns or snapshot.state is not self._state

    def _columns(self) -> int:
        """Of the terminal as it is now."""
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or 80
        except OSError:
            return 80

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


def progress_line(snapshot: Snapshot, width: int | None = None) -> str:
    """`12.0 s of 45.0 s  round 1 steady  alb-512MB  ends in 2 s  20.1/s of 20/s  errors 0`.

    Of a search, whose end nobody knows, `12.0 s  step 4: grow 20/s  alb-512MB  …`. What does not
    fit into so many cells is left out, the least wanted first.
    """
    parts = [part for part in _parts(snapshot) if part[1]]
    while width is not None and len(parts) > 1 and _length(parts) > width:
        parts.remove(max(parts, key=lambda part: part[0]))
    line = _GAP.join(text for _, text in parts)
    return line if width is None else fitted(line, width)


def _length(parts: list[tuple[int, str]]) -> int:
    return sum(cells(text) + len(_GAP) for _, text in parts) - len(_GAP)


def _parts(snapshot: Snapshot) -> list[tuple[int, str]]:
    """What there is to say, each with its rank: 0 is the most wanted."""
    elapsed = f"{snapshot.elapsed_ns / NS_PER_S:5.1f} s"
    if snapshot.whole_ns is not None:
        elapsed += f" of {snapshot.whole_ns / NS_PER_S:.1f} s"
    dropped = sum(window.tally.dropped for window in snapshot.windows)
    lag = snapshot.send_lag.at(HIGHEST)
    has_lag = lag is not None and snapshot.send_lag.count
    return [
        (0, elapsed),
        (3, _where(snapshot)),
        (1, _awaited(snapshot)),
        (2, f"{snapshot.achieved_rps:.1f}/s of {snapshot.planned_rps:.1f}/s"),
        (6, f"{snapshot.in_flight} in flight"),
        (4, f"errors {sum(window.tally.failed for window in snapshot.windows)}"),
        (5, f"dropped {dropped}" if dropped else ""),
        (
            7,
            f"send lag {quantile_text(HIGHEST)} {lag.value_ns / 1e6:.2f} ms"
            if lag and has_lag
            else "",
        ),
    ]


def _awaited(snapshot: Snapshot) -> str:
    """The next thing that somebody who looks on waits for."""
    if snapshot.state is RunState.DRAINING:
        return f"waiting for {snapshot.in_flight} answers"
    if snapshot.state is RunState.HOLDING:
        return "held: nothing is sent"
    if snapshot.state is not RunState.RUNNING or snapshot.segment is None:
        return ""
    left_ns = max(0, snapshot.segment.end_ns - snapshot.t_ns)
    if snapshot.remaining_ns is not None:  # it may end by its results, long before its time
        left_ns = min(left_ns, snapshot.remaining_ns)
    return f"ends in {ceil(left_ns / NS_PER_S)} s"


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
