"""The views of a run's screen, of which one is in sight: tabs, the view, the line of its filter.

It moves between views and between the parts of one, and keeps each view's filter. What it shows is
drawn by the screen, which hears of every change by the message ViewChanged.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import ContentSwitcher, Input

from bench.tui import messages
from bench.tui.views.base import View
from bench.tui.widgets.tabs import TabRow


class ViewSwitcher(Vertical):
    """The first view is in sight at first. Keys count views from 1."""

    DEFAULT_CSS = """
    ViewSwitcher { height: 1fr; }
    ViewSwitcher ContentSwitcher { height: 1fr; }
    ViewSwitcher #filter {
        display: none; height: 1; border: none; padding: 0 1; background: $panel;
    }
    ViewSwitcher #filter.open { display: block; }
    ViewSwitcher View.maximised .panel, ViewSwitcher View.maximised TextLines {
        display: none !important;
    }
    ViewSwitcher View.maximised .panel.enlarged {
        display: block !important; width: 1fr !important; height: 1fr !important;
        max-height: 100% !important; margin: 0 !important;
    }
    ViewSwitcher View.maximised .row { display: block !important; }
    ViewSwitcher View.maximised .row.bare { display: none !important; }
    """

    def __init__(self, views: Sequence[View]) -> None:
        super().__init__(id="views")
        self.views = tuple(views)
        self._in_sight = self.views[0]
        self._filters: dict[str, str] = {}
        self._filter_line = Input(
            placeholder="filter: Enter keeps it, Escape clears it", id="filter"
        )

    def compose(self) -> ComposeResult:
        """Tabs, views, the line of the filter."""
        first = self._in_sight.view_name
        yield TabRow([(key, v.view_name, v.title) for key, v in self.keyed], first)
        with ContentSwitcher(initial=first):
            yield from self.views
        yield self._filter_line

    @property
    def view(self) -> View:
        """The one in sight; all others are hidden."""
        return self._in_sight

    @property
    def keyed(self) -> list[tuple[str, View]]:
        """Each view with its key."""
        return [(str(number), view) for number, view in enumerate(self.views, 1)]

    def go(self, view: View) -> None:
        """Bring a view into sight, with its filter, and give its table the keyboard."""
        self._set_maximised(None)
        self._in_sight = view
        self.query_one(ContentSwitcher).current = view.view_name
        self.query_one(TabRow).go(view.view_name)
        with self._filter_line.prevent(Input.Changed):
            self._filter_line.value = self.filter
        self._filter_line.set_class(bool(self.filter), "open")
        view.first_focus()
        self._changed()

    def _changed(self) -> None:
        """Once for what is known now, and once when the view has its size."""
        self.post_message(messages.ViewChanged())
        self.call_after_refresh(self.post_message, messages.ViewChanged())

    def on_tab_chosen(self, message: messages.TabChosen) -> None:
        """A click on a tab goes to its view."""
        message.stop()
        self.go(next(view for view in self.views if view.view_name == message.name))

    # -- parts of the view

    def maximise(self) -> None:
        """The focused part alone, or all again."""
        panels = self.view.panels
        if self.view.has_class("maximised"):
            self._set_maximised(None)
        elif panels:
            focused = self.screen.focused
            self._set_maximised(panels.index(focused) if focused in panels else 0)
        self._changed()

    def _set_maximised(self, number: int | None) -> None:
        view = self.view
        view.set_class(number is not None, "maximised")
        for at, panel in enumerate(view.panels):
            panel.set_class(at == number, "enlarged")
        for row in view.query(".row"):
            row.set_class(not row.query(".enlarged"), "bare")
        if number is not None:
            view.panels[number].focus()

    def _next_panel(self, step: int) -> None:
        """Focus another part of the view; while one is maximised, show that one instead."""
        is_maximised = self.view.has_class("maximised")
        panels = [panel for panel in self.view.panels if is_maximised or panel.size.area]
        if not panels:
            return
        focused = self.screen.focused
        number = ((panels.index(focused) if focused in panels else -step) + step) % len(panels)
        if is_maximised:
            self._set_maximised(number)
            self._changed()
        else:
            panels[number].focus()

    def on_key(self, event: events.Key) -> None:
        """Tab goes to the next part; Escape clears the filter, then leaves a maximised part."""
        if event.key in ("tab", "shift+tab"):
            event.stop()
            event.prevent_default()
            self._next_panel(1 if event.key == "tab" else -1)
        elif event.key == "escape" and self._goes_back():
            event.stop()

    def _goes_back(self) -> bool:
        """False if there is nothing here to come back from."""
        if self.is_filtering or self._filter_line.value:
            self._filter_line.value = ""
            self._close_filter()
        elif self.view.has_class("maximised"):
            self.maximise()
        else:
            return False
        return True

    # -- the filter

    @property
    def filter(self) -> str:
        """Words that the lines of the view in sight must have; empty is all lines."""
        return self._filters.get(self.view.view_name, "")

    @property
    def is_filtering(self) -> bool:
        """True while a filter is being typed."""
        return self._filter_line.has_focus

    def open_filter(self) -> None:
        """Let a filter be typed, where the view has lines to filter."""
        if not self.view.filters:
            able = [view.title.lower() for view in self.views if view.filters]
            self.notify(f"nothing to filter here: {_listed(able)} have filters")
            return
        self._filter_line.add_class("open")
        self._filter_line.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        event.stop()
        self._filters[self.view.view_name] = event.value
        self.post_message(messages.ViewChanged())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter keeps the filter and gives the table the keyboard."""
        event.stop()
        self._close_filter()

    def _close_filter(self) -> None:
        self._filter_line.set_class(bool(self._filter_line.value), "open")
        self.view.first_focus()
        self.post_message(messages.ViewChanged())


def _listed(words: Sequence[str]) -> str:
    """Words as a sentence has them: `errors, log and history`."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
