"""What of a second is a variant's in one segment: the key under which its results are kept."""

from __future__ import annotations

from typing import NamedTuple

from bench.model.times import NS_PER_S


class IntervalKey(NamedTuple):
    """What of a second is a variant's in one segment.

    Orders as files do: by second, then as in the profile, then as planned.
    """

    second: int
    variant: int
    segment: int

    @property
    def end_ns(self) -> int:
        """When the second ends, from the run's start."""
        return (self.second + 1) * NS_PER_S
