"""The words for what a profile would do: `plan` prints them, the set-up screen shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.format import span_text
from bench.lambda_facts import FULL_CORE_MB
from bench.model.variant import NAMED_FACTORS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.forecast import BilledGuess, Forecast
    from bench.model.profile import CapacitySpec, Profile
    from bench.model.retry import RetrySpec


_LACK = "what one uses up, the others lack"


def target_words(profile: Profile) -> str:
    """Where the load goes: the embedded Lambda, a function on AWS, or URLs."""
    target = profile.target
    if target.kind.value == "local":
        return f"the embedded Lambda on this machine, function {target.function}"
    if target.kind.value == "aws":
        region = target.region or "the region of the environment"
        return f"AWS, {region}, function {target.function}"
    return profile.secrets.mask(", ".join(sorted(set(target.urls.values()))))


def shared_words(profile: Profile) -> str | None:
    """What variants have in common at the target, where it is theirs together; None of one."""
    kind, variants = profile.target.kind.value, profile.variants
    if len(variants) == 1:
        return None
    if kind == "local":
        cores = "the cores of each node" if profile.target.per_node else "this machine's cores"
        faults = " and faults of its own, at the same offsets" if profile.target.faults else ""
        limit = ", a limit" if faults else " and a limit"
        return f"{cores} alone: each has a function{limit}{faults or ' of its own'}"
    if kind == "http":
        is_one = len({(v.endpoint, v.function) for v in variants}) < len(variants)
        return f"what is behind the URL: {_LACK}" if is_one else None
    if len({variant.function for variant in variants}) == len(variants):
        return f"the account's limit of concurrency: {_LACK}"
    versions = {(v.function, v.memory_mb, v.architecture, v.qualifier) for v in variants}
    warm = ", its warm environments" if len(versions) < len(variants) else ""
    return f"the function and its limit of concurrency{warm}: {_LACK}"


def order_words(profile: Profile) -> str:
    """How variants take turns, over how many rounds, with which seed."""
    load, count = profile.load, len(profile.variants)
    variants = f"{count} variant{plural(count)}"
    rounds = f", {load.rounds} rounds" if load.rounds > 1 else ""
    return f"{load.order.value}: {variants}{factor_words(profile)}{rounds}, seed {load.seed}"


def retry_lines(profile: Profile) -> Iterator[str]:
    """What is tried again; where that is a factor, a line for each of its levels."""
    said = {}
    for variant in profile.variants:
        if variant.retry not in said:
            said[variant.retry] = _retry_words(profile.client_of(variant).retry)
    for name, words in said.items():
        is_told = len(said) == 1 or words.startswith(f"{name},")
        yield words if is_told else f"{name or 'default'}: {words}"


def _retry_words(retry: RetrySpec) -> str:
    from bench.profile.retry import bound_words

    bounds = bound_words(retry)
    if not retry.retries:
        return f"none{bounds}"
    most = f"at most {retry.max_attempts} attempts for each arrival"
    return f"{retry.called}, {most}{bounds}"


def factor_words(profile: Profile) -> str:
    """` of retry (default, patient)`: the named factors in which variants differ."""
    told = []
    for factor in NAMED_FACTORS:
        if any(factor.name in variant.differ for variant in profile.variants):
            levels = dict.fromkeys(
                getattr(variant, factor.name) or factor.plain for variant in profile.variants
            )
            told.append(f"{factor.name} ({', '.join(levels)})")
    return f" by {' and '.join(told)}" if told else ""


def phase_lines(profile: Profile) -> Iterator[str]:
    """A line for each phase."""
    for phase in profile.phases:
        load = phase.shape.words(profile.load.arrivals.value)
        note = "" if phase.measured else ", not measured"
        note += ", in the first round alone" if phase.once else ""
        yield f"{phase.name}: {load} for {span_text(phase.duration_ns)}{note}"


def search_words(spec: CapacitySpec) -> str:
    """What a search for capacity goes through."""
    disturbs = spec.recovers_from
    then = (
        ""
        if disturbs is None
        else f"; then for the highest one that holds again {span_text(spec.within_ns)} after "
        f"{disturbs.words}"
    )
    return (
        f"from {spec.start_rps:g}/s up to {spec.max_rps:g}/s for the highest rate "
        f"with p{spec.q * 100:g} < {span_text(spec.limit_ns)}, "
        f"in steps of {span_text(spec.step_ns)}{then}"
    )


def time_words(profile: Profile, expected: Forecast) -> str:
    """How long it takes as planned, and whether a stop rule may end it sooner."""
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
    return f"{span_text(expected.plan.duration_ns)} in {pieces} piece{plural(pieces)}{sooner}"


def arrival_words(profile: Profile, expected: Forecast) -> str:
    """How many arrivals there will be."""
    if expected.offered is None or expected.peak_rps is None:
        return "as many as the answers allow" if profile.capacity is None else "as many as it takes"
    return f"about {expected.offered:,.0f}, at most {expected.peak_rps:,.4g}/s at a time"


def cost_words(profile: Profile, expected: Forecast, billed: BilledGuess) -> str:
    """What it costs if each invocation is billed that much."""
    if profile.target.kind.value == "http":
        return "not known for a URL"
    where = "nothing here; on AWS " if profile.target.kind.value == "local" else ""
    if expected.usd is None:
        return f"{where}it depends on how many arrivals there will be"
    hedges = any(client.retry.hedge is not None for client in profile.clients)
    left_out = "retries and hedges" if hedges else "retries"
    billed_words = _billed_words(profile, billed)
    return f"{where}{usd_words(expected.usd)} if {billed_words}, without {left_out}"


def _billed_words(profile: Profile, billed: BilledGuess) -> str:
    """Durations by memory are told where sizes differ, or have less than a whole core."""
    told = f"each is billed {billed.at_full_core_ms:,.4g} ms"
    sizes = {variant.memory_mb for variant in profile.variants}
    if all(billed.at(size) == billed.at_full_core_ms for size in sizes):
        return told
    waits = f", {billed.waits_ms:,.4g} ms of them waiting" if billed.waits_ms else ""
    return f"{told} at {FULL_CORE_MB} MB{waits}, and work takes as much longer as it has less CPU"


def left_out_lines(profile: Profile) -> Iterator[str]:
    """What of the price of an endpoint no figure has in it."""
    from bench.aws.prices import left_out

    kinds = dict.fromkeys(
        (variant.endpoint, variant.initialization) for variant in profile.variants
    )
    for endpoint, initialization in kinds:
        if words := left_out(endpoint, initialization):
            yield f"{initialization or endpoint.value}: without {words}"


def throttle_words(profile: Profile) -> str | None:
    """Through which endpoints on AWS a throttle counts as another failure; None for none."""
    if profile.target.kind.value != "aws":
        return None
    hiding = [
        f"{endpoint.value} (HTTP {' or '.join(map(str, endpoint.facts.throttle.statuses))})"
        for endpoint in dict.fromkeys(variant.endpoint for variant in profile.variants)
        if not endpoint.facts.throttle.is_told
    ]
    return f"not told from other failures by {', '.join(hiding)}" if hiding else None


def usd_words(amount: float) -> str:
    """`1.50 USD`; small amounts with two digits that count."""
    return f"{amount:.2f} USD" if amount >= 1 else f"{amount:.2g} USD"


def plural(count: int) -> str:
    """The s of more than one."""
    return "" if count == 1 else "s"
