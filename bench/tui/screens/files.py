"""What the run's screen reads from files and writes into them: exports, pictures, past runs."""

from __future__ import annotations

import asyncio
import webbrowser
from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path

from rich.text import Text
from textual.widgets import ContentSwitcher

from bench.errors import LamloadError
from bench.record.load_run import load_run
from bench.report.comparison import render_comparison
from bench.tui import messages
from bench.tui.export import (
    export_folder,
    export_report,
    export_summary,
    export_text,
    export_windows,
)
from bench.tui.playback import PlaybackSource
from bench.tui.screens.dialogs import Confirm, TextDialog
from bench.tui.screens.load_keys import LoadKeys
from bench.tui.state import WINDOWS
from bench.tui.views.base import View
from bench.tui.widgets.grid import Grid


class Files(LoadKeys):
    """Part of the screen of a run."""

    runs_root: Path | None = None
    _window: int = 0

    @property
    def view(self) -> View:
        """The one in sight."""
        return self.query_one(f"#{self.query_one(ContentSwitcher).current}", View)  # type: ignore[type-abstract]  # looked for, not made

    @property
    def run_folder(self) -> str | None:
        """Where the run writes its files."""
        return self.snapshot.run_folder if self.snapshot is not None else None

    # -- what leaves the screen

    def action_copy_row(self) -> None:
        """Copy the row under the cursor as tab-separated text."""
        focused = self.focused
        table = focused if isinstance(focused, Grid) else self.view.table
        if table is None or table.selected is None:
            self.notify("no row here", severity="warning")
            return
        self.app.copy_to_clipboard(table.row_text(table.selected))
        self.notify("copied the row, with tabs between its cells")

    def action_screenshot(self) -> None:
        """Save the screen as SVG."""
        svg = self.app.export_screenshot(title=f"lamload {self.view.title}")
        if self.app.is_web:
            self.app.deliver_screenshot()
            return
        folder = export_folder(self.run_folder)
        self._write(lambda: export_text(folder, self.view.id or "screen", ".svg", svg))

    def action_export(self) -> None:
        """Ask what to write."""
        answers = {"w": "the figures of all variants in this window, as CSV",
                   "t": "the table as it stands here, with tabs"}  # fmt: skip
        if self.run_folder is not None:
            answers["s"] = "summary.csv as far as the run's files are written"
            answers["h"] = "report.html, one page"
        self.app.push_screen(Confirm("Write what to a file?", answers), self._export)

    def _export(self, answer: str | None) -> None:
        folder, name = export_folder(self.run_folder), self.view.id or "view"
        seconds = WINDOWS[self._window]
        span = "run" if seconds is None else f"{seconds}s"
        run = Path(self.run_folder) if self.run_folder is not None else None
        if answer == "w":
            windows = self.source.window(seconds)
            self._write(lambda: export_windows(folder, f"window-{span}", windows))
        elif answer == "t":
            text = self._table_text()
            self._write(lambda: export_text(folder, f"{name}-{span}", ".tsv", text))
        elif answer == "s" and run is not None:
            self._write(lambda: export_summary(run, folder))
        elif answer == "h" and run is not None:
            self._write(lambda: export_report(run))

    def _table_text(self) -> str:
        table = self.view.table
        if table is None:
            return ""
        rows = [table.header_text, *(table.row_text(row) for row in table.order)]
        return "\n".join(rows) + "\n"

    def _write(self, write: Callable[[], Path], done: Callable[[Path], None] | None = None) -> None:
        """In a thread, so that no slow disk stops the screen."""

        async def work() -> None:
            try:
                path = await asyncio.to_thread(write)
            except (OSError, LamloadError) as error:
                self.notify(f"not written: {error}", severity="error")
                return
            self.notify(f"written to {path}")
            if done is not None:
                done(path)

        self.run_worker(work(), exit_on_error=False)

    # -- past runs

    def replay(self, folder: Path) -> None:
        """Show a past run on a screen of its own."""

        async def work() -> None:
            try:
                recording = await asyncio.to_thread(PlaybackSource, folder)
            except (OSError, ValueError, LamloadError) as error:
                self.notify(f"{folder.name} cannot be replayed: {error}", severity="error")
                return
            self.open_recording(recording)

        self.run_worker(work(), exit_on_error=False)

    @abstractmethod
    def open_recording(self, recording: PlaybackSource) -> None:
        """Watch a recording."""

    def on_runs_compared(self, message: messages.RunsCompared) -> None:
        """Show how two past runs differ, as `lamload compare` prints it."""

        async def work() -> None:
            try:
                text = await asyncio.to_thread(_comparison, message.base, message.other)
            except (OSError, ValueError, LamloadError) as error:
                self.notify(f"they cannot be compared: {error}", severity="error")
                return
            self.app.push_screen(TextDialog("two runs", Text(text)))

        self.run_worker(work(), exit_on_error=False)

    def on_report_asked(self, message: messages.ReportAsked) -> None:
        """Open a run's report in the browser; over SSH its path is what helps."""
        self._write(lambda: export_report(message.run), self._browse)

    def _browse(self, path: Path) -> None:
        if self.app.is_web:
            self.app.open_url(path.as_uri())
        else:
            webbrowser.open(path.as_uri())


def _comparison(base: Path, other: Path) -> str:
    return render_comparison(load_run(base), load_run(other))
