"""What every view is given to draw: one frozen picture of the run and of the choices made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bench.model import NS_PER_S, RunState, Snapshot, Window
from bench.tui.history import History
from bench.tui.metrics import Metric
from bench.tui.palette import Look

OVER = (RunState.FINISHED, RunState.INTERRUPTED, RunState.FAILED)
WINDOWS: tuple[int | None, ...] = (None, 60, 1)
"""Seconds that the tables cover, in the order of the key w; None is the whole run."""


@dataclass(frozen=True, slots=True)
class ViewState:
    """snapshot and history as they are, windows as chosen, and how to show them."""

    snapshot: Snapshot
    history: History
    windows: Mapping[str, Window]
    looks: Mapping[str, Look]
    window_s: int | None
    metric: Metric
    logarithmic: bool
    base: str | None
    hidden: frozenset[str]
    filter: str
    redraw_charts: bool

    @property
    def window_name(self) -> str:
        """`whole run`, `last 60 s`."""
        return "whole run" if self.window_s is None else f"last {self.window_s} s"

    @property
    def passed_s(self) -> int:
        """Seconds of the run that have passed whole; all of them once it has ended."""
        if self.snapshot.state in OVER:
            return int(self.snapshot.t_ns // NS_PER_S) + 1
        return int(self.snapshot.t_ns // NS_PER_S)

    @property
    def visible(self) -> list[str]:
        """Variants that are drawn in charts."""
        return [name for name in self.looks if name not in self.hidden]
