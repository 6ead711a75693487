"""What the app asks of a view."""

from __future__ import annotations

from textual.containers import Vertical

from bench.tui.state import ViewState
from bench.tui.widgets.chart import ChartData, Line


class View(Vertical):
    """One of the numbered screens. It draws what it is given and keeps nothing."""

    title = ""
    """As in the tabs."""
    help = ""
    """What `?` says of it, beside the keys that hold everywhere."""

    def show(self, state: ViewState) -> None:
        """Draw this state."""
        raise NotImplementedError


def over_time(state: ViewState) -> ChartData:
    """The chosen metric of every visible variant, second by second."""
    since_s = 0 if state.window_s is None else int(state.snapshot.t_ns / 1e9) - 60
    lines = []
    for name in state.visible:
        points: list[tuple[float, float | None]] = []
        before: int | None = None
        for t_s, window in state.history.windows(name, max(0, since_s)):
            if t_s >= state.passed_s:
                break
            if before is not None and t_s > before + 1:
                points.append((before + 1, None))  # the variant was not on
            points.append((float(t_s), state.metric.read(window)))
            before = t_s
        if points:
            lines.append(Line(name, state.looks[name], tuple(points)))
    scale = ", logarithmic" if state.logarithmic else ""
    return ChartData(
        title=f"{state.metric.name} of each second{scale}",
        unit=state.metric.unit,
        lines=tuple(lines),
        logarithmic=state.logarithmic,
    )
