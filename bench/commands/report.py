"""`lamload report [RUN]`: the final table again."""

from __future__ import annotations

from pathlib import Path

import click

from bench.commands.support.completions import complete_run
from bench.commands.support.run_lookup import read_run, runs_option


@click.command()
@click.argument("run", required=False, shell_complete=complete_run)
@click.option("--json", "as_json", is_flag=True, help="The summary as one JSON document.")
@runs_option
def report(run: str | None, as_json: bool, root: Path) -> None:
    """Print the results of RUN, a folder or a part of its name; without it, of the latest.

    A run that was killed shows what was settled by then.
    """
    from bench.report.json import run_document
    from bench.report.text import render_text

    recorded = read_run(run, root)
    click.echo(run_document(recorded) if as_json else render_text(recorded), nl=False)
