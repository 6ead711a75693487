"""`lamload export [RUN]`: a run's results in another form."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from bench.commands.support.completions import complete_run
from bench.commands.support.run_lookup import read_run, runs_option
from bench.commands.support.verb import Verb
from bench.errors import UsageError, cause_of
from bench.output import letters
from bench.output.streams import print_bytes
from bench.report.formats import FORMATS, Rendered, render
from bench.whole_file import replace_bytes


@click.command(cls=Verb)
@click.argument("run", required=False, shell_complete=complete_run)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    default="csv",
    show_default=True,
    help="csv is summary.csv; phases, intervals and percentiles are the other tables.",
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Instead of stdout.")
@runs_option
def export(run: str | None, form: str, out: Path | None, root: Path) -> None:
    """Write the results of RUN, or of the latest run, in another form."""
    if run in FORMATS and not Path(run).is_dir():
        raise UsageError(f"{run} is no run but a form: `lamload export --format {run}`")
    rendered = render(form, read_run(run, root))
    if out is None:
        _print(form, rendered)
        return
    try:
        replace_bytes(out, [rendered.content])
    except OSError as error:
        raise UsageError(f"cannot write {out}: {cause_of(error)}") from None
    click.echo(f"Written to {out}", err=True)


def _print(form: str, rendered: Rendered) -> None:
    """Bytes as they are; on a terminal text alone, in an encoding that it has."""
    content, stdout = rendered.content, sys.stdout
    if stdout.isatty():
        if not rendered.is_text:
            raise UsageError(f"{form} is not for a terminal; name a file: --out FILE")
        letters.register()
        content = content.decode("utf-8").encode(stdout.encoding, letters.NAME)
    print_bytes(content)
