"""Questions that need an answer before something is done, and the help."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

_CSS = """
{name} {{ align: center middle; }}
{name} > Vertical {{
    width: 64; max-width: 95%; height: auto; max-height: 90%; padding: 1 2;
    background: $panel; border: round $primary;
}}
"""


class Ask(ModalScreen[str | None]):
    """A question with one key per answer; Escape and the keys not named change nothing."""

    DEFAULT_CSS = _CSS.format(name="Ask")
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "answer('')", "back")]

    def __init__(self, question: str, answers: dict[str, str]) -> None:
        super().__init__()
        self._question = question
        self._answers = answers

    def compose(self) -> ComposeResult:
        """The question and its answers."""
        lines = [self._question, ""]
        lines += [f"  [b]{key}[/b]   {words}" for key, words in self._answers.items()]
        lines.append("  [b]Esc[/b] back, nothing changes")
        with Vertical():
            yield Static("\n".join(lines))

    def on_key(self, event: object) -> None:
        """Take an answer."""
        key = getattr(event, "character", None) or getattr(event, "key", "")
        if key in self._answers:
            self.dismiss(key)

    def action_answer(self, key: str) -> None:
        """Leave without an answer."""
        self.dismiss(key or None)


class Help(ModalScreen[None]):
    """The keys of where you are."""

    DEFAULT_CSS = _CSS.format(name="Help")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "dismiss", "back"),
    ]

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        """The text."""
        with Vertical():
            yield Static(self._text)
