"""When a variant was as before again, second by second, after a phase that asked for too much."""

from __future__ import annotations

from collections.abc import Iterable

from bench.model.profile import Variant
from bench.model.result import Interval, Measure

CALM_S = 3
"""So many seconds in a row must be as before; fewer only at the very end of the run."""


def recovered_after_s(
    intervals: Iterable[Interval], variant: Variant, phase: str, limit_ns: int
) -> int | None:
    """Seconds from the phase's last one to the first that is as before, 0 for the next one.

    As before: no failure, no retry, and a mean response time of at most limit_ns. None if none is.
    Of several rounds the slowest counts, and None if one of them did not recover.
    """
    stretches: list[list[bool]] = []
    was_in_phase = False
    for interval in intervals:
        if interval.window.variant != variant or not interval.measured:
            continue
        if interval.phase == phase:
            was_in_phase = True
        elif was_in_phase:
            stretches.append([])
            was_in_phase = False
        if interval.phase != phase and stretches:
            stretches[-1].append(_is_calm(interval, limit_ns))
    found = [_first(stretch) for stretch in stretches]
    if not found or None in found:
        return None
    return max(seconds for seconds in found if seconds is not None)


def _first(calm: list[bool]) -> int | None:
    for at in range(len(calm)):
        if all(calm[at : at + CALM_S]):
            return at
    return None


def _is_calm(interval: Interval, limit_ns: int) -> bool:
    tally = interval.window.tally
    response = interval.window.measure(Measure.RESPONSE)
    return not tally.failed and not tally.retries and response.mean_ns <= limit_ns
