"""A table: fixed widths, sortable, and only cells that changed are painted anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.strip import Strip

from bench.report.axes import Axis
from bench.tui.messages import RowChosen, RowSelected, SeriesToggled
from bench.tui.palette import Tone
from bench.tui.widgets.columns import (
    BLANK,
    MARKER,
    Column,
    Placed,
    Row,
    RowCursor,
    SortOrder,
    column_at,
    ends_in_sight,
    in_order,
    known_first,
    order_key,
    placed,
    repeats_headers,
    widened,
)
from bench.tui.widgets.grid_rows import (
    group_strip,
    header_strip,
    note_of_hidden,
    row_strip,
    rows_in_sight,
)
from bench.tui.widgets.strip_widget import StripWidget, blank, strip_of

_TALL = 34
"""Rows of a screen on which every table has a place for the titles of its groups."""


class Grid(StripWidget, can_focus=True):
    """Rows under headers, one of them highlighted by the cursor."""

    DEFAULT_CSS = "Grid { height: auto; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "row up", show=False),
        Binding("down,j", "move(1)", "row down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("home", "edge(0)", "first row", show=False),
        Binding("end", "edge(1)", "last row", show=False),
        Binding("left", "sideways(-1)", "columns to the left", show=False),
        Binding("right", "sideways(1)", "columns to the right", show=False),
        Binding("o", "sort_next(1)", "sort by the next column", show=False),
        Binding("O", "turn_order", "turn the order round", show=False),
        Binding("enter", "choose", "open", show=False),
    ]

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        id: str,
        title: str = "",
        fixed: int = 1,
        follow: bool = False,
        grouped: bool = False,
        empty: str = "none",
        cursor: RowCursor | None = None,
    ) -> None:
        """fixed columns stay when the others scroll; follow keeps the last row in view.

        cursor: one that other tables of the same rows share; None is one of its own.
        """
        super().__init__(id=id)
        self.columns = self._declared = tuple(columns)
        self.title, self.note = title, ""
        self._fixed = fixed
        self._follow = follow
        self._grouped = grouped
        self._empty = empty
        self._rows: dict[str, Row] = {}
        self._axes: Mapping[str, Axis] = {}
        self._order: list[str] = []
        self._cursor = RowCursor() if cursor is None else cursor
        self._at = 0
        self._key: str | None = None  # of the row itself, where the cursor's is its owner's
        self._top = 0
        self._skipped = 0
        self._sort: SortOrder | None = None

    # -- what is shown

    def show(
        self, rows: Sequence[Row], note: str = "", axes: Mapping[str, Axis] | None = None
    ) -> None:
        """Show these rows, in the chosen order. axes: of columns that are drawn, by their keys."""
        self._axes = axes or {}
        count = len(self._order)
        was_last = self._at >= count - 1
        self.note = note
        self._rows = {row.key: row for row in rows}
        self.columns = known_first(widened(self._declared, rows), rows)
        self._order = self._sorted()
        if self._follow and was_last:
            self._at = len(self._order) - 1
        else:
            self._at = self._place_of_cursor()
        self._put_cursor(self._at)
        if max(1, count) != max(1, len(self._order)):
            self._drawn_for = None
            if self.styles.height is not None and self.styles.height.is_auto:
                self.ask_for_room()
        self._keep_in_view()
        self.redraw()

    def declare(self, columns: Sequence[Column]) -> None:
        """Have these columns from the next rows on; an order by one that is gone is given up."""
        self._declared = tuple(columns)
        if self._sort is not None and all(c.key != self._sort.key for c in self._declared):
            self._sort = None

    def _place_of_cursor(self) -> int:
        own = None if self._key is None else self._rows.get(self._key)
        key = own.key if own is not None and own.owner == self._cursor.key else self._cursor.key
        return self._order.index(key) if key in self._rows else self._at

    def _sorted(self) -> list[str]:
        """Parts stay behind what they are of, as they were given."""
        if self._sort is None:
            return list(self._rows)
        key, falls = self._sort.key, self._sort.falls
        wholes = [row for row in self._rows.values() if row.under is None]
        wholes.sort(key=lambda row: order_key(row.cells.get(key, BLANK), falls), reverse=falls)
        behind: dict[str, list[str]] = {row.key: [row.key] for row in wholes}
        for row in self._rows.values():
            if row.under is not None:
                behind[row.under].append(row.key)
        return [name for names in behind.values() for name in names]

    def _put_cursor(self, row: int) -> None:
        self._at = min(max(0, row), max(0, len(self._order) - 1))
        if self._order:
            self._key = self._order[self._at]
            self._cursor.key = self._rows[self._key].owner

    def width_of(self, key: str) -> int:
        """Cells that a column has at the present width; 0 if it is out of sight."""
        return next((column.width for column, _ in self._visible if column.key == key), 0)

    @property
    def selected(self) -> str | None:
        """Key of the row under the cursor, of a part that of its whole."""
        return self._rows[self._order[self._at]].owner if self._order else None

    @property
    def highlighted(self) -> str | None:
        """Key of the row under the cursor itself."""
        return self._order[self._at] if self._order else None

    @property
    def order(self) -> tuple[str, ...]:
        """Keys of the rows as they stand."""
        return tuple(self._order)

    def cell(self, row: str, column: str) -> str:
        """The text of a cell by the keys of its row and column."""
        return self._rows[row].cells.get(column, BLANK).text

    def row_text(self, row: str) -> str:
        """A row as tab-separated text, for the clipboard: all columns, seen or not."""
        cells = self._rows[row].cells
        return "\t".join(cells.get(c.key, BLANK).text for c in self.columns if c.key != MARKER)

    @property
    def header_text(self) -> str:
        """The headers as tab-separated text, likewise of all columns."""
        return "\t".join(column.header for column in self.columns if column.key != MARKER)

    # -- sorting

    def sort_by(self, key: str) -> None:
        """Sort by a column; again turns the order round, a third time ends it."""
        if self._sort is None or self._sort.key != key:
            self._sort_in(SortOrder(key, self._falls(key)))
        elif self._sort.falls is self._falls(key):
            self._sort_in(self._sort.reversed)
        else:
            self._sort_in(None)

    def _sort_in(self, order: SortOrder | None) -> None:
        self._sort = order
        self.show(list(self._rows.values()), self.note, self._axes)

    def action_sort_next(self, step: int) -> None:
        """Sort by the next column in sight."""
        ordered = in_order(self.columns, self.size.width)
        keys: list[str | None] = [None, *(c.key for c in ordered if c.key != MARKER)]
        at = keys.index(self._sort.key) if self._sort and self._sort.key in keys else 0
        key = keys[(at + step) % len(keys)]
        self._sort_in(None if key is None else SortOrder(key, self._falls(key)))

    def action_turn_order(self) -> None:
        """From high to low, or from low to high."""
        if self._sort is not None:
            self._sort_in(self._sort.reversed)

    def _falls(self, key: str) -> bool:
        return next(column.falls for column in self.columns if column.key == key)

    # -- moving about

    def action_move(self, step: int) -> None:
        """Move the cursor by so many rows, down if positive."""
        self._move_to(self._at + step)

    def action_page(self, step: int) -> None:
        """As many rows as are in sight."""
        self._move_to(self._at + step * max(1, self._body_height - 1))

    def action_edge(self, last: int) -> None:
        """The first or last row."""
        self._move_to(len(self._order) - 1 if last else 0)

    def action_sideways(self, step: int) -> None:
        """Scroll by a column, to the right if positive; the fixed ones stay."""
        free = len(self.columns) - self._fixed
        self._skipped = min(max(0, self._skipped + step), max(0, free - 1))
        if step > 0 and ends_in_sight(
            self.columns, self.size.width, self._fixed, self._skipped - 1
        ):
            self._skipped -= 1
        self.redraw()

    def action_choose(self) -> None:
        """Open the row under the cursor."""
        if self.selected is not None:
            self.post_message(RowChosen(self.id or "", self.selected))

    def _move_to(self, row: int) -> None:
        before = self._at
        self._put_cursor(row)
        if self._at != before:
            self._keep_in_view()
            self.redraw()
            if self.selected is not None:
                self.post_message(RowSelected(self.id or "", self.selected))

    def _keep_in_view(self) -> None:
        room = max(1, self._body_height)
        self._top = min(self._top, max(0, len(self._order) - room))
        if self._at < self._top:
            self._top = self._at
        elif self._at >= self._top + room:
            self._top = self._at - room + 1

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel moves the cursor a row down."""
        event.stop()
        self.action_move(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel moves the cursor a row up."""
        event.stop()
        self.action_move(-1)

    def on_click(self, event: events.Click) -> None:
        """Headers sort, markers hide and show, rows take the cursor."""
        self.focus()
        column = column_at(self._visible, event.x)
        row = event.y - self._head
        if row == -1 and column is not None and column.key != MARKER:
            self.sort_by(column.key)
        elif 0 <= row < self._body_height and self._top + row < len(self._order):
            key = self._order[self._top + row]
            if column is not None and column.key == MARKER:
                self.post_message(SeriesToggled(self._rows[key].owner))
            elif self.highlighted == key:
                self.action_choose()
            else:
                self._move_to(self._top + row)

    def on_resize(self) -> None:
        """The cursor's row stays in sight, and the room is filled."""
        self._keep_in_view()
        self.redraw()

    # -- drawing

    @property
    def _visible(self) -> list[Placed]:
        return placed(self.columns, self.size.width, self._fixed, self._skipped)

    @property
    def _head(self) -> int:
        return bool(self.title) + self._shows_groups + 1

    @property
    def _shows_groups(self) -> bool:
        is_tall = self.app.size.height >= _TALL
        return self._grouped and (is_tall or repeats_headers(self._declared))

    def rows_wanted(self, rows: int) -> int:
        """The height of a table with so many rows, heading and headers included."""
        return self._head + max(1, rows)

    @property
    def _body_height(self) -> int:
        return max(0, self.size.height - self._head)

    def get_content_height(self, _container: Size, _viewport: Size, _width: int) -> int:
        """Heading, header and a row each."""
        return self.rows_wanted(len(self._order))

    def draw(self, width: int, height: int) -> list[Strip]:
        """Heading, headers and the rows in sight."""
        visible = self._visible
        strips = []
        if self.title:
            room, hidden = width - len(self.title) - 8, len(self.columns) - len(visible)
            rows = rows_in_sight(self._top, self._body_height, len(self._order), self.is_ascii)
            note = note_of_hidden(self.note, rows, hidden, room, self.is_ascii)
            strips.append(self.section(width, self.title, note))
        if self._shows_groups:
            rule = "-" if self.is_ascii else "─"
            strips.append(group_strip(visible, width, self.paint, rule))
        header = header_strip(visible, width, self.paint, self._sort, self.is_ascii, self._axes)
        strips.append(header)
        if not self._order:
            strips.append(strip_of([(f"  {self._empty}", self.paint[Tone.DIM])], width))
        bottom = min(len(self._order), self._top + self._body_height)
        for number in range(self._top, bottom):
            row = self._rows[self._order[number]]
            ground = self._ground(number)
            strips.append(row_strip(row, visible, width, self.paint, ground, self.is_ascii))
        return strips + [blank(width)] * max(0, height - len(strips))

    def _ground(self, number: int) -> Style:
        if number != self._at:
            return Style.null()
        return self.paint.cursor if self.has_focus else self.paint.cursor_blurred
