"""`lamload selftest`: a target with a known truth, and what was measured of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from bench.commands.support.verb import Verb
from bench.errors import ExitCode
from bench.model.outcome import Verdict
from bench.model.times import NS_PER_MS

if TYPE_CHECKING:
    from bench.selftest.coverage import Covered
    from bench.selftest.kit import Proof


@click.command(cls=Verb)
@click.argument("cases", nargs=-1)
@click.option("--list", "only_list", is_flag=True, help="List the cases and what they script.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document at the end.")
@click.pass_context
def selftest(
    context: click.Context, cases: tuple[str, ...], only_list: bool, as_json: bool
) -> None:
    """Measure scripted targets and hold the results against what these did, by their own log.

    Runs all CASES, or those named; without names it counts how often intervals hold the truth too.
    A time may be off by 0.3 ms or 1 %, 2 % under the stall. Exit code 1 if a measurement is off, 4
    if the machine was too busy to prove it.
    """
    from bench.selftest.cases import CASES
    from bench.selftest.coverage import coverage
    from bench.selftest.kit import named, prove

    if only_list:
        for case in CASES:
            click.echo(f"{case.name:<20} {case.title}")
        return
    proofs = []
    for case in named(cases):
        proofs.append(asyncio.run(prove(case)))
        if not as_json:
            _show(proofs[-1])
    covered = () if cases else tuple(coverage())
    if covered and not as_json:
        _show_coverage(covered)
    verdicts = {proof.verdict for proof in proofs}
    verdicts |= {Verdict.VALID if row.good else Verdict.SUSPECT for row in covered}
    # SUSPECT is an error that nothing explains: the worst of the three here.
    worst = next(v for v in (Verdict.SUSPECT, Verdict.INVALID, Verdict.VALID) if v in verdicts)
    if as_json:
        document = {"good": worst is Verdict.VALID, "cases": [_as_json(proof) for proof in proofs]}
        document["coverage"] = [asdict(row) | {"good": row.good} for row in covered]
        click.echo(json.dumps(document, indent=2))
    else:
        click.echo(f"\n{_ENDS[worst][0]}")
    context.exit(_ENDS[worst][1])


_ENDS = {
    Verdict.VALID: ("all measured as the targets did it", ExitCode.OK),
    Verdict.INVALID: ("INVALID: the machine is too busy to prove anything", ExitCode.INVALID),
    Verdict.SUSPECT: (
        "not measured as the targets did it: see the rows marked ←",
        ExitCode.INTERNAL,
    ),
}


def _show(proof: Proof) -> None:
    click.echo(f"\n{proof.case.name}: {proof.case.title}")
    click.echo(f"  {'':<28}{'truth':>12}{'measured':>12}{'error':>12}")
    for row in proof.comparisons:
        shown = [_value(value, row.is_time) for value in (row.truth, row.measured, row.error)]
        mark = "" if row.good else "   ← off"
        click.echo(f"  {row.what:<28}" + "".join(f"{text:>12}" for text in shown) + mark)
    for what, lag_ns in proof.lags:
        click.echo(f"  {what:<28}{'':>12}{lag_ns / NS_PER_MS:>9.2f} ms")
    if proof.gaps_ks is not None:
        click.echo(f"  {'gaps at the target, KS':<28}{'':>12}{proof.gaps_ks:>12.4f}")
    if proof.verdict is Verdict.INVALID:
        click.echo(f"  INVALID: {proof.too_busy}")


def _show_coverage(rows: Iterable[Covered]) -> None:
    click.echo("\ncoverage: 95 % intervals over simulated runs with and without memory")
    click.echo(f"  {'':<28}{'promised':>12}{'hold':>12}")
    for row in rows:
        mark = "" if row.good else "   ← off"
        name = f"{row.process}, p{row.q * 100:g}"
        click.echo(f"  {name:<28}{'93 … 98 %':>12}{row.share:>12.1%}{mark}")


def _as_json(proof: Proof) -> dict[str, Any]:
    """Times in ns, counts as they are."""
    return {
        "case": proof.case.name,
        "good": proof.good,
        "too_busy": proof.too_busy if proof.verdict is Verdict.INVALID else "",
        "rows": [
            {
                "what": row.what,
                "unit": "ns" if row.is_time else "count",
                "truth": row.truth,
                "measured": row.measured,
                "error": row.error,
                "good": row.good,
            }
            for row in proof.comparisons
        ],
        "lags_ns": dict(proof.lags),
        "gaps_ks": proof.gaps_ks,
    }


def _value(value: float | None, is_time: bool) -> str:
    if value is None:
        return "-"
    return f"{value / NS_PER_MS:.2f} ms" if is_time else f"{value:.0f}"
