"""What every view is given to draw: one frozen picture of the run and of the choices made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bench.format import bare_size
from bench.model.live import RunState, Snapshot
from bench.model.profile import Profile, Variant
from bench.model.result import Window
from bench.model.times import NS_PER_S
from bench.tui.analysis import Analysis
from bench.tui.interval_history import IntervalHistory
from bench.tui.metrics import Metric
from bench.tui.palette import SeriesStyle
from bench.tui.turns import Turns

DECADE = 10.0
_MARKERS, _ASCII_MARKERS = "○△□", "o+x"
"""Of lines that are no variants."""
OVER = (RunState.FINISHED, RunState.INTERRUPTED, RunState.FAILED)


@dataclass(frozen=True, slots=True)
class ViewState:
    """snapshot and history as they are, windows as chosen, and how to show them."""

    snapshot: Snapshot
    profile: Profile
    history: IntervalHistory
    analysis: Analysis
    totals: Mapping[str, Window]
    """The whole run, by the variant's name."""
    windows: Mapping[str, Window]
    """What the tables cover; a variant that was not on is empty."""
    styles: Mapping[str, SeriesStyle]
    window_s: int | None
    metric: Metric
    logarithmic: bool | None
    base: str | None
    selected: str | None
    hidden: frozenset[str]
    filter: str
    colours: tuple[str, ...] = ("",)
    """Of lines that are no variants: those that no variant has come first."""
    is_playback: bool = False
    turns: Turns | None = None
    """Charts over time lay these over each other; None: they show the time of the run."""
    chose_metric: bool = False
    """True once the viewer has asked for a chart over time of one metric."""

    @property
    def window_name(self) -> str:
        """`whole run, measured`, `last 60 s`, `last second`."""
        if self.window_s is None:
            return "whole run, measured"
        return "last second" if self.window_s == 1 else f"last {self.window_s} s"

    @property
    def is_over(self) -> bool:
        """True once nothing more comes."""
        return self.snapshot.state in OVER

    @property
    def passed_s(self) -> int:
        """Seconds of the run of which all has been told; all of them once it has ended."""
        if self.is_over or self.is_playback:
            return int(-(-self.snapshot.t_ns // NS_PER_S))
        return max(0, int((self.snapshot.t_ns - NS_PER_S // 2) // NS_PER_S))

    @property
    def since_s(self) -> int:
        """Where charts over time begin."""
        return 0 if self.window_s is None else max(0, self.passed_s - 60)

    @property
    def chart_key(self) -> tuple[object, ...]:
        """Equal for two states whose charts look the same."""
        return (self.passed_s, self.snapshot.state, self.window_s, self.metric.name, *self._chosen)

    @property
    def analysis_key(self) -> tuple[object, ...]:
        """Likewise for charts of the analysis alone."""
        return (id(self.analysis), *self._chosen)

    @property
    def _chosen(self) -> tuple[object, ...]:
        chosen = (self.logarithmic, self.turns, self.base, self.selected, self.hidden)
        return (*chosen, *self.styles.values())

    def is_log(self, values: Iterable[float]) -> bool:
        """As it was chosen, else logarithmic where values span more than a factor of ten.

        Noughts have no place on such an axis: with them it stays linear.
        """
        if self.logarithmic is not None:
            return self.logarithmic
        every = list(values)
        return bool(every) and max(every) > DECADE * min(every) > 0

    def line_style(self, number: int) -> SeriesStyle:
        """Of a line that is no variant, by its number in the chart."""
        is_ascii = any(style.marker.isascii() for style in self.styles.values())
        marker = _ASCII_MARKERS if is_ascii else _MARKERS
        colour = self.colours[number % len(self.colours)]
        return SeriesStyle(marker[number % len(marker)], colour)

    @property
    def visible(self) -> list[str]:
        """Variants that are drawn in charts."""
        return [name for name in self.styles if name not in self.hidden]

    def short(self, name: str) -> str:
        """A variant's name where space is short."""
        return short_name(self.totals[name].variant)


def short_name(variant: Variant) -> str:
    """`1769 invoke`, `512 arm invoke`: a variant where space is short; or in what it differs."""
    if any(variant.named_levels()):
        told = bare_size(variant)
        return f"{told} {variant.endpoint.value}" if "endpoint" in variant.differ else told
    arm = " arm" if variant.architecture.value == "arm64" else ""
    return f"{variant.memory_mb or ''}{arm} {variant.endpoint.value}".strip()


def is_closed(profile: Profile) -> bool:
    """True in a closed loop, where callers wait for answers and no rate is planned."""
    return any(phase.shape.is_closed for phase in profile.phases)
