"""Named points in a picture of characters, for where there is nothing but text. Pure.

Each point has a letter of its own, and its name stands below; what would cover another stands
beside it, as near as there is room.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from string import ascii_letters, digits

from bench.report.axes import Axis

LETTERS = ascii_letters + digits
"""Points beyond these are left out, and the last line says so."""
HEIGHT = 11
_WIDEST = 72
_GAP = "  "

Point = tuple[str, float, float]
"""Name, and where it lies across and upright."""


def scatter_lines(points: Sequence[Point], x: Axis, y: Axis, width: int) -> Iterator[str]:
    """The picture, at most `width` wide but for a name that is longer."""
    margin = max((len(label) for _, label in y.ticks), default=0)
    columns = max(10, min(width, _WIDEST) - margin - len(" |"))
    shown = points[: len(LETTERS)]
    drawn = _drawn(shown, x, y, columns)
    labels = {_row(y, value): label for value, label in y.ticks}
    for row, cells in enumerate(drawn):
        yield f"{labels.get(row, ''):>{margin}} |{''.join(cells)}".rstrip()
    yield f"{'':{margin}} +{'-' * columns}"
    yield f"{'':{margin}}  {_ticks(x, columns)}"
    yield from _legend([name for name, _, _ in shown], width)
    if len(points) > len(shown):
        yield f"and {len(points) - len(shown)} more"


def _row(y: Axis, value: float) -> int:
    return round((1 - y.at(value)) * (HEIGHT - 1))


def _drawn(points: Sequence[Point], x: Axis, y: Axis, columns: int) -> list[list[str]]:
    cells = [[" "] * columns for _ in range(HEIGHT)]
    for letter, (_, across, upright) in zip(LETTERS, points, strict=False):
        row = cells[_row(y, upright)]
        wanted = round(x.at(across) * (columns - 1))
        free = [at for at, cell in enumerate(row) if cell == " "]
        if free:
            row[min(free, key=lambda at: (abs(at - wanted), -at))] = letter
    return cells


def _ticks(x: Axis, columns: int) -> str:
    """Labels below their places, none over another; the last one ends with the picture."""
    text = ""
    for value, label in x.ticks:
        at = round(x.at(value) * (columns - 1)) - len(label) // 2
        at = max(0, min(at, columns - len(label)))
        if not text or at > len(text):
            text = text.ljust(at) + label
    return text


def _legend(names: Sequence[str], width: int) -> Iterator[str]:
    """`a aws-standard  b none`, in as many lines as it takes."""
    line = ""
    for letter, name in zip(LETTERS, names, strict=False):
        entry = f"{letter} {name}"
        if line and len(line) + len(_GAP) + len(entry) > width:
            yield line
            line = entry
        else:
            line = f"{line}{_GAP}{entry}" if line else entry
    if line:
        yield line
