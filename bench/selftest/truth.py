"""The truth that a measurement is held against: what a scripted target did, by its own log. Pure.

The log has of each request when the kernel received it, and when the target wrote the last of its
answer. What makes an answer late, a busy machine among others, is in it, and no error of whoever
measures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from bench.model.times import NEVER
from bench.stats.ranks import rank_of

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what became of it. Instants in ns of CLOCK_MONOTONIC.

    invocation: the number of the arrival that it belongs to, from 0. asked_ns: when the whole
    request was there. began_ns, ended_ns: just before and just after the last of the answer was
    handed to the kernel; ended_ns is NEVER where the client may have ended it first, and both are
    where nothing was answered.
    """

    invocation: int
    asked_ns: int
    began_ns: int = NEVER
    ended_ns: int = NEVER


@dataclass(frozen=True, slots=True)
class Times:
    """Between which two each duration lies that the log tells of, in ns; either side ascending.

    The quantile of the durations themselves lies between those of both sides.
    """

    lows_ns: Reals
    highs_ns: Reals

    def at(self, q: float) -> tuple[float, float] | None:
        """Between which two the quantile lies; None without durations."""
        if not self.lows_ns.size:
            return None
        rank = rank_of(q, self.lows_ns.size) - 1
        return float(self.lows_ns[rank]), float(self.highs_ns[rank])


def attempt_times(exchanges: Iterable[Exchange]) -> Times:
    """From the request's coming to the last of its answer."""
    return _times((one, one.asked_ns) for one in exchanges)


def response_times(exchanges: Iterable[Exchange], scheduled_ns: Sequence[float]) -> Times:
    """From when each arrival was scheduled to the last of the last answer to it.

    scheduled_ns: by number of the arrival, since any instant. The schedule began when it would have
    been for no request to come before it was due, and one just then.
    """
    asked: dict[int, int] = {}
    last: dict[int, Exchange] = {}
    for one in exchanges:
        asked.setdefault(one.invocation, one.asked_ns)
        last[one.invocation] = one
    begun_ns = min((at_ns - scheduled_ns[i] for i, at_ns in asked.items()), default=0.0)
    return _times((one, begun_ns + scheduled_ns[i]) for i, one in last.items())


def _times(since: Iterable[tuple[Exchange, float]]) -> Times:
    bounds = [
        (
            one.began_ns - from_ns if one.began_ns >= 0 else 0.0,
            one.ended_ns - from_ns if one.ended_ns >= 0 else inf,
        )
        for one, from_ns in since
    ]
    lows, highs = np.array(bounds, dtype=np.float64).reshape(-1, 2).T
    return Times(np.sort(lows), np.sort(highs))
