"""What the app asks of a view, and what several of them draw."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, TypeVar

from textual.binding import Binding
from textual.containers import Vertical
from textual.widget import Widget

from bench.model.result import Window
from bench.tui.analysis import Depth
from bench.tui.messages import RowOpened
from bench.tui.state import ViewState
from bench.tui.views.cells import VARIANT_COLUMNS
from bench.tui.widgets.columns import Column, RowCursor
from bench.tui.widgets.grid import Grid

W = TypeVar("W", bound=Widget)


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
    has_picture = False
    """True while something stands where `m` charts a metric over time."""
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
        """Draw this state, charts only when they are due. Called twice a second."""

    def is_due(self, state: ViewState, part: Widget, key: object = None) -> bool:
        """True if a chart would look different from when this was last asked.

        key None: what it shows changes once a second, or by what was chosen.
        """
        if not part.size.area:
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


def empty_window(window: Window) -> bool:
    """True if a variant was not on in the time that the tables cover."""
    return window.duration_s == 0 and window.tally.offered == 0
