"""Policies as points: what retries cost against how soon all was well again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import log

from bench.model.result import Window
from bench.record.recovery import slowest
from bench.report.axes import Axis
from bench.report.recovery_map import (
    RecoveryPoint,
    RecoveryScale,
    recovery_points,
    recovery_scale,
)
from bench.tui.state import ViewState
from bench.tui.widgets.chart_data import ChartData

_CELLS_A_TICK = 12
_NEAR, _NEAR_FACTOR = 0.08, 0.22
"""Of the axis across, and of the logarithm of attempts: closer together than that, two names do not
find a place each."""


def with_recovery(state: ViewState, window: Window) -> Window:
    """A window with what is known of the whole run: when its variant was as before."""
    found = state.analysis.came_back.get(window.variant, ())
    return replace(window, recovery=slowest(found))


def recovery_map(state: ViewState, width: int) -> ChartData:
    """A point per policy: seconds until all was as before, attempts for each call. Whole run."""
    shown = [with_recovery(state, w) for n, w in state.totals.items() if n not in state.hidden]
    points = recovery_points(shown)
    title = "attempts a call against time to recover"
    if not points:
        return _against_failures(state)
    scale = recovery_scale(points, max(3, width // _CELLS_A_TICK))
    names = {w.recovery.disturbance for w in shown if w.recovery is not None}
    disturbed = next(iter(names)) if len(names) == 1 else "disturbance"
    return ChartData(
        title=title,
        note=f"attempts (log) over s after the {disturbed}; whole run",
        logarithmic=True,
        x=scale.axis,
        labelled=tuple(
            (
                scale.place(p),
                p.amplification,
                "" if is_crowded(p, points, scale) else state.short(p.name),
                state.styles[p.name],
            )
            for p in points
        ),
    )


def is_crowded(point: RecoveryPoint, points: Sequence[RecoveryPoint], scale: RecoveryScale) -> bool:
    """Whether its name would stand beside another's marker: the table has the markers too."""
    return any(
        abs(scale.axis.at(scale.place(other)) - scale.axis.at(scale.place(point))) < _NEAR
        and abs(log(other.amplification / point.amplification)) < _NEAR_FACTOR
        for other in points
        if other is not point
    )


def _against_failures(state: ViewState) -> ChartData:
    """Where nothing was disturbed, or nothing is known of it: against what failed."""
    labelled = tuple(
        (100 * tally.failed / tally.finished, amplification, state.short(name), state.styles[name])
        for name, window in state.totals.items()
        if name not in state.hidden
        and (tally := window.tally).finished
        and (amplification := tally.retry_amplification) is not None
    )
    most = max((x for x, *_ in labelled), default=0.0)
    return ChartData(
        title="attempts a call against failures",
        note="% of calls that failed; whole run",
        x=None if most else Axis(0.0, 1.0, ((0.0, "0"), (1.0, "1"))),
        labelled=labelled,
    )
