"""`lamload plan TARGET`: what a run would do, need and cost. Nothing is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from bench.commands.support.completions import complete_profile
from bench.commands.support.plan_words import (
    arrival_words,
    cost_words,
    left_out_lines,
    order_words,
    phase_lines,
    plural,
    retry_lines,
    search_words,
    shared_words,
    target_words,
    throttle_words,
    time_words,
    usd_words,
)
from bench.commands.support.target_options import TargetCommand, target_options
from bench.errors import UsageError
from bench.format import number, quantile_text
from bench.model.plain import aligned
from bench.model.result import QUANTILES
from bench.output.page_width import folded, page_width
from bench.profile.options import Given

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.forecast import BilledGuess, Forecast, VariantForecast
    from bench.model.profile import Profile

INDENT = "          "


@click.command(cls=TargetCommand)
@click.argument("target", shell_complete=complete_profile)
@target_options
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Set a key. Repeatable."
)
@click.option(
    "--billed",
    default="100ms",
    show_default=True,
    metavar="DURATION",
    help="Billed duration to assume at 1769 MB, a whole core; with less memory work takes longer.",
)
@click.option(
    "--waits",
    default="0ms",
    show_default=True,
    metavar="DURATION",
    help="How much of it waits for something else, which no memory shortens.",
)
def plan(target: str, options: Given, overrides: tuple[str, ...], billed: str, waits: str) -> None:
    """Say what a run of TARGET would do, need and cost. Nothing is sent.

    TARGET and its options are those of `lamload run`.
    """
    from bench.commands.support.target import profile_of
    from bench.forecast import BilledGuess, forecast

    guess = BilledGuess(_milliseconds("--billed", billed), _milliseconds("--waits", waits))
    if guess.waits_ms > guess.at_full_core_ms:
        raise UsageError(f"--waits must be at most what is billed, {billed} (it is {waits})")
    loaded = profile_of(target, overrides, options).profile
    expected = forecast(loaded, guess)
    for line in folded(_lines(loaded, expected, guess), page_width()):
        click.echo(line)


def _milliseconds(option: str, text: str) -> float:
    from bench.units import read_duration_ns

    try:
        return read_duration_ns(text) / 1e6
    except ValueError as error:
        raise UsageError(f"{option} {error}") from None


def _lines(profile: Profile, expected: Forecast, billed: BilledGuess) -> Iterator[str]:
    yield profile.title
    if profile.question:
        yield from (f"  {line}" for line in profile.question.splitlines())
    yield ""
    yield f"Target    {target_words(profile)}"
    yield f"Order     {order_words(profile)}"
    if shared := shared_words(profile):
        yield f"Shared    {shared}"
    yield from _phases(profile)
    yield f"Time      {time_words(profile, expected)}"
    yield f"Arrivals  {arrival_words(profile, expected)}"
    for index, line in enumerate(retry_lines(profile)):
        yield f"{'Retries   ' if index == 0 else INDENT}{line}"
    if throttles := throttle_words(profile):
        yield f"Throttles {throttles}"
    yield from _needs(profile)
    yield from _cost(profile, expected, billed)
    yield ""
    yield from _table(expected)


def _phases(profile: Profile) -> Iterator[str]:
    for index, line in enumerate(phase_lines(profile)):
        yield f"{'Phases    ' if index == 0 else INDENT}{line}"
    if profile.capacity is not None:
        yield f"Search    {search_words(profile.capacity)}"


def _needs(profile: Profile) -> Iterator[str]:
    from bench.load.host import this_host
    from bench.load.preflight import connections_needed, crowded, descriptors_needed, worker_count

    host = this_host()
    connections, workers = connections_needed(profile), worker_count(profile, [host])
    limit = "without limit" if host.descriptors is None else f"{host.descriptors:,} allowed"
    yield f"Needs     {workers} worker{plural(workers)} on {host.cores} cores"
    yield f"{INDENT}up to {connections:,} connections at once ({_of(host.ports)} ports)"
    yield (f"{INDENT}{descriptors_needed(profile, workers):,} file descriptors a worker ({limit})")
    yield from (f"{INDENT}{line}" for line in crowded(profile, [host]))
    if profile.target.kind.value == "local":
        sizes = {variant.memory_mb for variant in profile.variants}
        yield (
            f"{INDENT}a sandbox process for each invocation at once, in {len(sizes)} memory "
            f"size{plural(len(sizes))}, on the same cores"
        )


def _of(count: int | None) -> str:
    return "an unknown number of" if count is None else f"of {count:,}"


def _cost(profile: Profile, expected: Forecast, billed: BilledGuess) -> Iterator[str]:
    yield f"Cost      {cost_words(profile, expected, billed)}"
    yield from (f"{INDENT}{line}" for line in left_out_lines(profile))
    limit = profile.max_spend_usd
    if limit is not None:
        yield f"{INDENT}the run ends once {usd_words(limit)} are spent (limits.max_spend)"


def _table(expected: Forecast) -> Iterator[str]:
    rows: list[tuple[str, ...]] = [
        ("variant", "arrivals", "measured", "known up to", "billed ms", "USD/million")
    ]
    rows += [_row(variant) for variant in expected.variants]
    first, *others = zip(*rows, strict=True)
    columns = [aligned(first), *(aligned(column, right=True) for column in others)]
    for row in zip(*columns, strict=True):
        yield "  ".join(row).rstrip()


def _row(expected: VariantForecast) -> tuple[str, ...]:
    return (
        expected.variant.name,
        _count(expected.offered),
        _count(expected.measured),
        _known(expected.measured),
        "?" if expected.usd_per_million is None else number(expected.billed_ms),
        "?" if expected.usd_per_million is None else f"{expected.usd_per_million:.2f}",
    )


def _known(measured: float | None) -> str:
    """The highest percentile that so many invocations can tell."""
    from bench.stats.ranks import samples_needed

    known = [q for q in QUANTILES if measured is not None and measured >= samples_needed(q)]
    return quantile_text(known[-1]) if known else "?" if measured is None else "none"


def _count(value: Any) -> str:
    return "?" if value is None else f"{value:,.0f}"
