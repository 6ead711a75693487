"""A run as its screen knows it: the latest snapshot, the seconds so far, what follows from them.

It has no widget in it. What views are given to draw is made here; while the view is held, that is
the run as it was, and the run goes on behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bench.model.live import Snapshot
from bench.model.result import Window
from bench.model.times import NS_PER_S
from bench.record.window import empty_window
from bench.tui.analysis import Analysis, Analyzer, Depth
from bench.tui.choices import WINDOWS, Choices
from bench.tui.interval_history import IntervalHistory
from bench.tui.metrics import Metric
from bench.tui.palette import SeriesStyle
from bench.tui.source import Playback, RunSource
from bench.tui.state import OVER, ViewState, short_name
from bench.tui.turns import turns_of


@dataclass(frozen=True, slots=True)
class _Held:
    """The run at the moment at which its view was held; windows by their seconds."""

    snapshot: Snapshot
    windows: Mapping[int, tuple[Window, ...]]
    analysis: Analysis


class RunModel:
    """Polls a source. snapshot is None before the first poll; failure is what the load died of."""

    def __init__(self, source: RunSource) -> None:
        self.source = source
        self.snapshot: Snapshot | None = None
        self.failure = ""
        self.turns = turns_of(source.profile)
        """What charts over time can lay over each other; None: nothing."""
        self._history = IntervalHistory()
        self._analyzer = Analyzer(source)
        self._held: _Held | None = None
        self._recent: tuple[object, tuple[Window, ...]] = (None, ())
        """The last seconds of every variant, and as of when."""

    @property
    def playback(self) -> Playback | None:
        """The recording's controls, if this is one."""
        return self.source if isinstance(self.source, Playback) else None

    @property
    def is_over(self) -> bool:
        """True once the load can't be changed any more."""
        return bool(self.failure) or (self.snapshot is not None and self.snapshot.state in OVER)

    def poll(self) -> Snapshot:
        """Look at the run. A recording whose time went back is seen anew from its beginning."""
        snapshot = self.source.snapshot()
        if self.playback is not None and self.playback.rewound:
            self._history = IntervalHistory()
            self._analyzer.expire()
        self._history.extend(snapshot.intervals, snapshot.vitals)
        self.snapshot = snapshot
        return snapshot

    @property
    def variants(self) -> list[str]:
        """Names of all variants, in the order of the profile; none before the first poll."""
        windows = () if self.snapshot is None else self.snapshot.windows
        return [window.variant.name for window in windows]

    def variant_of(self, series: str) -> str | None:
        """The variant of a name as a legend or a table has it; None if it is none's."""
        windows = () if self.snapshot is None else self.snapshot.windows
        variants = (window.variant for window in windows)
        return next((v.name for v in variants if series in (v.name, short_name(v))), None)

    # -- holding the view

    @property
    def is_held(self) -> bool:
        """True while views are given the run as it was."""
        return self._held is not None

    def toggle_held(self, base: str | None) -> None:
        """Hold what views are given, with everything that a key may ask of it; or let it go on."""
        if self._held is not None:
            self._held = None
        elif self.snapshot is not None:
            windows = {s: self.source.window(s) for s in WINDOWS if s is not None}
            analysis = self._analyse(self.snapshot, base, Depth.CLASSES)
            self._held = _Held(self.snapshot, windows, analysis)

    # -- what views draw

    def charted(self, choices: Choices) -> Metric:
        """The metric that was chosen, else the one that says most of this run."""
        return choices.metric or self.first_metric

    @property
    def first_metric(self) -> Metric:
        """The metric that says most of this run so far."""
        return self._history.default_metric()

    def lays_turns_over(self, choices: Choices) -> bool:
        """As it was chosen, else where the same disturbance meets every variant in its turn."""
        if self.turns is None:
            return False
        return self.turns.at_first if choices.turns is None else choices.turns

    def state(
        self,
        choices: Choices,
        styles: Mapping[str, SeriesStyle],
        depth: Depth,
        *,
        filter: str = "",
        colours: tuple[str, ...] = ("",),
    ) -> ViewState | None:
        """What a view of that depth is to draw; None before the first poll.

        colours: of what is no variant. Puts the cursor on a variant if it is on none.
        """
        snapshot = self.snapshot if self._held is None else self._held.snapshot
        if snapshot is None:
            return None
        totals = {window.variant.name: window for window in snapshot.windows}
        if choices.cursor.key not in totals:
            choices.cursor.key = next(iter(totals), None)
        analysis = self._analysis(snapshot, choices.base, depth)
        return ViewState(
            snapshot=snapshot,
            profile=self.source.profile,
            history=self._history,
            analysis=analysis,
            totals=totals,
            windows=self._windows(totals, choices.window_s, snapshot),
            styles=styles,
            window_s=choices.window_s,
            metric=self.charted(choices),
            logarithmic=choices.logarithmic,
            base=choices.base or analysis.answer.base,
            selected=choices.cursor.key,
            hidden=choices.hidden,
            filter=filter,
            colours=colours,
            is_playback=self.playback is not None,
            turns=self.turns if self.lays_turns_over(choices) else None,
            chose_metric=choices.metric is not None,
        )

    def _analyse(self, snapshot: Snapshot, base: str | None, depth: Depth) -> Analysis:
        watched = snapshot.state not in OVER or self.source.profile.stop.precision is not None
        return self._analyzer.analyse(snapshot.windows, base, depth, anytime=watched)

    def _analysis(self, snapshot: Snapshot, base: str | None, depth: Depth) -> Analysis:
        if self._held is None:
            return self._analyse(snapshot, base, depth)
        analysis = self._analyzer.with_base(self._held.analysis, base)
        self._held = replace(self._held, analysis=analysis)
        return analysis

    def _windows(
        self, totals: Mapping[str, Window], window_s: int | None, snapshot: Snapshot
    ) -> Mapping[str, Window]:
        if window_s is None:
            return totals
        held = self._held
        found = self._window(window_s, snapshot) if held is None else held.windows[window_s]
        recent = {window.variant.name: window for window in found}
        return {name: recent.get(name, _empty(total)) for name, total in totals.items()}

    def _window(self, window_s: int, snapshot: Snapshot) -> tuple[Window, ...]:
        """Asked for once a second: it takes longer than all else of a view."""
        as_of = window_s, snapshot.t_ns // NS_PER_S, snapshot.state
        if self._recent[0] != as_of:
            self._recent = as_of, self.source.window(window_s)
        return self._recent[1]


def _empty(window: Window) -> Window:
    """Of a variant that was not on."""
    return empty_window(window.variant)
