"""Ranks of quantiles, and when there are enough samples for one. Standard library only."""

from __future__ import annotations

from math import ceil

BEYOND = 10
"""Samples that must lie beyond a quantile before it counts as known."""

RANK_SLACK = 1e-9
"""0.07 × 100 is 7.000000000000001 in floating point and must still be rank 7."""


def rank_of(q: float, count: int) -> int:
    """Nearest rank of quantile q among count samples, from 1."""
    return max(1, ceil(q * count - RANK_SLACK))


def samples_needed(q: float) -> int:
    """The fewest samples with which quantile q (below 1) is known: ten beyond it."""
    count = ceil(BEYOND / (1 - q) - 1e-6)
    while count - rank_of(q, count) < BEYOND:
        count += 1
    return count
