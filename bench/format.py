"""Figures as words: names of sizes, durations, percentages. Pure, and the same in every view.

In sentences figures have three significant digits. In tables, whose columns have their unit in the
header, they have as many as tell one row from the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bench.model.profile import Architecture, Variant
from bench.model.result import Distribution, Quantile
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.model.variant import NAMED_FACTORS, Factor

MINUS = "−"
UNKNOWN = "·"
"""Not measured, or with too few samples to be known."""
AT_LEAST = "≥"
"""Before a figure that is a lower bound: it falls among calls that timed out."""

_ALL, _MOST = 0.99, 0.6
"""Shares from which what is known of some is known of all, or of a part that has no simple name."""
_FACTOR = 10
"""From here on a change is told as a factor."""

# -- in sentences


def bare_size(variant: Variant) -> str:
    """`1769 MB`, `1769 MB arm64`; the endpoint where there is no size.

    Beside variants that differ in more, it is that in which they differ: `patient`.
    """
    own = [factor for factor in NAMED_FACTORS if _tells(variant, factor)]
    if own:
        return " ".join([*_told_size(variant), *(level_words(variant, one) for one in own)])
    size = f"{variant.memory_mb} MB" if variant.memory_mb is not None else variant.endpoint.value
    if variant.architecture is not Architecture.X86_64:
        return f"{size} {variant.architecture.value}"
    return size


def told_name(variant: Variant) -> str:
    """`alb 512 MB`, `patient`, `alb`: that in which a variant differs, its endpoint too."""
    if "endpoint" not in variant.differ:
        return bare_size(variant)
    alone = len(variant.differ) == 1
    return variant.endpoint.value if alone else f"{variant.endpoint.value} {bare_size(variant)}"


def _tells(variant: Variant, factor: Factor) -> bool:
    """Whether it is a word about the variant: it has a level, and others have another."""
    return factor.name in variant.differ or getattr(variant, factor.name) is not None


def _told_size(variant: Variant) -> Iterator[str]:
    if variant.memory_mb is not None and "memory_mb" in variant.differ:
        yield f"{variant.memory_mb} MB"
    if "architecture" in variant.differ:
        yield variant.architecture.value


def level_words(variant: Variant, factor: Factor) -> str:
    """The level of a factor whose levels are names; where it has none, what that is called."""
    level: str | None = getattr(variant, factor.name)
    return f"{factor.plain} {factor.name}" if level is None else level


def size_name(variant: Variant, other: Variant | None = None) -> str:
    """`1769 MB`; the whole name beside one of another endpoint, or of no other size."""
    if other is not None and other.endpoint is not variant.endpoint:
        return variant.name
    if other is not None and bare_size(other) == bare_size(variant):
        return variant.name
    return bare_size(variant)


def quantile_text(q: float, kind: str = "") -> str:
    """A quantile as its percentile: `p99` for 0.99, `p99.9`; `warm p99` of one kind of answers."""
    return f"{kind} p{q * 100:g}".lstrip()


def quantile_percent(q: float) -> str:
    """`99 %`, `99.9 %`: what lies below a quantile."""
    return f"{q * 100:g} %"


def percent(share: float) -> str:
    """A change as a signed percentage, `+4 %` or `−38 %`; below 9.5 % with one digit more.

    From ten times on it is a factor, `×12`: nobody reads +1124 %.
    """
    if share >= _FACTOR - 1:
        return f"×{share + 1:.3g}"
    sign = "+" if share >= 0 else MINUS
    return f"{sign}{abs(share) * 100:.{0 if abs(share) >= 0.095 else 1}f} %"


def share_known(share: float | None) -> str:
    """Of how many something is known: `all`, `1 in 17`, `82 %`, `·` for none."""
    if share is None:
        return UNKNOWN
    if share >= _ALL:
        return "all"
    return f"1 in {1 / share:.0f}" if share < _MOST else f"{share * 100:.0f} %"


def signed_ms(value_ns: float) -> str:
    """A difference in milliseconds, without the unit: `+0.41`, `−12.3`."""
    sign = "+" if value_ns >= 0 else MINUS
    return sign + number(abs(value_ns) / NS_PER_MS)


def duration_text(value_ns: float) -> str:
    """`0.412 ms`, `12.3 ms`, `1.23 s`."""
    if value_ns == float("inf"):
        return "unknown"
    if value_ns >= NS_PER_S:
        return f"{number(value_ns / NS_PER_S)} s"
    return f"{number(value_ns / NS_PER_MS)} ms"


def span_text(span_ns: int) -> str:
    """`45 s`, `500 ms`, `1 min 30 s`: a length of time as somebody has set it."""
    seconds = span_ns / NS_PER_S
    if seconds < 1:
        return f"{seconds * 1000:g} ms"
    if seconds < 100:
        return f"{seconds:g} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def number(value: float) -> str:
    """Three significant digits, without an exponent."""
    if value >= 100 or not value:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 1 else f"{value:.3f}"


def clock(ns: int) -> str:
    """`0:07`, `12:05`, `1:02:03`: whole seconds since a start, 0 before it."""
    seconds = max(0, ns) // NS_PER_S
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


# -- in tables and on axes


def milliseconds(ns: float) -> str:
    """`0.41`, `12.3`, `950.0`, `1234`: for a column whose header has the unit."""
    ms = ns / NS_PER_MS
    if ms < 10:
        return f"{ms:.2f}"
    return f"{ms:.1f}" if ms < 1000 else f"{ms:.0f}"


def quantile_ms(value: Quantile | None, figure: Callable[[float], str] = milliseconds) -> str:
    """In ms; UNKNOWN when too few samples lie beyond it, AT_LEAST when it falls among timeouts.

    figure: how nanoseconds are written.
    """
    if value is None or not value.known:
        return UNKNOWN
    return (AT_LEAST if value.censored else "") + figure(value.value_ns)


def maximum_ms(distribution: Distribution, figure: Callable[[float], str] = milliseconds) -> str:
    """The largest value in ms, AT_LEAST when anything timed out, UNKNOWN without samples."""
    if not distribution.count:
        return UNKNOWN
    return (AT_LEAST if distribution.censored else "") + figure(distribution.max_ns)


def rate(rps: float) -> str:
    """`0.5`, `19.8`, `412`, `12.3k` per second."""
    if rps >= 10_000:
        return f"{rps / 1000:.1f}k"
    return f"{rps:.0f}" if rps >= 100 else f"{rps:.1f}"


def count(number: int) -> str:
    """A count, short from a million on: `0`, `950`, `12,345`, `1.23M`."""
    return f"{number / 1e6:.2f}M" if number >= 1_000_000 else f"{number:,}"


def percentage(part: int, whole: int) -> str:
    """`0`, `0.1`, `99.9`, `100`, without the sign: 100 and 0 only when it is so."""
    if not whole:
        return UNKNOWN
    percents = 100 * part / whole
    if part not in (0, whole):
        return f"{min(99.9, max(0.1, percents)):.1f}"
    return f"{percents:.0f}"


def usd(amount: float | None, digits: int = 2) -> str:
    """`$1.67`; small amounts with as many digits as it takes to see something."""
    if amount is None:
        return UNKNOWN
    if amount and abs(amount) < 0.01:
        return f"${amount:.6f}"
    return f"${amount:,.{digits}f}"


def tick_label(value: float) -> str:
    """`0`, `0.25`, `150`, `1500`, `20k`, `3M`: a tick of an axis, in few cells."""
    if abs(value) >= 1_000_000:
        return f"{value / 1_000_000:g}M"
    if abs(value) >= 10_000:
        return f"{value / 1000:g}k"
    return f"{value:.6g}"
