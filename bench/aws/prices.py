"""What an invocation costs, in USD: the function's part and the door's. Pure.

AWS's list prices of 2026-09 without the free tier, volume discounts or taxes: the first tier of
each price. A region that is not in the table has the price of us-east-1, which most have. What a
door takes stands in its row of bench.model.endpoint.

An Application Load Balancer is billed per hour and per LCU-hour, not per request. Its share of a
request is the larger of two of the LCU's dimensions (bytes, rule evaluations): connections are
kept, so that new ones count next to nothing. The hourly base (0.0225 USD in us-east-1) falls due at
any load and is left out. So is what keeping environments up or snapshots stored costs, whether they
are used or not.
"""

from __future__ import annotations

from math import ceil

from bench.model.endpoint import EndpointKind, FunctionRate, LeftOut, PerExecution, PerLcu
from bench.model.profile import Architecture, Variant
from bench.model.variant import PROVISIONED, SNAP_START

DEFAULT_REGION = "us-east-1"
PER_MILLION = 1_000_000

_GB_SECOND_USD = 0.0000166667
_GB_SECOND_USD_BY_REGION = {
    "us-east-1": _GB_SECOND_USD,
    "eu-west-1": _GB_SECOND_USD,
    "eu-central-1": _GB_SECOND_USD,
    "eu-north-1": _GB_SECOND_USD,
    "ap-south-1": _GB_SECOND_USD,
    "ap-northeast-1": _GB_SECOND_USD,
    "ap-southeast-1": _GB_SECOND_USD,
    "af-south-1": 0.0000221,
    "ap-east-1": 0.00002292,
    "eu-south-1": 0.0000195172,
    "me-south-1": 0.0000206667,
}
_ARM64_GB_SECOND_USD = 0.0000133334
_PROVISIONED_GB_SECOND_USD = {Architecture.X86_64: 0.0000097222, Architecture.ARM64: 0.0000077778}
"""Of a run in an environment that is kept up, in us-east-1; elsewhere the same ratio is taken."""
_ARM64_SHARE = _ARM64_GB_SECOND_USD / _GB_SECOND_USD
"""arm64's price is listed for us-east-1; elsewhere the same ratio is taken."""

_KEPT = {
    PROVISIONED: "what keeping environments up costs (0.0000041667 USD a GB-second, used or not)",
    SNAP_START: "what keeping and restoring snapshots costs",
}

REQUEST_USD = 0.20 / PER_MILLION
EDGE_GB_SECOND_USD = 0.00005001
EDGE_REQUEST_USD = 0.60 / PER_MILLION

TYPICAL_BYTES = 2048
"""Request and response of a small invocation, headers included, where nobody measured them."""


def gb_second_usd(
    architecture: Architecture, region: str | None = None, initialization: str | None = None
) -> float:
    """Price of a GB-second in a region; None is us-east-1. On demand, unless it is provisioned."""
    price = _GB_SECOND_USD_BY_REGION.get(region or DEFAULT_REGION, _GB_SECOND_USD)
    if initialization == PROVISIONED:
        return _PROVISIONED_GB_SECOND_USD[architecture] * price / _GB_SECOND_USD
    if architecture is Architecture.ARM64:
        return _ARM64_GB_SECOND_USD if price == _GB_SECOND_USD else price * _ARM64_SHARE
    return price


def function_usd(
    endpoint: EndpointKind,
    architecture: Architecture,
    memory_mb: int,
    billed_ms: float,
    region: str | None = None,
    initialization: str | None = None,
) -> float | None:
    """Request and GB-seconds of one invocation; None where nobody knows what is invoked."""
    gb_seconds = memory_mb / 1024 * billed_ms / 1000
    rate = endpoint.facts.function_rate
    if rate is None:
        return None
    if rate is FunctionRate.EDGE:
        return EDGE_REQUEST_USD + gb_seconds * EDGE_GB_SECOND_USD
    return REQUEST_USD + gb_seconds * gb_second_usd(architecture, region, initialization)


def door_usd(
    endpoint: EndpointKind,
    size_bytes: int = TYPICAL_BYTES,
    billed_ms: float = 0.0,
) -> float | None:
    """What the door takes for one request; size_bytes is request and response together.

    billed_ms: how long the function behind it runs, for a door that is billed by duration.

    None where that is not known. What is left out on purpose counts nothing: `left_out` tells it.
    """
    price = endpoint.facts.door_price
    if price is None:
        return None
    if isinstance(price, LeftOut):
        return 0.0
    if isinstance(price, PerLcu):
        return price.usd * max(size_bytes / price.size_bytes, 1 / price.requests)
    if isinstance(price, PerExecution):
        steps = max(1, ceil(billed_ms / price.step_ms))
        gb_seconds = steps * price.step_ms / 1000 * price.memory_mb / 1024
        return price.usd + gb_seconds * price.gb_second_usd
    if price.unit_bytes is None:
        return price.usd
    return price.usd * max(1, ceil(size_bytes / price.unit_bytes))


def left_out(endpoint: EndpointKind, initialization: str | None = None) -> str | None:
    """What of a variant's price no figure has in it, in words; None if nothing."""
    price = endpoint.facts.door_price
    words = [price.words] if isinstance(price, LeftOut) else []
    if initialization in _KEPT:
        words.append(_KEPT[initialization])
    return " and ".join(words) or None


def usd_per_invocation(
    endpoint: EndpointKind,
    architecture: Architecture,
    memory_mb: int,
    billed_ms: float,
    region: str | None = None,
    initialization: str | None = None,
) -> float | None:
    """Function and door together; None if one of the two is not known."""
    function = function_usd(endpoint, architecture, memory_mb, billed_ms, region, initialization)
    door = door_usd(endpoint, billed_ms=billed_ms)
    return None if function is None or door is None else function + door


def usd_per_million(
    variant: Variant, billed_ms_mean: float | None, region: str | None = None
) -> float | None:
    """A million invocations of a variant at its mean billed duration; None if that is unknown."""
    if billed_ms_mean is None or variant.memory_mb is None:
        return None
    usd = usd_per_invocation(
        variant.endpoint,
        variant.architecture,
        variant.memory_mb,
        billed_ms_mean,
        region,
        variant.initialization,
    )
    return None if usd is None else PER_MILLION * usd
