"""`lamload export [RUN]`: a run's results in another form."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import click

from bench.commands.support.completions import complete_run
from bench.commands.support.run_lookup import read_run, runs_option
from bench.errors import UsageError
from bench.whole_file import replace_file

FORMATS = {
    "csv": "bench.record.csv_files:summary_text",
    "intervals": "bench.record.csv_files:intervals_text",
    "percentiles": "bench.record.csv_files:percentiles_text",
    "json": "bench.report.json:run_document",
    "html": "bench.report.html:render_html",
    "junit": "bench.report.junit:render_junit",
    "hlog": "bench.report.hlog:render_hlog",
    "text": "bench.report.text:render_text",
}
"""Format -> the function that renders a RecordedRun. To add one: its file, and its name here."""


@click.command()
@click.argument("run", required=False, shell_complete=complete_run)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    default="csv",
    show_default=True,
    help="csv is summary.csv; intervals and percentiles are the other tables.",
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Instead of stdout.")
@runs_option
def export(run: str | None, form: str, out: Path | None, root: Path) -> None:
    """Write the results of RUN, or of the latest run, in another form."""
    module, _, function = FORMATS[form].partition(":")
    text = getattr(import_module(module), function)(read_run(run, root))
    if out is None:
        sys.stdout.write(text)
        return
    try:
        replace_file(out, [text])
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror}") from None
    click.echo(f"Written to {out}", err=True)
