"""Figures as words: names of sizes, durations, percentages. Pure, and the same in every view."""

from __future__ import annotations

from bench.model.profile import Architecture, Variant
from bench.model.times import NS_PER_MS, NS_PER_S

MINUS = "−"


def bare_size(variant: Variant) -> str:
    """`1769 MB`, `1769 MB arm64`; the endpoint where there is no size."""
    size = f"{variant.memory_mb} MB" if variant.memory_mb is not None else variant.endpoint.value
    if variant.architecture is not Architecture.X86_64:
        return f"{size} {variant.architecture.value}"
    return size


def size_name(variant: Variant, other: Variant | None = None) -> str:
    """`1769 MB`; the whole name where the size alone does not tell it from other."""
    if other is not None and bare_size(other) == bare_size(variant):
        return variant.name
    return bare_size(variant)


def quantile_text(q: float) -> str:
    """`p99`, `p99.9`."""
    return f"p{q * 100:g}"


def percent(share: float) -> str:
    """`+4 %`, `−38 %`."""
    sign = "+" if share >= 0 else MINUS
    return f"{sign}{abs(share) * 100:.{0 if abs(share) >= 0.095 else 1}f} %"


def signed_ms(value_ns: float) -> str:
    """`+0.41`, `−12.3`: milliseconds."""
    sign = "+" if value_ns >= 0 else MINUS
    return sign + number(abs(value_ns) / NS_PER_MS)


def duration_text(value_ns: float) -> str:
    """`0.412 ms`, `12.3 ms`, `1.23 s`."""
    if value_ns == float("inf"):
        return "unknown"
    if value_ns >= NS_PER_S:
        return f"{number(value_ns / NS_PER_S)} s"
    return f"{number(value_ns / NS_PER_MS)} ms"


def number(value: float) -> str:
    """Three significant digits, without an exponent."""
    if value >= 100 or not value:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 1 else f"{value:.3f}"
