"""The buckets of a histogram: HdrHistogram's geometry, many values at once.

Values are nanoseconds, 1 µs to 15 min at three significant digits. Everything else counts indexes:
2,048 buckets one unit wide each, then 1,024 for each doubling of the value. A unit is 512 ns, the
largest power of two that is not above the lowest value to be told apart.
Source: G. Tene, HdrHistogram, "Internals".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.model.times import NS_PER_S, NS_PER_US

LOWEST_NS = NS_PER_US
HIGHEST_NS = 900 * NS_PER_S
DIGITS = 3

Indexes = NDArray[np.uint16]
BucketCounts = NDArray[np.int64]

_UNIT = LOWEST_NS.bit_length() - 1
"""A unit's binary logarithm."""
_HALF: int = (2 * 10**DIGITS - 1).bit_length() - 1
"""Half of the first buckets' number, likewise: they tell 10**DIGITS units from one more."""
_DOUBLINGS = (HIGHEST_NS >> (_UNIT + _HALF)).bit_length()
BUCKETS = (_DOUBLINGS + 1) << _HALF
OVER = BUCKETS
"""Index of what lies above HIGHEST_NS."""


def _bounds() -> tuple[BucketCounts, BucketCounts]:
    index = np.arange(BUCKETS, dtype=np.int64)
    shift = np.maximum((index >> _HALF) - 1, 0)
    sub = np.where(index >> _HALF == 0, index, (index & ((1 << _HALF) - 1)) + (1 << _HALF))
    lower = sub << (shift + _UNIT)
    upper = lower + (np.int64(1) << (shift + _UNIT)) - 1
    return np.append(lower, HIGHEST_NS), np.append(upper, HIGHEST_NS)


LOWER_NS, UPPER_NS = _bounds()
"""Lowest and highest value of each bucket, with one element more for OVER."""


def buckets_of(values_ns: NDArray[np.int64]) -> Indexes:
    """The bucket of each value, in any shape: 0 for negative ones, OVER above HIGHEST_NS."""
    units = np.clip(values_ns, 0, HIGHEST_NS) >> _UNIT
    shift = np.maximum(np.frexp(units.astype(np.float64))[1] - (_HALF + 1), 0).astype(np.int64)
    index = (shift << _HALF) + (units >> shift)
    index[values_ns > HIGHEST_NS] = OVER
    found: Indexes = index.astype(np.uint16)
    return found


def bucket_of(value_ns: int) -> int:
    """The bucket of a single value: an array of one costs ten times as much."""
    if value_ns > HIGHEST_NS:
        return OVER
    units = max(value_ns, 0) >> _UNIT
    shift = max(units.bit_length() - (_HALF + 1), 0)
    return (shift << _HALF) + (units >> shift)
