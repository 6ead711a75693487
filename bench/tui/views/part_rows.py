"""Rows behind a variant's: its results in each part of the load, where that has several."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bench.model.part import Part
from bench.model.result import Window
from bench.report.axes import Axis
from bench.tui.palette import Tone
from bench.tui.state import ViewState
from bench.tui.widgets.columns import Cell, Row

MOST_ROWS = 40
"""Of a table; beyond that the parts of the load are left to phases.csv."""
_NAME = 10
"""Cells that the name of a part has a place in: those of an endpoint."""
Cells = Callable[[ViewState, str, Window, Axis | None], dict[str, Cell]]


def shown_parts(state: ViewState) -> Sequence[Part]:
    """Those that have a row: none where a window of time is looked at, or they are too many."""
    parts = state.analysis.parts
    if state.window_s is not None or len(parts) + len(state.windows) > MOST_ROWS:
        return ()
    return parts


def part_rows(state: ViewState, name: str, cells: Cells, axis: Axis | None) -> list[Row]:
    """Part by part in the order of the load."""
    own = [part for part in shown_parts(state) if part.window.variant.name == name]
    return [_row(state, name, part, cells, axis) for part in own]


def _row(state: ViewState, name: str, part: Part, cells: Cells, axis: Axis | None) -> Row:
    phases = {other.phase for other in state.analysis.parts}
    short = part.name
    if part.step is not None and (len(phases) == 1 or len(short) > _NAME):
        short = short.removeprefix(part.phase).strip()
    own = {"endpoint": Cell(short, part.name, Tone.DIM)}
    return Row(f"{name} {part.name} {part.step}", own | cells(state, name, part.window, axis), name)
