"""Screen 7: what the operator and the run did, and when."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import RichLog

from bench.model import NS_PER_S, RunEvent
from bench.tui.state import ViewState
from bench.tui.views.base import View


class LogView(View):
    """Events as they come; the filter holds for new lines and redraws the old ones."""

    title = "Log"
    help = "Events of the run and the operator. / filters, the newest stays in view."

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._written = 0
        self._filter = ""

    def compose(self) -> ComposeResult:
        """The log."""
        yield RichLog(id="events", wrap=True)

    def show(self, state: ViewState) -> None:
        """Append what is new."""
        log = self.query_one(RichLog)
        if state.filter != self._filter:
            self._filter, self._written = state.filter, 0
            log.clear()
        for event in state.snapshot.events[self._written :]:
            line = _line(event)
            if state.filter.lower() in line.plain.lower():
                log.write(line)
        self._written = len(state.snapshot.events)


def _line(event: RunEvent) -> Text:
    fields = "  ".join(f"{key}={value}" for key, value in event.fields.items())
    return Text.assemble(
        (f"{event.t_ns / NS_PER_S:9.2f} s  ", "dim"), (f"{event.kind:<12}", "bold"),
        f" {event.text}  ", (fields, "dim"),
    )  # fmt: skip
