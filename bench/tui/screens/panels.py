"""Part of the run's screen: which view is in sight, which of its parts, and what is read in it."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path

from rich.text import Text
from textual import events
from textual.widgets import ContentSwitcher, Input

from bench.tui import messages
from bench.tui.screens.dialogs import TextDialog
from bench.tui.screens.files import Files
from bench.tui.screens.help import help_text
from bench.tui.screens.reasons import reasons_text
from bench.tui.widgets.grid import Grid
from bench.tui.widgets.tabs import TabRow


class Panels(Files):
    """Moves between views and their parts; filters; shows the help."""

    def __init__(self) -> None:
        super().__init__()
        self.filters: dict[str, str] = {}

    @abstractmethod
    def draw(self, charts: bool = True) -> None:
        """Show the view in sight anew."""

    @abstractmethod
    def show_keys(self) -> None:
        """Offer the keys that matter here."""

    def action_view(self, name: str) -> None:
        """Go to one of the numbered screens."""
        self._set_maximised(None)
        self.query_one(ContentSwitcher).current = name
        self.query_one(TabRow).go(name)
        line = self.query_one("#filter", Input)
        with line.prevent(Input.Changed):
            line.value = self.filters.get(name, "")
        line.set_class(bool(line.value), "open")
        self.view.first_focus()
        self.draw()
        self.call_after_refresh(self.settle)

    def settle(self) -> None:
        """After a change of view: it has its size only now, and its table the keyboard."""
        self.show_keys()
        self.draw()

    def on_tab_chosen(self, message: messages.TabChosen) -> None:
        """Likewise, by a click."""
        self.action_view(message.name)

    def action_maximise(self) -> None:
        """The focused part alone, or all again."""
        panels = self.view.panels
        if self.view.has_class("maximised"):
            self._set_maximised(None)
        elif panels:
            focused = self.focused
            self._set_maximised(panels.index(focused) if focused in panels else 0)
        self.call_after_refresh(self.draw)

    def _set_maximised(self, number: int | None) -> None:
        view = self.view
        view.set_class(number is not None, "maximised")
        for at, panel in enumerate(view.panels):
            panel.set_class(at == number, "enlarged")
        for row in view.query(".row"):
            row.set_class(not row.query(".enlarged"), "bare")
        if number is not None:
            view.panels[number].focus()

    def action_next_panel(self, step: int) -> None:
        """The next part of the view; while one is maximised, that one instead."""
        panels = self.view.panels
        at = panels.index(self.focused) if self.focused in panels else -step
        if self.view.has_class("maximised"):
            self._set_maximised((at + step) % len(panels))
            self.call_after_refresh(self.draw)
        else:
            seen = [panel for panel in panels if panel.size.area]
            at = seen.index(self.focused) if self.focused in seen else -step
            if seen:
                seen[(at + step) % len(seen)].focus()

    # -- filtering and reading

    def action_filter(self) -> None:
        """Type a filter."""
        if not self.view.filters:
            self.notify("nothing to filter here: errors, log and history have filters")
            return
        line = self.query_one("#filter", Input)
        line.add_class("open")
        line.focus()

    def on_descendant_focus(self) -> None:
        """The keyboard is elsewhere now."""
        self.show_keys()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        self.filters[self.view.id or ""] = event.value
        self.draw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the filter."""
        self._close_filter()

    def on_key(self, event: events.Key) -> None:
        """Escape clears the filter, leaves a maximised part, comes back from a replay."""
        if event.key == "tab" or event.key == "shift+tab":
            event.stop()
            event.prevent_default()
            self.action_next_panel(1 if event.key == "tab" else -1)
        elif event.key == "escape":
            event.stop()
            self._escape()

    def _escape(self) -> None:
        line = self.query_one("#filter", Input)
        if line.has_focus or line.value:
            line.value = ""
            self._close_filter()
        elif self.view.has_class("maximised"):
            self.action_maximise()
        elif self.nested:
            self.dismiss()

    def _close_filter(self) -> None:
        line = self.query_one("#filter", Input)
        line.set_class(bool(line.value), "open")
        self.view.first_focus()
        self.draw()

    def action_help(self) -> None:
        """What this screen shows, and the keys."""
        width = TextDialog.room(self.size.width)
        text = help_text(self.view, self._bound(), self.playback is not None, width)
        self.app.push_screen(TextDialog(self.view.title, text))

    def action_reasons(self) -> None:
        """The verdict, and everything that speaks against the figures."""
        if self.snapshot is not None:
            text = reasons_text(self.snapshot, TextDialog.room(self.size.width))
            self.app.push_screen(TextDialog("Verdict", text))

    def _bound(self) -> dict[str, str]:
        """Action's name -> its keys, as they are bound now."""
        found: dict[str, list[str]] = {}
        for active in self.active_bindings.values():
            binding = active.binding
            if binding.id is not None:
                shown = self.app.get_key_display(binding)
                if shown not in found.setdefault(binding.id, []):
                    found[binding.id].append(shown)
        return {name: " ".join(keys) for name, keys in found.items()}

    def on_row_chosen(self, message: messages.RowChosen) -> None:
        """Enter on a row: a failed attempt or an event to be read whole, a run to be replayed."""
        if message.grid == "runs":
            self.replay(Path(message.row))
        elif message.grid in ("samples", "events"):
            grid = self.query_one(f"#{message.grid}", Grid)
            values = zip(grid.header_text.split("\t"), grid.row_text(message.row).split("\t"),
                         strict=True)  # fmt: skip
            text = Text("\n".join(f"{name:<12} {value}" for name, value in values))
            self.app.push_screen(TextDialog("one line", text))
