"""lamload in a pseudo-terminal of 100×30: what it says there, and keys for it."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import termios
from codecs import getincrementaldecoder
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from select import select
from time import monotonic

ROOT = Path(__file__).parent.parent.parent
PATIENCE_S = 60.0
COLUMNS, ROWS = 100, 30
_PIECE = re.compile(
    r"\x1b\[(?P<numbers>[0-9;?<>=]*)[ $]?(?P<kind>[a-zA-Z@`])"
    r"|\x1b\].*?(?:\x07|\x1b\\)|\x1bP.*?\x1b\\|\x1b[()][A-Z0-9]|\x1b[=>78]"
    r"|(?P<char>[^\x1b])",
    re.DOTALL,
)


class Screen:
    """The cells of a terminal: cursor moves, clearing and text, which is all that is drawn with."""

    def __init__(self) -> None:
        self._rows = [[" "] * COLUMNS for _ in range(ROWS)]
        self._x = self._y = 0
        self._left = ""

    @property
    def text(self) -> str:
        """What it shows."""
        return "\n".join("".join(row).rstrip() for row in self._rows)

    def take(self, said: str) -> None:
        """Draw; a sequence that is not whole yet waits for its rest."""
        said, self._left, at = self._left + said, "", 0
        while at < len(said):
            piece = _PIECE.match(said, at)
            if piece is None:
                self._left = said[at:]
                return
            at = piece.end()
            if piece["char"] is not None:
                self._put(piece["char"])
            elif piece["kind"] is not None:
                self._move(piece["kind"], piece["numbers"])

    def _put(self, char: str) -> None:
        if char == "\r":
            self._x = 0
        elif char == "\n":
            self._down()
        elif char >= " " and self._x < COLUMNS:
            self._rows[self._y][self._x] = char
            self._x += 1

    def _down(self) -> None:
        if self._y < ROWS - 1:
            self._y += 1
        else:
            self._rows = [*self._rows[1:], [" "] * COLUMNS]

    def _move(self, kind: str, numbers: str) -> None:
        if kind == "H":
            row, column = ([int(n or 1) for n in numbers.split(";")] + [1, 1])[:2]
            self._y, self._x = min(row, ROWS) - 1, min(column, COLUMNS) - 1
        elif kind == "K":
            self._rows[self._y][self._x :] = [" "] * (COLUMNS - self._x)
        elif kind == "J" or (kind in "hl" and numbers == "?1049"):
            self._rows = [[" "] * COLUMNS for _ in range(ROWS)]


class Terminal:
    """A process whose stdin and stderr are a terminal; its stdout is a file that is read later."""

    def __init__(self, leader: int, process: subprocess.Popen[bytes], printed: Path) -> None:
        self._leader = leader
        self._process = process
        self._printed = printed
        self._screen = Screen()
        self._decode = getincrementaldecoder("utf-8")("replace").decode

    def wait_for(self, words: str) -> str:
        """Read until the screen shows the words; the whole screen."""
        deadline = monotonic() + PATIENCE_S
        while words not in self._screen.text:
            assert monotonic() < deadline, f"no {words!r} on:\n{self._screen.text}"
            alive = self._process.poll() is None
            assert self._take(0.5) or alive, f"ended, no {words!r} on:\n{self._screen.text}"
        return self._screen.text

    def wait_for_change(self) -> None:
        """Read until anything is drawn."""
        assert self._take(PATIENCE_S), "nothing was drawn"

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._leader, keys.encode())

    def end(self) -> tuple[int, str]:
        """Wait for the end; the exit code, and what stdout has."""
        deadline = monotonic() + PATIENCE_S
        while self._process.poll() is None and monotonic() < deadline:
            self._take(0.2)
        return self._process.wait(timeout=1), self._printed.read_text()

    def _take(self, wait_s: float) -> bool:
        if not select([self._leader], [], [], wait_s)[0]:
            return False
        try:
            taken = os.read(self._leader, 65536)
        except OSError:  # the other end is closed
            return False
        self._screen.take(self._decode(taken))
        return bool(taken)


@contextmanager
def lamload_in_terminal(
    arguments: Sequence[str], folder: Path, **variables: str
) -> Iterator[Terminal]:
    """lamload with these arguments in a folder; whatever becomes of it, it ends with the test."""
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (ROWS, COLUMNS))
    environment = {key: value for key, value in os.environ.items() if key not in ("CI", "NO_COLOR")}
    environment |= {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT), "HOME": str(folder)}
    printed = folder / "stdout.txt"
    with printed.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench", *arguments],
            cwd=folder,
            stdin=follower,
            stdout=out,
            stderr=follower,
            env=environment | variables,
            start_new_session=True,
        )
    os.close(follower)
    try:
        yield Terminal(leader, process, printed)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(leader)
