"""Screen 7: what the operator and the run did, and when."""

from __future__ import annotations

from textual.app import ComposeResult

from bench.model.live import RunEvent
from bench.model.times import NS_PER_S
from bench.tui.messages import RowChosen
from bench.tui.palette import Tone
from bench.tui.state import ViewState
from bench.tui.views.base import View, panel
from bench.tui.widgets.columns import Cell, Column, Row
from bench.tui.widgets.grid import Grid

COLUMNS = (
    Column("at", "at s", 9),
    Column("kind", "kind", 12, left=True),
    Column("text", "what", 24, left=True, flex=True),
)
_TONES = {"worker-lost": Tone.BAD, "gave-up": Tone.BAD, "stop": Tone.WARN, "command": Tone.ACCENT}


class LogView(View):
    """The lines of events.jsonl; the newest stays in view while the cursor is on it."""

    view_name = "log"
    title = "Log"
    help = (
        "What stands in events.jsonl: commands of yours, changes of the run, the end; while "
        "the run goes on the latest thousand lines.\n"
        "The newest line stays in view while the cursor is on the last one (End). / filters."
    )
    filters = True
    DEFAULT_CSS = "LogView #events { height: 1fr; }"

    def compose(self) -> ComposeResult:
        """One table, as high as the view."""
        yield panel(Grid(COLUMNS, id="events", title="events", follow=True))

    def show(self, state: ViewState) -> None:
        """Draw the events that match the filter."""
        if not self.is_new("events", (state.snapshot.events, state.filter)):
            return
        rows = [_row(event) for event in state.snapshot.events]
        wanted = state.filter.lower()
        kept = [row for row in rows if wanted in _text_of(row).lower()]
        note = f"{len(kept)} of {len(rows)} match '{state.filter}'" if wanted else f"{len(rows)}"
        self.query_one("#events", Grid).show(kept, note)

    def on_row_chosen(self, message: RowChosen) -> None:
        """Enter on an event shows it whole."""
        message.stop()
        self.open_row(self.query_one("#events", Grid), message.row)


def _row(event: RunEvent) -> Row:
    text = "  ".join([event.text, *(f"{key}={value}" for key, value in event.fields.items())])
    tone = _TONES.get(event.kind, Tone.TEXT)
    return Row(
        f"{event.t_ns} {event.kind} {text}",  # stays when older ones are forgotten
        {
            "at": Cell(f"{event.t_ns / NS_PER_S:.2f}", event.t_ns, Tone.DIM),
            "kind": Cell(event.kind, event.kind, tone),
            "text": Cell(text, text),
        },
    )


def _text_of(row: Row) -> str:
    return " ".join(cell.text for cell in row.cells.values())
