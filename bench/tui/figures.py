"""Numbers as the screens show them: few digits, always a unit, never wider than their column."""

from __future__ import annotations

from bench.model.result import Distribution, Quantile
from bench.model.times import NS_PER_MS, NS_PER_S, NS_PER_US

UNKNOWN = "·"
AT_LEAST = "≥"


def span(ns: float) -> str:
    """`950 µs`, `12.3 ms`, `1.23 s`, `2 min 5 s`."""
    if ns < NS_PER_MS:
        return f"{ns / NS_PER_US:.0f} µs"
    if ns < NS_PER_S:
        ms = ns / NS_PER_MS
        return f"{ms:.2f} ms" if ms < 10 else f"{ms:.1f} ms" if ms < 100 else f"{ms:.0f} ms"
    if ns < 100 * NS_PER_S:
        return f"{ns / NS_PER_S:.2f} s"
    minutes, seconds = divmod(round(ns / NS_PER_S), 60)
    return f"{minutes} min {seconds} s"


def milliseconds(ns: float) -> str:
    """A number in ms for a column whose header has the unit; three significant digits or more."""
    ms = ns / NS_PER_MS
    if ms < 10:
        return f"{ms:.2f}"
    return f"{ms:.1f}" if ms < 1000 else f"{ms:.0f}"


def quantile(value: Quantile | None) -> str:
    """In ms; `·` when too few samples lie beyond it, `≥` when it falls among timeouts."""
    if value is None or not value.known:
        return UNKNOWN
    return (AT_LEAST if value.censored else "") + milliseconds(value.value_ns)


def maximum(distribution: Distribution) -> str:
    """The largest value in ms, `≥` when anything timed out."""
    if not distribution.count:
        return UNKNOWN
    return (AT_LEAST if distribution.censored else "") + milliseconds(distribution.max_ns)


def rate(rps: float) -> str:
    """`0.5`, `19.8`, `412`, `12.3k` per second."""
    if rps >= 10_000:
        return f"{rps / 1000:.1f}k"
    return f"{rps:.0f}" if rps >= 100 else f"{rps:.1f}"


def count(number: int) -> str:
    """`0`, `950`, `12,345`, `1.23M`."""
    return f"{number / 1e6:.2f}M" if number >= 1_000_000 else f"{number:,}"


def share(part: int, whole: int) -> str:
    """A percentage that says 100 and 0 only when it is so."""
    if not whole:
        return UNKNOWN
    percent = 100 * part / whole
    if part not in (0, whole):
        percent = min(99.9, max(0.1, percent))
        return f"{percent:.1f}"
    return f"{percent:.0f}"


def usd(amount: float | None, digits: int = 2) -> str:
    """`$1.67`; small amounts with as many digits as it takes to see something."""
    if amount is None:
        return UNKNOWN
    if amount and abs(amount) < 0.01:
        return f"${amount:.6f}"
    return f"${amount:,.{digits}f}"


def clock(ns: int) -> str:
    """`0:07`, `12:05`, `1:02:03`."""
    seconds = max(0, ns) // NS_PER_S
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def clock_s(seconds: float) -> str:
    """The same for seconds."""
    return clock(round(seconds * NS_PER_S))
