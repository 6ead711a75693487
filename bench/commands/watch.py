"""`lamload watch [RUN]`: a recorded run played back, in the viewer's hands, or one that runs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.commands.support.completions import complete_run
from bench.commands.support.live_view import can_show_tui, preferences, show
from bench.commands.support.progress import Progress
from bench.commands.support.run_lookup import find_run
from bench.commands.support.verb import Verb
from bench.errors import InterruptedRun, UsageError
from bench.interrupts import Interrupts

if TYPE_CHECKING:
    from bench.tui.app import LamloadApp


@click.command(cls=Verb)
@click.argument("run", required=False, shell_complete=complete_run)
@click.option("--tui", is_flag=True, help="The TUI, whatever the environment looks like.")
@click.option(
    "--runs",
    "--out",
    "root",
    type=click.Path(path_type=Path),
    default=Path("runs"),
    show_default=True,
    help="Folder with the runs.",
)
def watch(run: str | None, tui: bool, root: Path) -> None:
    """Play RUN back, a folder or a part of its name; without it, the latest.

    A run that another lamload still writes is followed. Leaving prints the table of results.
    """
    from bench.record.load_run import load_run
    from bench.report.brief import render_brief

    folder = find_run(run, root)
    if not tui and not can_show_tui():
        raise UsageError(
            "watch needs a terminal; `lamload report` prints the results, --tui insists"
        )
    app = _app(folder, root)
    with Interrupts().heard() as interrupts:
        asyncio.run(show(app, Progress(), interrupts))
        if interrupts.count:
            raise InterruptedRun("interrupted")
    click.echo(render_brief(load_run(folder)), nl=False, color=True)
    click.echo(f"Results in {folder}", err=True)


def _app(folder: Path, root: Path) -> LamloadApp:
    from bench.tui.app import LamloadApp
    from bench.tui.playback import PlaybackSource

    return LamloadApp(PlaybackSource(folder), runs_root=root, preferences=preferences())
