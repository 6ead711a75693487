"""The rows of a table as strips of exactly its width: group titles, headers, cells. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from bench.report.axes import Axis
from bench.tui.palette import Paint, Tone
from bench.tui.widgets.columns import (
    BLANK,
    GAP,
    Cell,
    Column,
    Placed,
    Row,
    SortOrder,
    clipped,
    padded,
)
from bench.tui.widgets.drawn_cells import scale_text
from bench.tui.widgets.strip_widget import strip_of

StyledText = tuple[str, Style]
_LEAST_NOTE = 9
"""Cells below which a cut note says nothing."""


def group_strip(visible: Sequence[Placed], width: int, paint: Paint, rule: str) -> Strip:
    """`── arrivals ──`: the title of each group of columns, centred above them in its rule."""
    parts: list[StyledText] = []
    at = 0
    for title, members in groupby(visible, key=lambda placed: placed[0].group):
        columns = list(members)
        start, (last, last_start) = columns[0][1], columns[-1]
        if title:
            parts.append((" " * (start - at), paint.rule))
            at = last_start + last.width
            parts += _title_in_rule(title, at - start, paint, rule)
    return strip_of(parts, width)


def _title_in_rule(title: str, room: int, paint: Paint, rule: str) -> Iterable[StyledText]:
    first = title.partition(" ")[
        0
    ]  # `attempt` of `attempt ms`: of one column there is no more room
    text = next((t for t in (f" {title} ", f" {first} ", first) if len(t) <= room), "")
    rules = room - len(text)
    yield rule * (rules // 2), paint.rule
    yield text, paint[Tone.DIM]
    yield rule * (rules - rules // 2), paint.rule


def rows_in_sight(top: int, room: int, count: int, is_ascii: bool) -> str:
    """`↑↓ 3–9 of 30`, with an arrow to each side on which there are more; '' where all are seen."""
    bottom = min(count, top + room)
    if count <= room or room <= 0:
        return ""
    up, down, dash = ("^", "v", "-") if is_ascii else ("↑", "↓", "–")
    arrows = (up if top else "") + (down if bottom < count else "")
    return f"{arrows} {top + 1}{dash}{bottom} of {count}"


def note_of_hidden(note: str, rows: str, hidden: int, room: int, is_ascii: bool) -> str:
    """A table's note behind what is out of sight of it: rows, and columns that arrow keys bring.

    In as many words as have a place in `room` cells; the note itself is the first to be cut.
    """
    if hidden <= 0 and not rows:
        return note
    arrows = "<- ->" if is_ascii else "← →"
    ends = (f" more column{'s' if hidden > 1 else ''}", " more", "")
    columns = [f"{arrows} {hidden}{end}" for end in ends] if hidden > 0 else [""]
    notes = [", ".join(filter(None, (note, rows, end))) for end in columns]
    shortest = ", ".join(filter(None, (rows, columns[-1])))
    left = room - len(shortest) - 2
    cut = f"{clipped(note, left)}, {shortest}" if left >= _LEAST_NOTE else shortest
    return next((text for text in notes if len(text) <= room), cut)


def header_strip(
    visible: Sequence[Placed],
    width: int,
    paint: Paint,
    sort: SortOrder | None,
    is_ascii: bool,
    axes: Mapping[str, Axis],
) -> Strip:
    """The headers; that of the column by which the rows are sorted has an arrow.

    axes: by their columns' keys; their labels are the header.
    """
    parts: list[StyledText] = []
    for column, _ in visible:
        axis = axes.get(column.key)
        text = column.header if axis is None else scale_text(axis, column.width)
        tone = Tone.DIM
        if sort is not None and sort.key == column.key:
            text, tone = (sort.arrow(is_ascii) + text)[: column.width], Tone.ACCENT
        parts.append((padded(text, column), paint[tone]))
        parts.append((" " * GAP, paint[Tone.DIM]))
    return strip_of(parts, width)


def row_strip(
    row: Row, visible: Sequence[Placed], width: int, paint: Paint, ground: Style, is_ascii: bool
) -> Strip:
    """The cells of a row. ground: of the whole row, null where the cursor is not."""
    parts: list[StyledText] = []
    for column, _ in visible:
        cell = row.cells.get(column.key, BLANK)
        parts += _cell_parts(cell, column, paint, ground, is_ascii)
        parts.append((" " * GAP, ground))
    used = sum(cell_len(text) for text, _ in parts)
    parts.append((" " * max(0, width - used), ground))
    return strip_of(parts, width)


def _cell_parts(
    cell: Cell, column: Column, paint: Paint, ground: Style, is_ascii: bool
) -> Iterable[StyledText]:
    own = _cell_style(cell, paint)
    if cell.drawing is None:
        yield padded(cell.text, column), _on(own, ground)
        return
    for text, tone in cell.drawing.parts(column.width, is_ascii):
        yield text, _on(own if tone is None else paint[tone], ground)


def _on(own: Style, ground: Style) -> Style:
    """Upside down, only weight tells cells apart."""
    return (Style(bold=own.bold) if ground.reverse else own) + ground


def _cell_style(cell: Cell, paint: Paint) -> Style:
    return paint[cell.tone] if cell.series is None else paint.style_of(cell.series)
