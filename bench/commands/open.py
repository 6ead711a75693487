"""`lamload open [RUN]`: the report of a run in the browser."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import click

from bench.commands.support.completions import complete_run
from bench.commands.support.run_lookup import find_run, read_run, runs_option
from bench.commands.support.verb import Verb
from bench.errors import UsageError, cause_of
from bench.whole_file import replace_bytes

REPORT = "report.html"


@click.command("open", cls=Verb)
@click.argument("run", required=False, shell_complete=complete_run)
@runs_option
def open(run: str | None, root: Path) -> None:
    """Show the report of RUN, or of the latest run, in the browser; without one, say where it is.

    A run that was killed has none yet: it is made of what was settled by then.
    """
    file = find_run(run, root).absolute() / REPORT
    if not file.is_file():
        _make(file, run, root)
    click.echo(file)
    if not _show(file):
        click.echo(f"There is no browser here; open {file} in one that you have.", err=True)


def _make(file: Path, run: str | None, root: Path) -> None:
    from bench.report.html import render_html

    content = render_html(read_run(run, root)).encode()
    try:
        replace_bytes(file, [content])
    except OSError as error:
        raise UsageError(f"cannot write {file}: {cause_of(error)}") from None


def _show(file: Path) -> bool:
    """Whether a browser took it."""
    try:
        return webbrowser.open(file.as_uri())
    except (webbrowser.Error, OSError):
        return False
