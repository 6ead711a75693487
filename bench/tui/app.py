"""The live terminal UI: it polls a RunSource four times a second and draws.

The load never waits for it. It runs in the coordinator's event loop beside the run's own task, so
that a crash of this app leaves the run alone.
"""

from __future__ import annotations

from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import ContentSwitcher, DataTable, Footer, Input, Tab, Tabs

from bench.model import Command, CommandKind, Snapshot, Tally, Window
from bench.tui.history import History
from bench.tui.metrics import METRICS
from bench.tui.palette import Look, looks
from bench.tui.screens.asking import Ask, Help
from bench.tui.source import AppResult, Leaving, RunSource
from bench.tui.state import OVER, WINDOWS, ViewState
from bench.tui.views.base import View
from bench.tui.views.compare import CompareView
from bench.tui.views.errors import ErrorsView
from bench.tui.views.load import LoadView
from bench.tui.views.log import LogView
from bench.tui.widgets.status import Status
from bench.tui.widgets.variants import Variants

POLL_S = 0.25
CHART_EVERY = 2
"""Charts are drawn at every second poll."""
RATE_STEP = 1.1
_VIEWS: tuple[tuple[str, str, type[View]], ...] = (
    ("1", "compare", CompareView),
    ("3", "load", LoadView),
    ("4", "errors", ErrorsView),
    ("7", "log", LogView),
)


class LamloadApp(App[AppResult]):
    """Watches one run."""

    TITLE = "lamload"
    CSS = """
    Screen { overflow: hidden; }
    ContentSwitcher { height: 1fr; }
    View { height: 1fr; overflow-y: auto; }
    #caption { height: 1; padding: 0 1; color: $text-muted; }
    #filter { display: none; height: 3; }
    #filter.open { display: block; }
    Tabs { height: 2; }
    .maximised #status, .maximised Tabs, .maximised Variants { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, f"view('{name}')", view.title, show=False) for key, name, view in _VIEWS),
        Binding("question_mark", "help", "help", key_display="?"),
        Binding("s", "stop", "stop"),
        Binding("p", "hold", "hold load"),
        Binding("plus,equals_sign", "rate(1)", "faster", key_display="+", show=False),
        Binding("minus", "rate(-1)", "slower", key_display="-", show=False),
        Binding("n", "next_phase", "next phase", show=False),
        Binding("space", "hold_view", "hold view"),
        Binding("m", "metric", "metric"),
        Binding("l", "logarithmic", "log scale"),
        Binding("w", "window", "window"),
        Binding("b", "base", "baseline"),
        Binding("x", "hide", "hide", show=False),
        Binding("z", "maximise", "maximise", show=False),
        Binding("slash", "filter", "filter", key_display="/", show=False),
        Binding("y", "copy_row", "copy row", show=False),
        Binding("ctrl+s", "picture", "screenshot", show=False),
        Binding("T", "theme", "theme", show=False),
        Binding("q", "leave", "quit"),
    ]

    def __init__(self, source: RunSource, limit_usd: float | None = None) -> None:
        super().__init__()
        self._source = source
        self._limit_usd = limit_usd
        self._history = History()
        self._looks: dict[str, Look] = {}
        self._snapshot: Snapshot | None = None
        self._polls = 0
        self._held_view = False
        self._metric = 0
        self._logarithmic = False
        self._window = 0
        self._base: str | None = None
        self._hidden: frozenset[str] = frozenset()
        self._factor = 1.0
        self._held_load = False

    def compose(self) -> ComposeResult:
        """Status, tabs, the views, a filter line, the keys."""
        yield Status()
        yield Tabs(*(Tab(f"{key} {view.title}", id=f"tab-{name}") for key, name, view in _VIEWS))
        with ContentSwitcher(initial="compare"):
            for _, name, view in _VIEWS:
                yield view(id=name)
        yield Input(placeholder="filter; Enter keeps it, Escape clears it", id="filter")
        yield Footer()

    def on_mount(self) -> None:
        """Begin to poll."""
        self._poll()
        self.set_interval(POLL_S, self._poll)
        self.query_one(Variants).focus()

    # -- drawing

    def _poll(self) -> None:
        self._polls += 1
        snapshot = self._source.snapshot()
        self._history.take(snapshot.intervals)
        self._snapshot = snapshot
        if not self._looks:
            names = [window.variant.name for window in snapshot.windows]
            self._looks = dict(zip(names, looks(len(names), self._palette()), strict=True))
        self.query_one(Status).show(snapshot, self._held_view, self._limit_usd)
        if not self._held_view:
            self._draw(charts=self._polls % CHART_EVERY == 1)

    def _draw(self, charts: bool = True) -> None:
        if self._snapshot is not None:
            current = self.query_one(ContentSwitcher).current or "compare"
            self.query_one(f"#{current}", View).show(self._state(self._snapshot, charts))

    def _state(self, snapshot: Snapshot, charts: bool) -> ViewState:
        window_s = WINDOWS[self._window]
        windows = {window.variant.name: window for window in snapshot.windows}
        if window_s is not None:
            recent = {window.variant.name: window for window in self._source.window(window_s)}
            windows = {name: recent.get(name, _empty(windows[name])) for name in windows}
        return ViewState(
            snapshot=snapshot,
            history=self._history,
            windows=windows,
            looks=self._looks,
            window_s=window_s,
            metric=METRICS[self._metric],
            logarithmic=self._logarithmic,
            base=self._base,
            hidden=self._hidden,
            filter=self.query_one("#filter", Input).value,
            redraw_charts=charts,
        )

    def _palette(self) -> str:
        return "dark" if self.current_theme.dark else "light"

    # -- moving about

    def action_view(self, name: str) -> None:
        """Go to one of the numbered screens."""
        self.query_one(Tabs).active = f"tab-{name}"

    def on_tabs_tab_activated(self, event: Tabs.TabActivated) -> None:
        """Show the view of a tab."""
        if event.tab.id is not None:
            self.query_one(ContentSwitcher).current = event.tab.id.removeprefix("tab-")
            self._draw()

    def on_data_table_header_selected(self, event: DataTable.HeaderSelected) -> None:
        """Sort by the column that was clicked."""
        if isinstance(event.data_table, Variants):
            event.data_table.sort_by(str(event.column_key.value))
            self._draw()

    def action_metric(self) -> None:
        """Chart the next metric."""
        self._metric = (self._metric + 1) % len(METRICS)
        self._draw()

    def action_logarithmic(self) -> None:
        """Switch between a linear and a logarithmic axis."""
        self._logarithmic = not self._logarithmic
        self._draw()

    def action_window(self) -> None:
        """Whole run, last minute, last second."""
        self._window = (self._window + 1) % len(WINDOWS)
        self._draw()

    def action_base(self) -> None:
        """Compare all rows with the one under the cursor."""
        selected = self.query_one(Variants).selected
        self._base = None if selected == self._base else selected
        self._draw()

    def action_hide(self) -> None:
        """Hide or show the line of the row under the cursor."""
        selected = self.query_one(Variants).selected
        if selected is not None:
            self._hidden ^= {selected}
            self._draw()

    def action_maximise(self) -> None:
        """The chart alone, or all again."""
        self.screen.toggle_class("maximised")

    def action_hold_view(self) -> None:
        """Stand still; the load goes on."""
        self._held_view = not self._held_view
        self._poll()

    def action_filter(self) -> None:
        """Type a filter."""
        line = self.query_one("#filter", Input)
        line.add_class("open")
        line.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the filter."""
        self._close_filter()

    def on_key(self, event: object) -> None:
        """Escape clears the filter."""
        line = self.query_one("#filter", Input)
        if getattr(event, "key", "") == "escape" and line.has_focus:
            line.value = ""
            self._close_filter()

    def _close_filter(self) -> None:
        line = self.query_one("#filter", Input)
        if not line.value:
            line.remove_class("open")
        self.query_one(Variants).focus()
        self._draw()

    def action_copy_row(self) -> None:
        """Copy the row under the cursor as tab-separated text."""
        table = self.query_one(Variants)
        if table.selected is not None:
            self.copy_to_clipboard(f"{table.selected}\t{table.row_text(table.selected)}")
            self.notify(f"copied the row of {table.selected}")

    def action_picture(self) -> None:
        """Save the screen as SVG."""
        self.notify(f"saved {self.save_screenshot()}")

    def action_theme(self) -> None:
        """Dark, light, the terminal's own colours."""
        themes = ("textual-dark", "textual-light", "textual-ansi")
        at = themes.index(self.theme) if self.theme in themes else -1
        self.theme = themes[(at + 1) % len(themes)]
        palette = "ansi" if self.theme.endswith("ansi") else self._palette()
        self._looks = dict(zip(self._looks, looks(len(self._looks), palette), strict=True))
        self._draw()

    def action_help(self) -> None:
        """What this screen shows, and the keys."""
        current = self.query_one(ContentSwitcher).current or "compare"
        view = self.query_one(f"#{current}", View)
        self.push_screen(Help(_help_text(view)))

    # -- steering the run

    @property
    def _is_over(self) -> bool:
        return self._snapshot is not None and self._snapshot.state in OVER

    def action_rate(self, direction: int) -> None:
        """A tenth more or less load."""
        self._factor *= RATE_STEP**direction
        self._source.command(Command(CommandKind.RATE_FACTOR, self._factor))
        self.notify(f"rate × {self._factor:.2f} of the profile's")

    def action_hold(self) -> None:
        """Hold the load, or let it go on."""
        self._held_load = not self._held_load
        kind = CommandKind.HOLD if self._held_load else CommandKind.RESUME
        self._source.command(Command(kind))
        self.notify("the load is held; p resumes" if self._held_load else "the load goes on")

    def action_next_phase(self) -> None:
        """Leave this phase for the next one."""
        self._source.command(Command(CommandKind.SKIP_PHASE))
        self.notify("on to the next phase")

    def action_stop(self) -> None:
        """Stop and drain, after asking."""
        if self._is_over:
            self.notify("the run has ended")
            return
        question = "Stop the load, wait for what is in flight, and report?"
        self.push_screen(Ask(question, {"y": "stop and drain"}), self._stop)

    def _stop(self, answer: str | None) -> None:
        if answer == "y":
            self._source.command(Command(CommandKind.DRAIN))

    def action_leave(self) -> None:
        """Quit; asks while the run goes on."""
        if self._is_over:
            self.exit(AppResult(Leaving.ENDED))
            return
        answers = {
            "d": Leaving.DRAIN.value,
            "a": Leaving.ABORT.value,
            "g": Leaving.DETACH.value,
        }
        self.push_screen(Ask("The run is not over. What becomes of it?", answers), self._leave)

    def _leave(self, answer: str | None) -> None:
        leaving = {"d": Leaving.DRAIN, "a": Leaving.ABORT, "g": Leaving.DETACH}.get(answer or "")
        if leaving is not None:
            self.exit(AppResult(leaving))


def _empty(window: Window) -> Window:
    """The variant was not on in the window."""
    return Window(window.variant, 0.0, Tally(), 0.0, 0.0, 0.0, {})


def _help_text(view: View) -> str:
    keys = [
        (binding.key_display or binding.key, binding.description)
        for binding in LamloadApp.BINDINGS
        if isinstance(binding, Binding)
    ]
    lines = [f"[b]{view.title}[/b]", view.help, ""]
    lines += [f"  [b]{key:<8}[/b] {words}" for key, words in keys]
    return "\n".join(lines)
