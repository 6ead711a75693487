"""Screen 8: past runs: play one back, open its report, mark two and compare them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from bench.format import UNKNOWN
from bench.model.outcome import Verdict
from bench.record.recorded_run import RunEntry, list_runs
from bench.tui.messages import PlaybackAsked, ReportAsked, RowChosen, RunsCompared
from bench.tui.palette import Tone
from bench.tui.state import ViewState
from bench.tui.views.base import View, ViewContext, panel
from bench.tui.widgets.columns import Cell, Column, Row
from bench.tui.widgets.grid import Grid

COLUMNS = (
    Column("mark", " ", 1),
    Column("verdict", "verdict", 7, left=True),
    Column("started", "started (UTC)", 19, left=True, falls=True),
    Column("title", "title", 34, 1, left=True),
    Column("target", "target", 6, 2, left=True),
    Column("variants", "variants", 8, 3, falls=True),
    Column("state", "state", 11, 2, left=True),
    Column("run", "run", 20, 4, left=True, flex=True),
)
_VERDICTS = {Verdict.VALID: Tone.GOOD, Verdict.SUSPECT: Tone.WARN, Verdict.INVALID: Tone.BAD}
MOST_MARKS = 2


class RunGrid(Grid):
    """The list of runs, with keys of its own."""

    KEYS: ClassVar[list[Binding]] = [
        Binding("m", "mark", "mark", id="history_mark"),
        Binding("c", "compare", "compare the marked", id="history_compare"),
        Binding("v", "open_report", "open report", id="history_report"),
        Binding("r", "reload", "look again", id="history_reload"),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]

    def action_mark(self) -> None:
        """Mark the run under the cursor, or take its mark away."""
        self._view.mark(self.selected)

    def action_compare(self) -> None:
        """Compare the two that are marked."""
        self._view.compare()

    def action_open_report(self) -> None:
        """Open the report of the run under the cursor."""
        self._view.open_report(self.selected)

    def action_reload(self) -> None:
        """Read the folder again: runs may have been added since."""
        self._view.list_again()

    @property
    def _view(self) -> HistoryView:
        return self.query_ancestor(HistoryView)


class HistoryView(View):
    """The runs of one folder. What is asked of one goes up as a message."""

    view_name = "history"
    title = "History"
    help = (
        "Past runs, newest first. Enter plays back the one under the cursor; m marks it, c "
        "compares the two that are marked (the one marked first is the base), v opens its "
        "report.html in the browser, r looks again. Escape or q comes back from a "
        "playback to the run."
    )
    filters = True
    own_keys = RunGrid.KEYS
    DEFAULT_CSS = "HistoryView #runs { height: 1fr; }"

    def __init__(self, context: ViewContext) -> None:
        super().__init__(context)
        self._root = context.runs_root
        self._entries: Sequence[RunEntry] = ()
        self._marked: list[str] = []

    def compose(self) -> ComposeResult:
        """One table, as high as the view."""
        yield panel(RunGrid(COLUMNS, id="runs", title="past runs", fixed=1, empty="no runs here"))

    def first_focus(self) -> None:
        """List the runs anew whenever the view is entered."""
        self.list_again()
        super().first_focus()

    def show(self, state: ViewState) -> None:
        """Draw those that match the filter."""
        rows = [self._row(entry) for entry in self._entries]
        wanted = state.filter.lower()
        kept = [r for r in rows if wanted in " ".join(c.text for c in r.cells.values()).lower()]
        note = f"{len(kept)} in {self._root}" if self._root is not None else ""
        self.query_one("#runs", RunGrid).show(kept, note)

    def list_again(self) -> None:
        """Read what runs the folder has now."""
        if self._root is not None:
            self._entries = list_runs(self._root)

    def _row(self, entry: RunEntry) -> Row:
        key = str(entry.folder)
        mark = str(self._marked.index(key) + 1) if key in self._marked else " "
        verdict = entry.verdict.value if entry.verdict is not None else UNKNOWN
        tone = _VERDICTS.get(entry.verdict, Tone.DIM) if entry.verdict is not None else Tone.DIM
        started = entry.started_utc[:19].replace("T", " ")
        return Row(
            key,
            {
                "mark": Cell(mark, mark, Tone.ACCENT),
                "verdict": Cell(verdict, verdict, tone),
                "started": Cell(started, started),
                "title": Cell(entry.title, entry.title, Tone.STRONG),
                "target": Cell(entry.target, entry.target),
                "variants": Cell(str(entry.variants), entry.variants),
                "state": Cell(entry.state, entry.state),
                "run": Cell(entry.folder.name, entry.folder.name, Tone.DIM),
            },
        )

    def on_row_chosen(self, message: RowChosen) -> None:
        """Enter on a run has it played back."""
        message.stop()
        self.post_message(PlaybackAsked(Path(message.row)))

    def mark(self, key: str | None) -> None:
        """Mark a run, or take its mark away; a third mark takes the place of the first."""
        if key is None:
            return
        if key in self._marked:
            self._marked.remove(key)
        else:
            self._marked = [*self._marked, key][-MOST_MARKS:]

    def compare(self) -> None:
        """Show how the two marked runs differ."""
        if len(self._marked) < MOST_MARKS:
            self.notify("mark two runs with m first", severity="warning")
        else:
            self.post_message(RunsCompared(Path(self._marked[0]), Path(self._marked[1])))

    def open_report(self, key: str | None) -> None:
        """Have a run's report opened."""
        if key is not None:
            self.post_message(ReportAsked(Path(key)))
