"""Curves of values that a test makes up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.stats.quantiles import Curve


def curve_of(values_ns: NDArray[np.int64]) -> Curve:
    values, counts = np.unique(values_ns, return_counts=True)
    return Curve(values.astype(np.int64), counts.astype(np.int64), np.zeros_like(counts))
