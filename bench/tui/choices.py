"""What the viewer has chosen to look at, and how. All views share it; the run has no part in it."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.tui.metrics import METRICS, Metric
from bench.tui.widgets.columns import RowCursor

WINDOWS: tuple[int | None, ...] = (None, 60, 1)
"""Seconds that the tables cover, in the order of the key w; None is the whole run."""


@dataclass(slots=True)
class Choices:
    """base, hidden and the cursor's key are names of variants.

    metric: what charts over time show, None while nobody has chosen. logarithmic: None leaves each
    axis to its span. turns: whether charts over time lay turns over each other, None leaves it to
    the run. The cursor is that of every table of variants: the row that is highlighted in one view
    is highlighted in the next.
    """

    metric: Metric | None = None
    logarithmic: bool | None = None
    turns: bool | None = None
    base: str | None = None
    hidden: frozenset[str] = frozenset()
    cursor: RowCursor = field(default_factory=RowCursor)
    _window: int = 0

    @property
    def window_s(self) -> int | None:
        """Seconds that the tables cover; None is the whole run."""
        return WINDOWS[self._window]

    def next_window(self) -> None:
        """Go on to the next of WINDOWS, from the last to the first."""
        self._window = (self._window + 1) % len(WINDOWS)

    def next_metric(self, first: Metric, *, has_picture: bool = False) -> None:
        """Go on to the next metric, behind the last of them to what stands there by itself.

        first: the metric that charts begin with. has_picture: they begin with something else.
        """
        if self.metric is None and has_picture:
            self.metric = first
            return
        after = METRICS[(METRICS.index(self.metric or first) + 1) % len(METRICS)]
        self.metric = None if after is first else after

    def toggle_scale(self) -> None:
        """Go on from axes by their span to logarithmic ones, to linear ones, and round again."""
        self.logarithmic = {None: True, True: False, False: None}[self.logarithmic]

    def toggle_base(self) -> None:
        """Make the highlighted variant the baseline, or have none if it is that already."""
        self.base = None if self.cursor.key == self.base else self.cursor.key

    def toggle_hidden(self, variant: str | None = None) -> None:
        """Take a variant out of the charts or put it back; None is the highlighted one."""
        name = self.cursor.key if variant is None else variant
        if name is not None:
            self.hidden ^= {name}
