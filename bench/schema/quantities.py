"""Values with their units, for keys to be declared with: the texts are those of `bench.units`."""

from __future__ import annotations

from typing import Any

from bench.schema.values import Value, above_zero, narrowed
from bench.units import (
    CALLERS_PATTERN,
    DURATION_PATTERN,
    MAX_CALLERS,
    QUANTILE_PATTERN,
    RATE_PATTERN,
    RATES_PATTERN,
    SHARE_PATTERN,
    SIZE_PATTERN,
    USD_PATTERN,
    read_callers,
    read_duration_ns,
    read_quantile,
    read_rate_rps,
    read_rates_rps,
    read_share,
    read_size,
    read_usd,
    shown,
    write_callers,
    write_duration,
    write_quantile,
    write_rates,
    write_share,
    write_size,
    write_usd,
)


def _written(pattern: str, *examples: str) -> dict[str, Any]:
    return {"type": "string", "pattern": pattern, "examples": list(examples)}


def _write_rate(rate_rps: float) -> str:
    return write_rates(rate_rps, rate_rps)


def _level_rps(value: Any) -> float:
    start, end = read_rates_rps(value)
    if start != end:
        raise ValueError(f'must be one rate, such as "10/s" (it is {shown(value)})')
    return start


def _part(share: float) -> float:
    if not 0 < share < 1:
        raise ValueError(f"must be above 0% and below 100% (it is {write_share(share)})")
    return share


duration = Value(
    read_duration_ns, _written(DURATION_PATTERN, "500ms", "5s", "1m30s"), write_duration
)
"""A duration in nanoseconds, 0 or more, at most 30 days."""
span = above_zero(duration)
"""A duration in nanoseconds above 0."""
rates = Value(
    read_rates_rps,
    _written(RATES_PATTERN, "3/s", "120/min", "5/s..50/s"),
    lambda ends: write_rates(*ends),
)
"""A rate or a ramp, as (start, end) in invocations per second."""
rate = Value(read_rate_rps, _written(RATE_PATTERN, "10/s"), _write_rate)
"""One rate above 0, in invocations per second."""
level = Value(_level_rps, _written(RATE_PATTERN, "10/s"), _write_rate)
"""One rate, in invocations per second; it may be 0."""
callers = Value(
    read_callers,
    {
        "anyOf": [
            {"type": "integer", "minimum": 1, "maximum": MAX_CALLERS},
            _written(CALLERS_PATTERN, "1..50"),
        ]
    },
    lambda ends: write_callers(*ends),
)
"""A number of callers or a ramp of them, as (start, end)."""
share = Value(read_share, _written(SHARE_PATTERN, "5%"), write_share)
"""A share from 0 to 1."""
part = narrowed(share, _part)
"""A share above 0 and below 1."""
usd = Value(read_usd, _written(USD_PATTERN, "2.50 USD"), write_usd)
"""An amount in USD above 0."""
quantile = Value(read_quantile, _written(QUANTILE_PATTERN, "p99", "p99.9"), write_quantile)
"""A percentile as a number above 0 and below 1."""
size = Value(
    read_size,
    {"anyOf": [{"type": "integer", "minimum": 1}, _written(SIZE_PATTERN, "256KB", "20MB")]},
    write_size,
)
"""A number of bytes above 0; KB, MB and GB are 1024s."""
