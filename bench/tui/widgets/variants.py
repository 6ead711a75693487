"""The table of variants: a row each, only changed cells are drawn anew, columns never move."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rich.console import JustifyMethod
from rich.text import Text
from textual.coordinate import Coordinate
from textual.widgets import DataTable

from bench.model import NS_PER_MS, Measure, Outcome, Window
from bench.tui.palette import Look
from bench.tui.wording import UNKNOWN, count, maximum, milliseconds, quantile, rate, share, usd

Sorting = Callable[[Window], float | str]


@dataclass(frozen=True, slots=True)
class Column:
    """Header (with its unit), width, text of a cell, what it sorts by.

    from_width is the width of the table from which the column has a place.
    """

    header: str
    width: int
    cell: Callable[[Window], str]
    sorting: Sorting
    from_width: int = 0


def _response(q: float) -> Sorting:
    def sorting(window: Window) -> float:
        found = window.measure(Measure.RESPONSE).at(q)
        return float("inf") if found is None else float(found.value_ns)

    return sorting


def _response_cell(q: float) -> Callable[[Window], str]:
    return lambda window: quantile(window.measure(Measure.RESPONSE).at(q))


def _difference(window: Window, base: Window | None) -> str:
    """p50 against the baseline row's, in percent."""
    if base is None:
        return UNKNOWN
    if base.variant == window.variant:
        return "base"
    mine, other = (w.measure(Measure.RESPONSE).at(0.5) for w in (window, base))
    if mine is None or other is None or not (mine.known and other.known and other.value_ns):
        return UNKNOWN
    return f"{(mine.value_ns / other.value_ns - 1) * 100:+.0f}%"


def _memory(window: Window) -> str:
    return f"{window.variant.memory_mb} MB" if window.variant.memory_mb else ""


def _outcome(outcome: Outcome) -> Callable[[Window], int]:
    return lambda window: window.tally.outcomes[outcome]


def _errors(window: Window) -> int:
    return window.tally.failed - window.tally.outcomes[Outcome.THROTTLED]


def _ok_share(window: Window) -> float:
    return window.tally.ok / max(1, window.tally.finished)


def _largest(window: Window) -> int:
    return window.measure(Measure.RESPONSE).max_ns


def _billed(window: Window) -> str:
    mean_ms = window.billed_ms_mean
    return UNKNOWN if mean_ms is None else milliseconds(mean_ms * NS_PER_MS)


def _counted(header: str, width: int, read: Callable[[Window], int], from_width: int = 0) -> Column:
    return Column(header, width, lambda window: count(read(window)), read, from_width)


COLUMNS: tuple[Column, ...] = (
    Column("memory", 7, _memory, lambda w: w.variant.memory_mb or 0),
    Column("endpoint", 10, lambda w: w.variant.endpoint.value, lambda w: w.variant.endpoint.value),
    _counted("offered", 8, lambda w: w.tally.offered, 150),
    Column("sent/s", 6, lambda w: rate(w.achieved_rps), lambda w: w.achieved_rps, 110),
    _counted("flying", 6, lambda w: w.tally.in_flight, 160),
    Column("ok %", 4, lambda w: share(w.tally.ok, w.tally.finished), _ok_share),
    _counted("thr", 4, _outcome(Outcome.THROTTLED), 118),
    _counted("err", 4, _errors, 88),
    _counted("retry", 5, lambda w: w.tally.retries, 130),
    _counted("cold", 4, lambda w: w.tally.cold_starts, 124),
    Column("p50 ms", 7, _response_cell(0.5), _response(0.5)),
    Column("p90 ms", 7, _response_cell(0.9), _response(0.9)),
    Column("p99 ms", 7, _response_cell(0.99), _response(0.99)),
    Column("p99.9", 7, _response_cell(0.999), _response(0.999), 140),
    Column("max ms", 7, lambda w: maximum(w.measure(Measure.RESPONSE)), _largest, 98),
    Column("billed", 7, _billed, lambda w: w.billed_ms_mean or 0.0, 172),
    Column("$/M", 7, lambda w: usd(w.usd_per_million), lambda w: w.usd_per_million or 0.0),
    Column("vs base", 7, lambda w: "", lambda w: 0.0, 182),
)
"""The last one compares with the baseline row and is filled in by the table."""
DIFFERENCE = COLUMNS[-1].header
_LEFT = ("marker", "endpoint")


class Variants(DataTable[Text]):
    """Rows keyed by the variant's name."""

    DEFAULT_CSS = "Variants { height: auto; max-height: 60%; }"

    def __init__(self) -> None:
        super().__init__(id="variants", cursor_type="row", zebra_stripes=False)
        self._columns: tuple[Column, ...] = ()
        self._cells: dict[tuple[str, str], str] = {}
        self._order: list[str] = []
        self._sort: tuple[str, bool] | None = None
        self._hidden: frozenset[str] = frozenset()

    def on_resize(self) -> None:
        """Show the columns that have a place at this width, always the same ones."""
        columns = tuple(column for column in COLUMNS if column.from_width <= self.size.width)
        if columns != self._columns:
            self._columns = columns
            self._rebuild(self._order)

    def show(
        self,
        windows: Mapping[str, Window],
        looks: Mapping[str, Look],
        base: str | None,
        hidden: frozenset[str],
        best: frozenset[tuple[str, str]] = frozenset(),
    ) -> None:
        """Draw windows; best holds (variant, column header) of cells to be marked."""
        order = self._ordered(windows)
        if order != self._order:
            self._rebuild(order)
        for name in order:
            window, look = windows[name], looks[name]
            self._set(name, "marker", " " if name in hidden else look.marker, look.colour)
            for column in self._columns:
                if column.header == DIFFERENCE:
                    self._set(name, DIFFERENCE, _difference(window, windows.get(base or "")), "")
                    continue
                marked = "★" if (name, column.header) in best else ""
                style = "bold" if marked else ""
                self._set(name, column.header, marked + column.cell(window), style)

    def sort_by(self, header: str) -> None:
        """Sort by a column; the same one again turns the order round, a third time ends it."""
        if self._sort is None or self._sort[0] != header:
            self._sort = (header, False)
        elif not self._sort[1]:
            self._sort = (header, True)
        else:
            self._sort = None

    @property
    def selected(self) -> str | None:
        """The variant under the cursor."""
        if not self._order or not 0 <= self.cursor_row < len(self._order):
            return None
        return self._order[self.cursor_row]

    def row_text(self, name: str) -> str:
        """A row as tab-separated text, for the clipboard."""
        headers = [column.header for column in self._columns]
        said = [self._cells.get((name, header), "/") for header in headers]
        return "\t".join(text.partition("/")[2] for text in said)

    def _ordered(self, windows: Mapping[str, Window]) -> list[str]:
        names = list(windows)
        if self._sort is None:
            return names
        header, reverse = self._sort
        column = next((column for column in COLUMNS if column.header == header), None)
        if column is None:
            return names
        return sorted(names, key=lambda name: column.sorting(windows[name]), reverse=reverse)

    def _rebuild(self, order: list[str]) -> None:
        selected = self.selected
        self.clear(columns=True)
        self._cells.clear()
        self.add_column(" ", width=1, key="marker")
        for column in self._columns:
            justify: JustifyMethod = "left" if column.header in _LEFT else "right"
            header = Text(column.header, justify=justify)
            self.add_column(header, width=column.width, key=column.header)
        for name in order:
            self.add_row(*[Text("")] * (len(self._columns) + 1), key=name)
        self._order = order
        if selected in order:
            self.move_cursor(row=order.index(selected))

    def _set(self, row: str, column: str, text: str, style: str) -> None:
        """Draw a cell if it says something else than before."""
        said = f"{style}/{text}"
        if self._cells.get((row, column)) == said:
            return
        self._cells[row, column] = said
        at = Coordinate(self._order.index(row), self.get_column_index(column))
        justify: JustifyMethod = "left" if column in _LEFT else "right"
        self.update_cell_at(at, Text(text, style, justify=justify))
