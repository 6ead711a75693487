"""`lamload compare [BASE [OTHER]]`: two runs against each other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.commands.support.completions import complete_run
from bench.commands.support.run_lookup import find_run, read_run, runs_option
from bench.commands.support.verb import Verb
from bench.errors import ExitCode, UsageError, cause_of
from bench.format import quantile_text
from bench.model.result import LADDER
from bench.output.page_width import page_width

if TYPE_CHECKING:
    from bench.stats.run_comparison import Slower


@click.command(cls=Verb)
@click.argument("base", required=False, shell_complete=complete_run)
@click.argument("other", required=False, shell_complete=complete_run)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option(
    "--html",
    "page",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also write OTHER's report with BASE laid over it; - is stdout.",
)
@click.option(
    "--max-slower",
    metavar="SHARE",
    help="Exit 99 if a variant's percentile rose by more, such as 10%, by its whole interval.",
)
@click.option(
    "--percentile",
    type=click.Choice([quantile_text(q) for q in sorted(LADDER)]),
    default="p90",
    show_default=True,
    help="The one that --max-slower looks at.",
)
@click.option(
    "--or-lower",
    is_flag=True,
    help="Of a variant of which that percentile is not known, look at the highest one that is.",
)
@runs_option
@click.pass_context
def compare(
    context: click.Context,
    base: str | None,
    other: str | None,
    as_json: bool,
    page: Path | None,
    max_slower: str | None,
    percentile: str,
    or_lower: bool,
    root: Path,
) -> None:
    """Compare run OTHER with run BASE, variant by variant.

    Without OTHER the latest run is compared with BASE; without both, with the one before it.
    Where --max-slower cannot be told for want of samples, the exit code is 98.
    """
    from bench.report.comparison import comparison_document, render_comparison
    from bench.report.html import render_html
    from bench.stats.run_comparison import slower
    from bench.units import read_quantile, read_share

    try:
        limit = None if max_slower is None else read_share(max_slower)
    except ValueError as error:
        raise UsageError(f"--max-slower {error}") from None
    before = read_run(base or _one_before(root), root)
    after = read_run(other, root)
    if before.folder.resolve() == after.folder.resolve():
        raise UsageError(f"{before.name} cannot be compared with itself: name another run")
    if page is not None:
        _write_page(page, render_html(after, before))
    if as_json:
        click.echo(comparison_document(before, after), nl=False)
    elif page != Path("-"):
        click.echo(render_comparison(before, after, page_width()), nl=False)
    if limit is None:
        return
    q = read_quantile(percentile)
    quantiles = [q, *(lower for lower in LADDER if or_lower and lower < q)]
    found = slower((before.windows, before.curves), (after.windows, after.curves), quantiles, limit)
    context.exit(_told(found, percentile, str(max_slower)))


def _write_page(path: Path, page: str) -> None:
    """Raises UsageError where it cannot be written."""
    if path == Path("-"):
        click.echo(page, nl=False)
        return
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--html: {path} cannot be written: {cause_of(error)}") from None
    click.echo(f"The report with both runs is in {path}", err=True)


def _told(found: Slower, percentile: str, limit: str) -> ExitCode:
    """Say on stderr what --max-slower has found; the code to exit with."""
    for variant, q in found.quantiles.items():
        if quantile_text(q) != percentile:
            click.echo(f"{variant}: {percentile} is not known, so {quantile_text(q)}", err=True)
    if found.unknown:
        names = ", ".join(found.unknown)
        click.echo(f"{percentile}: too few samples or blocks to know of {names}", err=True)
    if found.variants:
        names = ", ".join(found.variants)
        click.echo(f"{percentile} rose by more than {limit}: {names}", err=True)
        return ExitCode.THRESHOLD
    if not found.quantiles and not found.unknown:
        click.echo("no variant is in both runs: nothing can be said of --max-slower", err=True)
        return ExitCode.UNKNOWN
    return ExitCode.UNKNOWN if found.unknown else ExitCode.OK


def _one_before(root: Path) -> str:
    """The run before the latest. Raises UsageError if there are not two."""
    from bench.record.recorded_run import list_runs

    find_run(None, root)
    entries = list_runs(root)
    if len(entries) < 2:
        raise UsageError(f"{root} has one run only, and it takes two to compare")
    return str(entries[1].folder)
