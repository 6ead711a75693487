"""Questions that need an answer before something is done, and texts to be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

_CSS = """
{name} {{ align: center middle; background: $background 60%; }}
{name} > Vertical {{
    width: {width}; max-width: 96%; height: auto; max-height: 94%; padding: 0 2;
    background: $panel; border: round $primary; border-title-color: $primary;
    border-title-style: bold;
}}
{name} VerticalScroll {{ width: auto; max-width: 100%; height: auto; max-height: 100%; }}
{name} Static {{ width: auto; max-width: 100%; }}
"""


class Confirm(ModalScreen[str]):
    """A question with one key per answer; Escape and keys not named change nothing.

    ctrl+c answers with `urgent`, if given: who presses it twice means it.
    """

    DEFAULT_CSS = _CSS.format(name="Confirm", width="66")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "answer('')", "back"),
        Binding("ctrl+c,ctrl+q", "urgent", "now", show=False),
    ]

    def __init__(self, question: str, answers: Mapping[str, str], urgent: str = "") -> None:
        super().__init__()
        self._question = question
        self._answers = answers
        self._urgent = urgent

    def compose(self) -> ComposeResult:
        """The question and its answers."""
        text = Text("\n")
        for key, words in self._answers.items():
            text.append(f"  {key:<4}", "bold")
            text.append(f" {words}\n")
        text.append("  Esc ", "bold")
        text.append(" back, nothing changes\n")
        with Vertical() as box:
            box.border_title = self._question
            yield Static(text)

    def on_key(self, event: events.Key) -> None:
        """The key of an answer gives it."""
        key = event.character or event.key
        if key in self._answers:
            event.stop()
            self.dismiss(key)

    def action_answer(self, key: str) -> None:
        """Leave with this answer; none is ''."""
        self.dismiss(key)

    def action_urgent(self) -> None:
        """The answer of who is in a hurry."""
        self.dismiss(self._urgent)


class TextDialog(ModalScreen[None]):
    """A text to be read and closed: help, a comparison, one failed attempt."""

    DEFAULT_CSS = _CSS.format(name="TextDialog", width="auto")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,v,question_mark,enter,f1,ctrl+c,ctrl+q", "dismiss", "back"),
        Binding("y", "copy", "copy"),
    ]

    def __init__(self, title: str, text: Text) -> None:
        super().__init__()
        self._title = title
        self._text = text

    @staticmethod
    def room(width: int) -> int:
        """Cells for a line of text on a screen of that width: 96 % of it, borders, a scrollbar."""
        return max(1, int(width * 0.96) - 8)

    @property
    def plain(self) -> str:
        """The text without its styles."""
        return self._text.plain

    def compose(self) -> ComposeResult:
        """The text, with a scrollbar where it has no room."""
        with Vertical() as box:
            box.border_title = self._title
            with VerticalScroll():
                yield Static(self._text)

    def action_copy(self) -> None:
        """Copy the whole text to the clipboard, also what is out of sight."""
        self.app.copy_to_clipboard(self.plain)
        self.notify("copied")
