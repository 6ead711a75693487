"""`lamload selftest`: a target with a known truth, and what was measured of it."""

from __future__ import annotations

import asyncio

import click

from bench.errors import ExitCode
from bench.model.times import NS_PER_MS


@click.command()
@click.argument("cases", nargs=-1)
@click.option("--list", "only_list", is_flag=True, help="List the cases and what they script.")
@click.pass_context
def selftest(context: click.Context, cases: tuple[str, ...], only_list: bool) -> None:
    """Measure scripted targets and hold the results against the truth.

    Runs all CASES, or those named. Exit code 1 if a measurement is off.
    """
    from bench.selftest.cases import CASES
    from bench.selftest.kit import named, prove

    if only_list:
        for case in CASES:
            click.echo(f"{case.name:<20} {case.title}")
        return
    good = True
    for case in named(cases):
        proof = asyncio.run(prove(case))
        good = good and proof.good
        click.echo(f"\n{case.name}: {case.title}")
        click.echo(f"  {'':<28}{'truth':>12}{'measured':>12}{'error':>12}")
        for row in proof.comparisons:
            shown = [_value(value, row.is_time) for value in (row.truth, row.measured, row.error)]
            mark = "" if row.good else "   ← off"
            click.echo(f"  {row.what:<28}" + "".join(f"{text:>12}" for text in shown) + mark)
    click.echo("\nall as scripted" if good else "\nnot as scripted: see the rows marked ←")
    context.exit(ExitCode.OK if good else ExitCode.INTERNAL)


def _value(value: float | None, is_time: bool) -> str:
    if value is None:
        return "-"
    return f"{value / NS_PER_MS:.2f} ms" if is_time else f"{value:.0f}"
