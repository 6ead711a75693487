"""What the app asks of a view, and what several of them draw."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import ClassVar, TypeVar

from textual.binding import Binding
from textual.containers import Vertical
from textual.widget import Widget

from bench.format import UNKNOWN
from bench.model.result import Window
from bench.model.times import NS_PER_S
from bench.report.axes import Axis
from bench.tui.analysis import Depth
from bench.tui.interval_history import every_s
from bench.tui.messages import RowOpened
from bench.tui.metrics import Metric
from bench.tui.palette import Tone
from bench.tui.state import ViewState
from bench.tui.widgets.axes import round_span_s, time_axis
from bench.tui.widgets.chart_data import ChartData, ChartLine, Flag
from bench.tui.widgets.columns import MARKER, Cell, Column, RowCursor
from bench.tui.widgets.grid import Grid

W = TypeVar("W", bound=Widget)
MOST_FLAGS = 6
MOST_POINTS = 600


@dataclass(frozen=True, slots=True)
class ViewContext:
    """What views share: the cursor of all tables of variants; where past runs lie, if anywhere."""

    cursor: RowCursor = field(default_factory=RowCursor)
    runs_root: Path | None = None


class View(Vertical):
    """One of the numbered views. It draws what it is given and keeps nothing of the run.

    What has a place depends on the size: a view's DEFAULT_CSS may begin its selectors with the
    screen's classes, `.wide`, `.narrow`, `.short` and `.tiny`.
    """

    DEFAULT_CSS = """
    View { height: 1fr; overflow: hidden; }
    """
    view_name: ClassVar[str]
    """Its id, and how its exports are called: one word, `compare`."""
    title: ClassVar[str]
    """As in the tabs."""
    help: ClassVar[str] = ""
    """What `?` says of it, beside the keys: paragraphs, one a line."""
    depth: ClassVar[Depth] = Depth.NONE
    """How much of the analysis it shows."""
    filters: ClassVar[bool] = False
    """True if `/` filters here."""
    metrics: ClassVar[str] = "the metric of the charts over time"
    """What `m` changes here."""
    own_keys: ClassVar[Sequence[Binding]] = ()
    """Of its table alone, each with an id: its name under [keys] in the configuration."""

    def __init__(self, context: ViewContext) -> None:
        super().__init__(id=self.view_name)
        self._view_context = context
        self._drawn: dict[str, object] = {}

    def __init_subclass__(cls) -> None:
        """Textual would confine the CSS of each class to what lies below the view."""
        super().__init_subclass__()
        cls.SCOPED_CSS = False

    def variant_grid(
        self, columns: Sequence[Column], *, id: str, title: str, grouped: bool = True
    ) -> Grid:
        """A table with a row for each variant, named as the variant is.

        Its cursor is that of all such tables: what is highlighted here is highlighted elsewhere.
        """
        return panel(
            Grid(
                columns,
                id=id,
                title=title,
                fixed=len(VARIANT_COLUMNS),
                grouped=grouped,
                cursor=self._view_context.cursor,
            )
        )

    @abstractmethod
    def show(self, state: ViewState) -> None:
        """Draw this state, charts only when they are due. Called up to four times a second."""

    def is_due(self, state: ViewState, part: Widget, key: object = None) -> bool:
        """True if a chart would look different from when this was last asked.

        key None: what it shows changes once a second, or by what was chosen.
        """
        if not state.redraw_charts or not part.size.area:
            return False
        return self.is_new(part.id or "", (state.chart_key if key is None else key, part.size))

    def is_new(self, part: str, key: object) -> bool:
        """True if a part of the view was last drawn for another key."""
        if self._drawn.get(part) == key:
            return False
        self._drawn[part] = key
        return True

    def open_row(self, grid: Grid, row: str) -> None:
        """Have a row read whole: some columns have no place, and some cells are cut."""
        headers, cells = grid.header_text.split("\t"), grid.row_text(row).split("\t")
        self.post_message(RowOpened(list(zip(headers, cells, strict=True))))

    def next_metric(self) -> bool:
        """Go to the view's own next metric; False if it has none and charts the common one."""
        return False

    @property
    def table(self) -> Grid | None:
        """The table whose row `y` copies."""
        return self.query(Grid).first() if self.query(Grid) else None

    @property
    def panels(self) -> list[Widget]:
        """What `z` can enlarge, in the order of Tab."""
        return list(self.query(".panel"))

    def first_focus(self) -> None:
        """Give the keyboard to the table, or to the first panel."""
        panels = [panel for panel in self.panels if panel.focusable]
        target = self.table or (panels[0] if panels else None)
        if target is not None:
            target.focus()


def panel(widget: W) -> W:
    """A part of a view that `z` can enlarge."""
    widget.add_class("panel")
    return widget


VARIANT_COLUMNS = (
    Column(MARKER, "", 1),
    Column("size", "memory", 7, falls=False),
    Column("endpoint", "endpoint", 10, left=True),
)


def variant_cells(state: ViewState, name: str) -> dict[str, Cell]:
    """Marker, size and endpoint of a variant."""
    variant, style = state.totals[name].variant, state.styles[name]
    hidden = name in state.hidden
    arm = "a" if variant.architecture.value == "arm64" else ""
    memory = variant.memory_mb
    return {
        MARKER: Cell("-" if hidden else style.marker, series=None if hidden else style),
        "size": Cell(
            UNKNOWN if memory is None else f"{memory} MB"[: 7 - len(arm)] + arm,
            memory or "",
            Tone.STRONG,
        ),
        "endpoint": Cell(variant.endpoint.value, variant.endpoint.value),
    }


def run_axis(state: ViewState, width: int) -> Axis:
    """The time axis of charts over the run, or over its last minute. It grows in few steps."""
    most = max(2, width // 12)
    if state.window_s is not None:
        return time_axis(max(0, state.passed_s - 60), max(60, state.passed_s), most)
    whole_ns = state.snapshot.whole_ns
    whole_s = inf if whole_ns is None else whole_ns / NS_PER_S
    span_s = round_span_s(max(1.0, state.passed_s))
    return time_axis(0.0, min(span_s, max(whole_s, state.passed_s, 1.0)), most)


def over_time(
    state: ViewState, metric: Metric, width: int, *, title: str = "", chosen: bool = True
) -> ChartData:
    """A metric of every variant, second by second. chosen: it is the one that `m` changes."""
    lines = tuple(
        ChartLine(
            state.short(name),
            style,
            ()
            if name in state.hidden
            else state.history.points(name, metric, state.since_s, state.passed_s, MOST_POINTS),
            hidden=name in state.hidden,
        )
        for name, style in state.styles.items()
    )
    note = f"{metric.unit}, {_grain(state)}"
    if state.logarithmic:
        note += ", log"
    if chosen and state.window_s is not None:
        note += ", last 60 s"
    return ChartData(
        title=title or metric.name,
        note=note,
        lines=lines,
        x=run_axis(state, width),
        logarithmic=state.logarithmic,
        flags=phase_flags(state),
        empty=f"no second has {metric.name} yet: too few answers in it, or none",
    )


def _grain(state: ViewState) -> str:
    """How many seconds share a point of a chart over time."""
    every = every_s(state.since_s, state.passed_s, MOST_POINTS)
    longest = state.history.longest_s(state.since_s, state.passed_s)
    if longest <= every:
        return vital_grain(state)
    return f"the highest of each {every} s, at first of each {longest} s"


def vital_grain(state: ViewState, alone: str = "each second") -> str:
    """Likewise of a chart of the run's vitals. alone: what is said where each has its own."""
    every = every_s(state.since_s, state.passed_s, MOST_POINTS)
    return alone if every == 1 else f"the highest of each {every} s"


def phase_flags(state: ViewState) -> tuple[Flag, ...]:
    """Where phases begin, unless they alternate too often to be read."""
    changes = state.history.phase_changes(state.since_s, state.passed_s)
    if not 1 < len(changes) <= MOST_FLAGS:
        return ()
    return tuple(Flag(float(second), phase) for second, phase in changes)


def empty_window(window: Window) -> bool:
    """True if a variant was not on in the time that the tables cover."""
    return window.duration_s == 0 and window.tally.offered == 0
