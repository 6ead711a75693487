"""What the view of past runs asks for: a playback, a comparison of two, a report in the browser."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.text import Text
from textual.screen import Screen

from bench.record.load_run import load_run
from bench.report.comparison import render_comparison
from bench.tui.export import export_report
from bench.tui.playback import PlaybackSource
from bench.tui.screens.background import in_background
from bench.tui.screens.dialogs import TextDialog


class PastRuns:
    """Reads runs' folders. watch: how a recording that was opened is shown."""

    def __init__(self, screen: Screen[Any], watch: Callable[[PlaybackSource], object]) -> None:
        self._screen = screen
        self._watch = watch

    def play_back(self, run: Path) -> None:
        """Show a past run on a screen of its own."""
        failure = f"{run.name} cannot be played back"
        in_background(self._screen, lambda: PlaybackSource(run), self._watch, failure)

    def compare(self, base: Path, other: Path) -> None:
        """Show how two past runs differ, as `lamload compare` prints it."""

        def done(text: str) -> None:
            self._screen.app.push_screen(TextDialog("two runs", Text(text)))

        failure, width = "they cannot be compared", TextDialog.room(self._screen.size.width)
        in_background(self._screen, lambda: _comparison(base, other, width), done, failure)

    def open_report(self, run: Path) -> None:
        """Open a run's report in the browser; its path is said: over SSH that is what helps."""
        in_background(self._screen, lambda: export_report(run), self._browse, "not written")

    def _browse(self, report: Path) -> None:
        self._screen.notify(f"written to {report}")
        if self._screen.app.is_web:
            self._screen.app.open_url(report.as_uri())
        else:
            webbrowser.open(report.as_uri())


def _comparison(base: Path, other: Path, width: int) -> str:
    return render_comparison(load_run(base), load_run(other), width)
