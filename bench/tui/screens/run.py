"""The screen of a run, live or recorded: polls its source four times a second and draws.

Holding the view freezes what the views are given; the header goes on and says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import ContentSwitcher, Input

from bench.model.live import RunState, Snapshot
from bench.model.outcome import Verdict
from bench.model.result import Tally, Window
from bench.tui import messages
from bench.tui.analysis import Analysis, Analyzer, Depth
from bench.tui.interval_history import IntervalHistory
from bench.tui.keys import BY_NAME, LOAD, REPLAY_HINTS, REPLAY_WORDS, RUN_HINTS, SCREENS, bindings
from bench.tui.metrics import METRICS, Metric
from bench.tui.palette import Look
from bench.tui.playback import PlaybackSource
from bench.tui.screens.panels import Panels
from bench.tui.source import RunSource
from bench.tui.state import WINDOWS, ViewState, is_closed
from bench.tui.views.base import View
from bench.tui.views.cold import ColdView
from bench.tui.views.compare import CompareView
from bench.tui.views.cost import CostView
from bench.tui.views.errors import ErrorsView
from bench.tui.views.history import HistoryView
from bench.tui.views.latency import LatencyView
from bench.tui.views.load import LoadView
from bench.tui.views.log import LogView
from bench.tui.widgets.keybar import Hint, KeyBar
from bench.tui.widgets.slider import Slider
from bench.tui.widgets.status import Status, StatusData
from bench.tui.widgets.strip_widget import StripWidget
from bench.tui.widgets.tabs import TabRow

POLL_S = 0.25
FILTER_HINTS = (Hint("Enter", "keep", ""), Hint("Esc", "clear", ""))
CHART_EVERY = 2
"""Charts are drawn at every second poll."""
NARROW, WIDE, SHORT, TINY = 100, 150, 30, 22
_GOES_ON = "the load goes on"
_BEHIND = {RunState.HOLDING: "the load too", RunState.DRAINING: "the run is draining"}
"""What goes on behind a view that is held."""
_VIEWS: dict[str, type[View]] = {
    "compare": CompareView,
    "latency": LatencyView,
    "load": LoadView,
    "errors": ErrorsView,
    "cold": ColdView,
    "cost": CostView,
    "log": LogView,
    "history": HistoryView,
}


@dataclass(frozen=True, slots=True)
class _Frozen:
    """What a held view shows: the run as it was."""

    snapshot: Snapshot
    windows: Mapping[int, tuple[Window, ...]]
    digest: Analysis


class RunScreen(Panels):
    """Header, tabs, eight views, a filter line, the keys."""

    SCOPED_CSS = False  # its own classes, wide and the like, stand in it
    CSS = """
    RunScreen { layout: vertical; overflow: hidden; }
    RunScreen ContentSwitcher { height: 1fr; }
    RunScreen #filter {
        display: none; height: 1; border: none; padding: 0 1; background: $panel;
    }
    RunScreen #filter.open { display: block; }
    View.maximised .panel, View.maximised TextLines { display: none !important; }
    View.maximised .panel.enlarged {
        display: block !important; width: 1fr !important; height: 1fr !important;
        max-height: 100% !important; margin: 0 !important;
    }
    View.maximised .row { display: block !important; }
    View.maximised .row.bare { display: none !important; }
    """ + "".join(view.LAYOUT for view in _VIEWS.values())
    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]

    def __init__(
        self, source: RunSource, runs_root: Path | None = None, *, nested: bool = False
    ) -> None:
        super().__init__()
        self.source = source
        self.nested = nested
        self.runs_root = runs_root
        self._digester = Analyzer(source)
        self._history = IntervalHistory()
        self._looks: dict[str, Look] = {}
        self._polls = 0
        self._frozen: _Frozen | None = None
        self._metric: Metric | None = None
        self._logarithmic = False
        self._window = 0
        self._base: str | None = None
        self._selected: str | None = None
        self._hidden: frozenset[str] = frozenset()

    def compose(self) -> ComposeResult:
        """All of it."""
        yield Status()
        if self.playback is not None:
            yield Slider()
        tabs = [(key, name, _VIEWS[name].title) for key, name in SCREENS]
        yield TabRow(tabs, "compare")
        with ContentSwitcher(initial="compare"):
            for name, view in _VIEWS.items():
                if view is HistoryView:
                    yield HistoryView(id=name, runs_root=self.runs_root)
                else:
                    yield view(id=name)
        yield Input(placeholder="filter: Enter keeps it, Escape clears it", id="filter")
        yield KeyBar()

    def on_mount(self) -> None:
        """Begin to poll."""
        self.view.first_focus()
        self.call_after_refresh(self.poll)
        self.set_interval(POLL_S, self.poll)

    def on_resize(self, event: events.Resize) -> None:
        """What has a place at this size."""
        self.set_class(event.size.width < NARROW, "narrow")
        self.set_class(event.size.width >= WIDE, "wide")
        self.set_class(event.size.height < SHORT, "short")
        self.set_class(event.size.height < TINY, "tiny")
        self.call_after_refresh(self.draw)

    # -- drawing

    def poll(self) -> None:
        """Look at the run, and show what has changed."""
        self._polls += 1
        playback = self.playback
        snapshot = self.source.snapshot()
        if playback is not None and playback.rewound:
            self._history = IntervalHistory()
            self._digester.hurry()
        self._history.extend(snapshot.intervals, snapshot.vitals)
        self.snapshot = snapshot
        self.follow_factor(snapshot)
        self._choose_looks()
        if self._is_seen:
            self._show_status(snapshot)
            self.show_keys()
            if self._frozen is None:
                self.draw(charts=self._polls % CHART_EVERY == 1)

    @property
    def _is_seen(self) -> bool:
        stack = [screen for screen in self.app.screen_stack if not isinstance(screen, ModalScreen)]
        return bool(stack) and stack[-1] is self

    def _choose_looks(self) -> None:
        if self.snapshot is None:
            return
        names = [window.variant.name for window in self.snapshot.windows]
        if list(self._looks) != names:
            self.repaint()

    def repaint(self) -> None:
        """The theme or the glyphs are others now."""
        if self.snapshot is None:
            return
        names = [window.variant.name for window in self.snapshot.windows]
        status = self.query_one(Status)
        looks = status.paint.looks(len(names), status.is_ascii)
        self._looks = dict(zip(names, looks, strict=True))
        for widget in self.query(StripWidget):  # type: ignore[type-abstract]  # likewise
            widget.redraw()
        self.draw()

    def show_keys(self) -> None:
        """Those of what has the keyboard first, then those that matter now."""
        if self.query_one("#filter", Input).has_focus:
            self.query_one(KeyBar).show(FILTER_HINTS)
            return
        bound = self._bound()
        hints = [*self._table_hints(bound)]
        replay = self.playback is not None
        for name in self._hinted:
            key = BY_NAME[name]
            words = REPLAY_WORDS.get(name, key.words) if replay else key.words
            hints.append(Hint(bound.get(name, key.keys).split(" ")[0], words, key.action))
        self.query_one(KeyBar).show(hints)

    def _table_hints(self, bound: Mapping[str, str]) -> list[Hint]:
        table = self.view.table
        own = type(table).BINDINGS if table is not None else ()
        return [
            Hint(bound.get(b.id, b.key), b.description, "")
            for b in own
            if isinstance(b, Binding) and b.id is not None
        ]

    @property
    def _hinted(self) -> Sequence[str]:
        """Names of the keys that the bar offers; those of the load end with it.

        What speaks against the figures comes early, once there is anything.
        """
        names: Sequence[str] = REPLAY_HINTS
        if self.playback is None:
            over = self.is_over
            names = [name for name in RUN_HINTS if not (over and BY_NAME[name].group == LOAD)]
        if self.snapshot is None or self.snapshot.verdict is Verdict.VALID:
            return names
        return [*names[:2], "reasons", *(name for name in names[2:] if name != "reasons")]

    def _show_status(self, snapshot: Snapshot) -> None:
        notice = ""
        if self.failure:
            notice = f"THE LOAD BROKE: {self.failure}; its results so far are kept"
        elif self._frozen is not None:
            behind = "the run has ended" if self.is_over else _BEHIND.get(snapshot.state, _GOES_ON)
            notice = f"VIEW HELD, {behind}; space lets it go"
        profile = self.source.profile
        replay = self.playback is not None and not self.playback.is_running
        data = StatusData(
            self._headed(snapshot),
            profile.max_spend_usd,
            notice,
            replay,
            self.factor,
            is_closed(profile),
        )
        self.query_one(Status).show(data)
        if self.playback is not None:
            playback = self.playback
            self.query_one(Slider).show(playback.position_s, playback.end_s, playback.words)

    def _headed(self, snapshot: Snapshot) -> Snapshot:
        """Of a run that another process drives: whether this is its newest second."""
        playback = self.playback
        if playback is None or not playback.is_running:
            return snapshot
        what = "FOLLOWING" if playback.position_s >= playback.end_s else "BEHIND"
        return replace(snapshot, title=f"{what}  {snapshot.title}")

    def draw(self, charts: bool = True) -> None:
        """Show the view in sight anew."""
        shown = self._frozen.snapshot if self._frozen is not None else self.snapshot
        if shown is not None and self.is_mounted:
            self.view.show(self._state(shown, charts))

    def _state(self, snapshot: Snapshot, charts: bool) -> ViewState:
        window_s = WINDOWS[self._window]
        totals = {window.variant.name: window for window in snapshot.windows}
        windows = totals
        if window_s is not None:
            recent = {window.variant.name: window for window in self._recent(window_s)}
            windows = {name: recent.get(name, _empty(totals[name])) for name in totals}
        if self._selected not in totals:
            self._selected = next(iter(totals), None)
        return ViewState(
            snapshot=snapshot,
            profile=self.source.profile,
            history=self._history,
            digest=self._digest(snapshot),
            totals=totals,
            windows=windows,
            looks=self._looks,
            window_s=window_s,
            metric=self._metric or self._history.telling_metric(),
            logarithmic=self._logarithmic,
            base=self._base,
            selected=self._selected,
            hidden=self._hidden,
            filter=self.filters.get(self.view.id or "", ""),
            redraw_charts=charts,
            is_replay=self.playback is not None,
        )

    def _digest(self, snapshot: Snapshot) -> Analysis:
        if self._frozen is not None:
            digest = self._digester.against(self._frozen.digest, self._base)
            self._frozen = replace(self._frozen, digest=digest)
            return digest
        return self._digester.digest(snapshot.windows, self._base, self.view.depth)

    def _recent(self, window_s: int) -> tuple[Window, ...]:
        if self._frozen is not None:
            return self._frozen.windows[window_s]
        return self.source.window(window_s)

    # -- moving about

    def on_row_selected(self, message: messages.RowSelected) -> None:
        """The variant under the cursor is the one that charts of one variant show."""
        if message.row in self._looks:
            self._selected = message.row
            self.draw()

    def on_toggled(self, message: messages.Toggled) -> None:
        """A series was clicked."""
        names = [n for n in self._looks if message.series in (n, self._short(n))]
        if names:
            self._hidden ^= {names[0]}
            self.draw()

    def _short(self, name: str) -> str:
        shown = self.snapshot
        return "" if shown is None else self._state(shown, charts=False).short(name)

    def action_metric(self) -> None:
        """Chart the next metric."""
        if not self.view.next_metric():
            metric = self._metric or self._history.telling_metric()
            self._metric = METRICS[(METRICS.index(metric) + 1) % len(METRICS)]
        self.draw()

    def action_logarithmic(self) -> None:
        """Switch between a linear and a logarithmic axis."""
        self._logarithmic = not self._logarithmic
        self.draw()

    def action_window(self) -> None:
        """Whole run, last minute, last second."""
        self._window = (self._window + 1) % len(WINDOWS)
        self.draw()

    def action_baseline(self) -> None:
        """Compare all rows with the one under the cursor."""
        self._base = None if self._selected == self._base else self._selected
        self.draw()

    def action_hide(self) -> None:
        """Hide or show the line of the row under the cursor."""
        if self._selected is not None:
            self._hidden ^= {self._selected}
            self.draw()

    def action_hold_view(self) -> None:
        """Stand still; the load goes on. In a replay: play or pause."""
        if self.playback is not None:
            self.playback.toggle()
        elif self._frozen is not None:
            self._frozen = None
        elif self.snapshot is not None:
            windows = {w: self.source.window(w) for w in WINDOWS if w is not None}
            digest = self._digester.digest(self.snapshot.windows, self._base, Depth.CLASSES)
            self._frozen = _Frozen(self.snapshot, windows, digest)
        self.poll()

    def action_step(self, seconds: int) -> None:
        """Move a replay."""
        if self.playback is None:
            self.notify("only a replay can go back and forth", severity="warning")
            return
        self.playback.seek(self.playback.position_s + seconds)
        self.poll()

    def on_sought(self, message: messages.Sought) -> None:
        """Likewise, by a click on the slider."""
        if self.playback is not None:
            self.playback.seek(message.share * self.playback.end_s)
            self.poll()

    def open_recording(self, recording: PlaybackSource) -> None:
        """On a screen of its own, above this one."""
        self.app.push_screen(RunScreen(recording, self.runs_root, nested=True))


def _empty(window: Window) -> Window:
    """The variant was not on in the window."""
    return Window(window.variant, 0.0, Tally(), 0.0, 0.0, 0.0, {})
