"""The seconds that a view has been given so far, by variant. It keeps them and computes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bench.model import Interval, Window

KEPT_S = 3600
"""Seconds per variant that a chart can reach back."""


class History:
    """Intervals by variant name and second; a second that spans two phases keeps both."""

    def __init__(self) -> None:
        self._seconds: dict[str, dict[tuple[int, str], Interval]] = {}

    def take(self, intervals: Iterable[Interval]) -> None:
        """Add or replace intervals."""
        for interval in intervals:
            seconds = self._seconds.setdefault(interval.window.variant.name, {})
            seconds[interval.t_s, interval.phase] = interval
            while len(seconds) > KEPT_S:
                del seconds[next(iter(seconds))]

    def windows(self, variant: str, since_s: int = 0) -> Iterator[tuple[int, Window]]:
        """(second, results) of a variant in time order."""
        seconds = self._seconds.get(variant, {})
        for (t_s, _), interval in sorted(seconds.items()):
            if t_s >= since_s:
                yield t_s, interval.window

    @property
    def variants(self) -> list[str]:
        """Names of the variants with any interval."""
        return list(self._seconds)
