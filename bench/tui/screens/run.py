"""The screen of a run, live or recorded: it polls twice a second and draws.

It is put together of parts with one duty each: a model of the run, the viewer's choices, the views,
and a control for each group of keys. Holding the view freezes what the views are given; the header
goes on and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen, Screen

from bench.tui import messages
from bench.tui.analysis import POLLS_PER_S
from bench.tui.choices import Choices
from bench.tui.keys import MOST_VIEWS, Commands, bindings
from bench.tui.palette import SeriesStyle
from bench.tui.playback import PlaybackSource
from bench.tui.run_model import RunModel
from bench.tui.screens.dialogs import TextDialog
from bench.tui.screens.export_control import ExportControl
from bench.tui.screens.footer import FILTER_HINTS, footer_hints
from bench.tui.screens.header import status_data
from bench.tui.screens.help import help_text
from bench.tui.screens.load_control import LoadControl
from bench.tui.screens.past_runs import PastRuns
from bench.tui.screens.playback_control import PlaybackControl
from bench.tui.screens.reasons import reasons_text
from bench.tui.source import RunSource
from bench.tui.views.base import View, ViewContext
from bench.tui.views.registry import VIEWS
from bench.tui.views.switcher import ViewSwitcher
from bench.tui.widgets.keybar import Hint, KeyBar
from bench.tui.widgets.slider import Slider
from bench.tui.widgets.status import Status
from bench.tui.widgets.strip_widget import StripWidget

POLL_S = 1 / POLLS_PER_S
NARROW, WIDE, SHORT, TINY = 100, 150, 30, 22
"""Cells at which what a view has a place for changes: below, from, below, below."""


class RunScreen(Screen[None]):
    """Header, tabs, views, a filter line, the keys."""

    CSS = "RunScreen { layout: vertical; overflow: hidden; }"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]

    def __init__(
        self,
        source: RunSource,
        runs_root: Path | None = None,
        *,
        nested: bool = False,
        views: Sequence[type[View]] = VIEWS,
    ) -> None:
        """nested: opened from another run's screen, to which leaving comes back."""
        super().__init__()
        self.model = RunModel(source)
        self.choices = Choices()
        context = ViewContext(self.choices.cursor, runs_root)
        self.switcher = ViewSwitcher([view(context) for view in views[:MOST_VIEWS]])
        self._runs_root = runs_root
        self._nested = nested
        self._view_types = views
        playback = self.model.playback
        self._playback_control = (
            None if playback is None else PlaybackControl(playback, self, self.poll)
        )
        self._control = self._playback_control or LoadControl(self.model, self, self.poll)
        self._exports = ExportControl(self.model, self.choices, self, lambda: self.switcher.view)
        self._past_runs = PastRuns(self, self._watch)
        self._styles: dict[str, SeriesStyle] = {}
        self._colours: tuple[str, ...] = ("",)
        self.commands: Commands = {  # of the parts, by the names of their keys
            **self._own_commands,
            **self._exports.commands,
            **self._control.commands,
        }

    def compose(self) -> ComposeResult:
        """From top to bottom; a recording has a slider for its time."""
        yield Status()
        if self._playback_control is not None:
            yield Slider()
        yield self.switcher
        yield KeyBar()

    def on_mount(self) -> None:
        """Give the first view the keyboard, and poll from now on."""
        self.switcher.view.first_focus()
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
        """Look at the run, and show what has changed. Out of sight, only look."""
        snapshot = self.model.poll()
        if list(self._styles) != self.model.variants:
            self.repaint()
        if not self._is_in_sight:
            return
        self.query_one(Status).show(status_data(self.model, snapshot))
        if self.model.playback is not None:
            playback = self.model.playback
            self.query_one(Slider).show(playback.position_s, playback.end_s, playback.status)
        self._draw_footer()
        if not self.model.is_held:
            self.draw()

    @property
    def _is_in_sight(self) -> bool:
        """True also behind a dialog."""
        stack = [screen for screen in self.app.screen_stack if not isinstance(screen, ModalScreen)]
        return bool(stack) and stack[-1] is self

    def draw(self) -> None:
        """Draw the view in sight, as the run and the viewer's choices are now."""
        view = self.switcher.view
        state = self.model.state(
            self.choices,
            self._styles,
            view.depth,
            filter=self.switcher.filter,
            colours=self._colours,
        )
        if state is not None and self.is_mounted:
            view.show(state)

    def repaint(self) -> None:
        """Draw everything anew: the theme, the glyphs or the variants are others now."""
        names, status = self.model.variants, self.query_one(Status)
        styles = status.paint.series_styles(len(names), status.is_ascii)
        self._styles = dict(zip(names, styles, strict=True))
        self._colours = status.paint.other_colours(len(names))
        for widget in self.query(StripWidget):  # type: ignore[type-abstract]  # looked for only
            widget.redraw()
        self.draw()

    def _draw_footer(self) -> None:
        if self.switcher.is_filtering:
            hints: Sequence[Hint] = FILTER_HINTS
        else:
            hints = footer_hints(self.model, self.switcher.view, self._bound())
        self.query_one(KeyBar).show(hints)

    def _bound(self) -> dict[str, str]:
        """Command -> its keys, as they are bound now."""
        found: dict[str, list[str]] = {}
        for active in self.active_bindings.values():
            binding = active.binding
            if binding.id is not None:
                shown = self.app.get_key_display(binding)
                if shown not in found.setdefault(binding.id, []):
                    found[binding.id].append(shown)
        return {name: " ".join(keys) for name, keys in found.items()}

    def load_failed(self, error: str) -> None:
        """The load broke: say so; what it has recorded stays in view."""
        self.model.failure = error

    # -- keys

    @property
    def _own_commands(self) -> Commands:
        return {
            "metric": self._next_metric,
            "log_scale": self._choosing(self.choices.toggle_scale),
            "turns": self._toggle_turns,
            "window": self._choosing(self.choices.next_window),
            "baseline": self._choosing(self.choices.toggle_base),
            "hide": self._choosing(self.choices.toggle_hidden),
            "hold_view": self._hold_view,
            "maximise": self.switcher.maximise,
            "filter": self.switcher.open_filter,
            "reasons": self._show_reasons,
            "help": self._show_help,
            "quit": self._leave,
        }

    def action_command(self, name: str) -> None:
        """Do what a key stands for: the name of one in `keys.KEYS`."""
        self.commands[name]()

    def action_view(self, number: int) -> None:
        """Go to the view in a place, counted from 1; nowhere if there is none."""
        if number <= len(self.switcher.views):
            self.switcher.go(self.switcher.views[number - 1])

    def _choosing(self, choose: Callable[[], None]) -> Callable[[], None]:
        def command() -> None:
            choose()
            self.draw()

        return command

    def _next_metric(self) -> None:
        """The view's own next one, or that of charts over time."""
        if not self.switcher.view.next_metric():
            first, has_picture = self.model.first_metric, self.switcher.view.has_picture
            self.choices.next_metric(first, has_picture=has_picture)
        self.draw()

    def _toggle_turns(self) -> None:
        if self.model.turns is None:
            self.notify("no turns to lay over each other: the run is one turn of all its variants")
            return
        if self.switcher.view.has_picture:
            self.choices.metric, self.choices.turns = self.model.first_metric, True
        else:
            self.choices.turns = not self.model.lays_turns_over(self.choices)
        self.draw()

    def _hold_view(self) -> None:
        self.model.toggle_held(self.choices.base)
        self.poll()

    def _show_reasons(self) -> None:
        if self.model.snapshot is not None:
            text = reasons_text(self.model.snapshot, TextDialog.room(self.size.width))
            self.app.push_screen(TextDialog("Verdict", text))

    def _show_help(self) -> None:
        view, count = self.switcher.view, len(self.switcher.views)
        width, is_playback = TextDialog.room(self.size.width), self.model.playback is not None
        text = help_text(view, self._bound(), is_playback=is_playback, views=count, width=width)
        self.app.push_screen(TextDialog(view.title, text))

    def _leave(self) -> None:
        if self._nested:
            self.dismiss()
        else:
            self._control.leave()

    def on_key(self, event: events.Key) -> None:
        """Escape, where nothing else is to be left, comes back from a playback."""
        if event.key == "escape" and self._nested:
            event.stop()
            self.dismiss()

    # -- what widgets tell

    def on_descendant_focus(self) -> None:
        """Another part has the keyboard: other keys matter."""
        self._draw_footer()

    def on_view_changed(self) -> None:
        """Another view, part or filter."""
        self._draw_footer()
        self.draw()

    def on_row_selected(self) -> None:
        """Charts of one variant show the one under the cursor."""
        self.draw()

    def on_series_toggled(self, message: messages.SeriesToggled) -> None:
        """A click on a legend or a marker."""
        variant = self.model.variant_of(message.series)
        if variant is not None:
            self.choices.toggle_hidden(variant)
            self.draw()

    def on_row_opened(self, message: messages.RowOpened) -> None:
        """A line of its own for each cell."""
        text = Text("\n".join(f"{header:<12} {cell}" for header, cell in message.cells))
        self.app.push_screen(TextDialog("one line", text))

    def on_seek_asked(self, message: messages.SeekAsked) -> None:
        """A click on the slider."""
        if self._playback_control is not None:
            self._playback_control.seek(message.share)

    def on_playback_asked(self, message: messages.PlaybackAsked) -> None:
        """Enter in the list of past runs."""
        self._past_runs.play_back(message.run)

    def on_runs_compared(self, message: messages.RunsCompared) -> None:
        """Two past runs were marked, and c was pressed."""
        self._past_runs.compare(message.base, message.other)

    def on_report_asked(self, message: messages.ReportAsked) -> None:
        """The report of a past run, in the browser."""
        self._past_runs.open_report(message.run)

    def _watch(self, recording: PlaybackSource) -> None:
        """On a screen of its own, above this one."""
        views = self._view_types
        self.app.push_screen(RunScreen(recording, self._runs_root, nested=True, views=views))
