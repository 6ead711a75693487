"""`lamload plan PROFILE`: what a run would do, need and cost. Nothing is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from bench.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.forecast import Forecast, VariantForecast
    from bench.model import Phase, Profile

CURVE = (0.5, 0.9, 0.99, 0.999)
INDENT = "          "


@click.command()
@click.argument("profile")
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Set a key. Repeatable."
)
@click.option(
    "--billed",
    default="100ms",
    show_default=True,
    metavar="DURATION",
    help="Billed duration to assume for the cost; it falls with memory for CPU-bound work.",
)
def plan(profile: str, overrides: tuple[str, ...], billed: str) -> None:
    """Say what a run of PROFILE would do, need and cost. Nothing is sent."""
    from bench.forecast import forecast
    from bench.profile import load_profile
    from bench.profile.units import read_duration_ns

    try:
        billed_ms = read_duration_ns(billed) / 1e6
    except ValueError as error:
        raise UsageError(f"--billed {error}") from None
    loaded = load_profile(profile, overrides)
    expected = forecast(loaded, billed_ms)
    for line in _lines(loaded, expected, billed):
        click.echo(line)


def _lines(profile: Profile, expected: Forecast, billed: str) -> Iterator[str]:
    yield profile.title
    if profile.question:
        yield from (f"  {line}" for line in profile.question.splitlines())
    yield ""
    yield f"Target    {_target(profile)}"
    yield f"Order     {_order(profile)}"
    yield from _phases(profile)
    yield f"Time      {_time(profile, expected)}"
    yield f"Arrivals  {_arrivals(profile, expected)}"
    yield f"Retries   {_retries(profile)}"
    yield from _needs(profile)
    yield from _cost(profile, expected, billed)
    yield ""
    yield from _table(expected)


def _target(profile: Profile) -> str:
    target = profile.target
    if target.kind.value == "local":
        return f"the embedded Lambda on this machine, function {target.function}"
    if target.kind.value == "aws":
        region = target.region or "the region of the environment"
        return f"AWS, {region}, function {target.function}"
    return ", ".join(sorted(set(target.urls.values())))


def _order(profile: Profile) -> str:
    load, count = profile.load, len(profile.variants)
    variants = f"{count} variant{_s(count)}"
    rounds = f", {load.rounds} rounds" if load.rounds > 1 else ""
    return f"{load.order.value}: {variants}{rounds}, seed {load.seed}"


def _phases(profile: Profile) -> Iterator[str]:
    for number, phase in enumerate(profile.phases):
        start = "Phases    " if number == 0 else INDENT
        ramp = f" in {phase.steps} steps" if phase.steps > 1 else ""
        note = "" if phase.measured else ", not measured"
        span = _span(phase.duration_ns)
        yield f"{start}{phase.name}: {_load(profile, phase)}{ramp} for {span}{note}"
    if profile.capacity is not None:
        spec = profile.capacity
        yield (
            f"Search    from {spec.start_rps:g}/s up to {spec.max_rps:g}/s for the highest rate "
            f"with p{spec.q * 100:g} < {_span(spec.limit_ns)}, in steps of {_span(spec.step_ns)}"
        )


def _load(profile: Profile, phase: Phase) -> str:
    if phase.burst is not None:
        return f"{phase.burst} at once every {_span(phase.every_ns)}"
    if phase.replay is not None:
        return f"{len(phase.replay) // 8} arrivals as recorded in {phase.replay_path}"
    if phase.start_callers is not None:
        return f"{_range(phase.start_callers, phase.end_callers)} callers"
    kind = profile.load.arrivals.value
    return f"{_range(phase.start_rps, phase.end_rps)}/s, {kind}"


def _range(start: float, end: float | None) -> str:
    return f"{start:g}" if end is None or start == end else f"{start:g} to {end:g}"


def _time(profile: Profile, expected: Forecast) -> str:
    if profile.capacity is not None:
        return "as long as the search takes"
    pieces = len(expected.plan.segments)
    stop = profile.stop
    early = any(
        value is not None
        for value in (
            stop.after_ns, stop.invocations, stop.spend_usd, stop.error_rate, stop.precision
        )
    )  # fmt: skip
    sooner = ", unless a stop rule ends it sooner" if early else ""
    return f"{_span(expected.plan.duration_ns)} in {pieces} piece{_s(pieces)}{sooner}"


def _arrivals(profile: Profile, expected: Forecast) -> str:
    if expected.offered is None or expected.peak_rps is None:
        return "as many as the answers allow" if profile.capacity is None else "as many as it takes"
    return f"about {expected.offered:,.0f}, at most {expected.peak_rps:,.4g}/s at a time"


def _retries(profile: Profile) -> str:
    retry = profile.retry
    if retry.max_attempts == 1 or retry.policy.value == "none":
        return "none"
    return f"{retry.policy.value}, at most {retry.max_attempts} attempts for each arrival"


def _needs(profile: Profile) -> Iterator[str]:
    import os
    import resource

    from bench.load.preflight import (
        SPARE_DESCRIPTORS,
        connections_needed,
        ephemeral_ports,
        worker_count,
    )

    connections, workers = connections_needed(profile), worker_count(profile)
    per_worker = -(-connections // workers) + SPARE_DESCRIPTORS
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    limit = "without limit" if hard == resource.RLIM_INFINITY else f"{hard:,} allowed"
    yield f"Needs     {workers} worker{_s(workers)} on {os.cpu_count()} cores"
    yield f"{INDENT}up to {connections:,} connections at once ({_of(ephemeral_ports())} ports)"
    yield f"{INDENT}{per_worker:,} file descriptors a worker ({limit})"
    if profile.target.kind.value == "local":
        sizes = {variant.memory_mb for variant in profile.variants}
        yield (
            f"{INDENT}a sandbox process for each invocation at once, in {len(sizes)} memory "
            f"size{_s(len(sizes))}, on the same cores"
        )


def _of(count: int | None) -> str:
    return "an unknown number of" if count is None else f"of {count:,}"


def _cost(profile: Profile, expected: Forecast, billed: str) -> Iterator[str]:
    where = (
        "Cost      nothing here; on AWS" if profile.target.kind.value == "local" else "Cost     "
    )
    if profile.target.kind.value == "http":
        yield "Cost      not known for a URL"
    elif expected.usd is None:
        yield f"{where} it depends on how many arrivals there will be"
    else:
        yield f"{where} {_usd(expected.usd)} if {billed} are billed for each, without retries"
    limit = profile.max_spend_usd
    if limit is not None:
        yield f"{INDENT}the run ends once {_usd(limit)} are spent (limits.max_spend)"


def _table(expected: Forecast) -> Iterator[str]:
    rows: list[tuple[str, ...]] = [
        ("variant", "arrivals", "measured", "known up to", "USD/million")
    ]
    rows += [_row(variant) for variant in expected.variants]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for first, *rest in rows:
        cells = [first.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
        yield "  ".join(cells).rstrip()


def _row(expected: VariantForecast) -> tuple[str, ...]:
    return (
        expected.variant.name,
        _count(expected.offered),
        _count(expected.measured),
        _known(expected.measured),
        "?" if expected.usd_per_million is None else f"{expected.usd_per_million:.2f}",
    )


def _known(measured: float | None) -> str:
    """The highest percentile that so many invocations can tell."""
    from bench.stats.ranks import samples_needed

    known = [q for q in CURVE if measured is not None and measured >= samples_needed(q)]
    return f"p{known[-1] * 100:g}" if known else "?" if measured is None else "none"


def _count(value: Any) -> str:
    return "?" if value is None else f"{value:,.0f}"


def _usd(amount: float) -> str:
    return f"{amount:.2f} USD" if amount >= 1 else f"{amount:.2g} USD"


def _span(duration_ns: int) -> str:
    """`45 s`, `500 ms`, `1 min 30 s`."""
    seconds = duration_ns / 1e9
    if seconds < 1:
        return f"{seconds * 1000:g} ms"
    if seconds < 100:
        return f"{seconds:g} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def _s(count: int) -> str:
    return "" if count == 1 else "s"
