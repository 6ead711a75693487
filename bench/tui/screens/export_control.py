"""The keys by which figures leave the screen: a row copied, a file written, a picture taken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.screen import Screen

from bench.tui.choices import Choices
from bench.tui.export import (
    export_folder,
    export_report,
    export_summary,
    export_text,
    export_windows,
)
from bench.tui.keys import Commands
from bench.tui.run_model import RunModel
from bench.tui.screens.background import in_background
from bench.tui.screens.dialogs import Confirm
from bench.tui.views.base import View
from bench.tui.widgets.grid import Grid


class ExportControl:
    """Writes what is on a screen. view: which one is in sight."""

    def __init__(
        self, run: RunModel, choices: Choices, screen: Screen[Any], view: Callable[[], View]
    ) -> None:
        self._run = run
        self._choices = choices
        self._screen = screen
        self._view = view

    @property
    def commands(self) -> Commands:
        """By the names of their keys."""
        return {
            "copy_row": self._copy_row,
            "export": self._ask_what,
            "screenshot": self._take_screenshot,
        }

    @property
    def _run_folder(self) -> str | None:
        return self._run.snapshot.run_folder if self._run.snapshot is not None else None

    def _copy_row(self) -> None:
        focused = self._screen.focused
        table = focused if isinstance(focused, Grid) else self._view().table
        if table is None or table.highlighted is None:
            self._screen.notify("no row here", severity="warning")
            return
        self._screen.app.copy_to_clipboard(table.row_text(table.highlighted))
        self._screen.notify("copied the row, with tabs between its cells")

    def _take_screenshot(self) -> None:
        """A file beside the run's; in a browser a download."""
        app, view = self._screen.app, self._view()
        svg = app.export_screenshot(title=f"lamload {view.title}")
        if app.is_web:
            app.deliver_screenshot()
            return
        folder = export_folder(self._run_folder)
        self._write(lambda: export_text(folder, view.view_name, ".svg", svg))

    def _ask_what(self) -> None:
        answers = {"w": "the figures of all variants in this window, as CSV",
                   "t": "the table as it stands here, with tabs"}  # fmt: skip
        if self._run_folder is not None:
            answers["s"] = "summary.csv as far as the run's files are written"
            answers["h"] = "report.html, one page"
        self._screen.app.push_screen(Confirm("Write what to a file?", answers), self._export)

    def _export(self, answer: str | None) -> None:
        folder, name = export_folder(self._run_folder), self._view().view_name
        seconds = self._choices.window_s
        span = "run" if seconds is None else f"{seconds}s"
        run = Path(self._run_folder) if self._run_folder is not None else None
        if answer == "w":
            windows = self._run.source.window(seconds)
            self._write(lambda: export_windows(folder, f"window-{span}", windows))
        elif answer == "t":
            text = _table_text(self._view().table)
            self._write(lambda: export_text(folder, f"{name}-{span}", ".tsv", text))
        elif answer == "s" and run is not None:
            self._write(lambda: export_summary(run, folder))
        elif answer == "h" and run is not None:
            self._write(lambda: export_report(run))

    def _write(self, write: Callable[[], Path]) -> None:
        def done(path: Path) -> None:
            self._screen.notify(f"written to {path}")

        in_background(self._screen, write, done, "not written")


def _table_text(table: Grid | None) -> str:
    if table is None:
        return ""
    rows = [table.header_text, *(table.row_text(row) for row in table.order)]
    return "\n".join(rows) + "\n"
