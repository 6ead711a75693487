"""When an attempt has taken long enough for a second one beside it. Pure: times come in.

Source: Dean and Barroso, "The Tail at Scale", CACM 56 (2013): a hedge after the 95th percentile of
what is usual costs about 5 % more requests and takes most of the tail away.
"""

from __future__ import annotations

from array import array
from math import ceil

from bench.model.retry import HEDGED_BEYOND, Hedge

_BITS = 5
_PER_OCTAVE = 1 << _BITS
"""Buckets between a value and its double: a bucket's edges differ by 3 % at most."""
_HIGHEST_NS = 1 << 50
"""Thirteen days: what took longer counts as this."""
_EVERY = 16
"""Values from one look at the percentile to the next."""


class RunningQuantile:
    """A quantile of all values so far, by a fixed number of buckets, which it walks along."""

    def __init__(self, q: float) -> None:
        """0 < q < 1."""
        self._q = q
        self._counts = array("Q", bytes(8 * (_bucket(_HIGHEST_NS) + 1)))
        self._total = 0
        self._at = 0
        """The bucket that held it when somebody last looked."""
        self._below = 0
        """Values in the buckets before that one."""
        self._kept: tuple[array[int], int] | None = None
        """Counts and their total, as they were when they first sufficed at a renewal."""
        self.value_ns: int | None = None
        """The upper edge of its bucket; None with fewer than HEDGED_BEYOND values beyond it."""

    def add(self, value_ns: int) -> None:
        """One more value, from 0."""
        bucket = _bucket(min(value_ns, _HIGHEST_NS))
        self._counts[bucket] += 1
        self._total += 1
        if bucket < self._at:
            self._below += 1
        if not self._total % _EVERY or self.value_ns is None:
            self._look()

    def renew(self) -> None:
        """Go back to what was known at the first renewal at which anything was."""
        if self._kept is None:
            if self.value_ns is not None:
                self._kept = self._counts[:], self._total
            return
        counts, self._total = self._kept
        self._counts = counts[:]
        self._at = self._below = 0
        self._look()

    def _look(self) -> None:
        rank = ceil(self._q * self._total)
        if self._total - rank < HEDGED_BEYOND:
            return
        counts, at, below = self._counts, self._at, self._below
        while below + counts[at] < rank:
            below += counts[at]
            at += 1
        while below >= rank:
            at -= 1
            below -= counts[at]
        self._at, self._below = at, below
        self.value_ns = _upper_ns(at)


def _bucket(value_ns: int) -> int:
    """Exact up to twice _PER_OCTAVE, then so many buckets for each doubling."""
    shift = max(0, value_ns.bit_length() - _BITS - 1)
    return (shift << _BITS) + (value_ns >> shift)


def _upper_ns(bucket: int) -> int:
    """The value above all those of a bucket."""
    shift = max(0, (bucket >> _BITS) - 1)
    return (bucket - (shift << _BITS) + 1) << shift


class HedgeDelay:
    """After how long the attempts of one variant in one worker are hedged."""

    def __init__(self, hedge: Hedge) -> None:
        self._delay_ns = hedge.delay_ns
        self._quantile = None if hedge.quantile is None else RunningQuantile(hedge.quantile)

    @property
    def after_ns(self) -> int | None:
        """From the beginning of an attempt; None as long as nothing is known to go by."""
        return self._delay_ns if self._quantile is None else self._quantile.value_ns

    def renew(self) -> None:
        """As when it was first known how long answers take: what came later is forgotten."""
        if self._quantile is not None:
            self._quantile.renew()

    def took(self, span_ns: int) -> None:
        """A good attempt took this long, or one that timed out took at least this long."""
        if self._quantile is not None:
            self._quantile.add(span_ns)
