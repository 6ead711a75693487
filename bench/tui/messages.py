"""Every message that our widgets send: what the user did, for whoever can act on it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from textual.message import Message


class SeriesToggled(Message):
    """A series was clicked, in a legend or by its marker: hide it, or show it again."""

    def __init__(self, series: str) -> None:
        super().__init__()
        self.series = series


class RowChosen(Message):
    """Enter, or a click on the row that is already under the cursor."""

    def __init__(self, grid: str, row: str) -> None:
        super().__init__()
        self.grid = grid
        self.row = row


class RowSelected(Message):
    """The cursor of a grid moved to another row."""

    def __init__(self, grid: str, row: str) -> None:
        super().__init__()
        self.grid = grid
        self.row = row


class RowOpened(Message):
    """A row is to be read whole: (header, cell) of every column, also of those out of sight."""

    def __init__(self, cells: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.cells = tuple(cells)


class ViewChanged(Message):
    """Another view came into sight, or another part of it, or its filter changed."""


class TabChosen(Message):
    """A view's tab was clicked."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class SeekAsked(Message):
    """A place on the time slider was clicked: a share of the recording, 0..1."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share


class PlaybackAsked(Message):
    """A past run is to be played back; run is its folder."""

    def __init__(self, run: Path) -> None:
        super().__init__()
        self.run = run


class RunsCompared(Message):
    """Two past runs were marked and are to be compared; both are folders."""

    def __init__(self, base: Path, other: Path) -> None:
        super().__init__()
        self.base = base
        self.other = other


class ReportAsked(Message):
    """The report of a past run is to be opened; run is its folder."""

    def __init__(self, run: Path) -> None:
        super().__init__()
        self.run = run
