"""`lamload report [RUN]`: the final table again."""

from __future__ import annotations

from pathlib import Path

import click

from bench.commands.support.completions import complete_run
from bench.commands.support.run_lookup import read_run, runs_option
from bench.commands.support.verb import Verb
from bench.errors import UsageError


@click.command(cls=Verb)
@click.argument("run", required=False, shell_complete=complete_run)
@click.option("--all", "whole", is_flag=True, help="Every column of every variant, however wide.")
@click.option(
    "--columns",
    metavar="NAME,…",
    help="These columns of summary.csv; p50 to p99.9, max, cost, cold and lag for short.",
)
@click.option("--json", "as_json", is_flag=True, help="The summary as one JSON document.")
@runs_option
def report(run: str | None, whole: bool, columns: str | None, as_json: bool, root: Path) -> None:
    """Print the results of RUN, a folder or a part of its name; without it, of the latest.

    The answer first, then the verdict and one table, within the terminal's width. A run that was
    killed shows what was settled by then.
    """
    from bench.report.brief import render_brief
    from bench.report.chosen_columns import render_columns
    from bench.report.json import run_document
    from bench.report.text import render_text

    if sum((whole, columns is not None, as_json)) > 1:
        raise UsageError("--all, --columns and --json exclude each other: `lamload report --all`")
    recorded = read_run(run, root)
    if columns is not None:
        text = render_columns(recorded, [part.strip() for part in columns.split(",")])
    else:
        render = run_document if as_json else render_text if whole else render_brief
        text = render(recorded)
    click.echo(text, nl=False, color=True)
