"""When a variant was as before again, second by second, after a phase that asked for too much."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.model.profile import Variant
from bench.model.result import Interval, Measure

CALM_S = 3
"""So many seconds in a row must be as before; fewer only at the very end of the run."""


@dataclass(frozen=True, slots=True)
class _Worst:
    """The worst second of the phase before, figure by figure."""

    failed: float
    retries: float
    mean_ns: float

    @classmethod
    def of(cls, seconds: Sequence[Interval]) -> _Worst:
        figures = [(_share(s, "failed"), _share(s, "retries"), _mean_ns(s)) for s in seconds]
        return cls(*(max(column) for column in zip(*figures, strict=True)))

    def covers(self, second: Interval) -> bool:
        """Whether nothing is worse in it than it was before."""
        return (
            _share(second, "failed") <= self.failed
            and _share(second, "retries") <= self.retries
            and _mean_ns(second) <= self.mean_ns
        )


def recovered_after_s(
    intervals: Iterable[Interval], variant: Variant, before: str, phase: str
) -> int | None:
    """Seconds from the phase's last one to the first that is as before, 0 for the next one.

    As before: its failures, its retries and its mean response time are no worse than in the worst
    second of the phase before. None if none is. Of several rounds the slowest counts, and None if
    one of them did not recover.
    """
    own = [i for i in intervals if i.window.variant == variant and i.measured]
    calm = [i for i in own if i.phase == before]
    if not calm:
        return None
    found = [_first(after, _Worst.of(calm)) for after in _behind(own, phase)]
    if not found or None in found:
        return None
    return max(seconds for seconds in found if seconds is not None)


def _behind(seconds: Iterable[Interval], phase: str) -> list[list[Interval]]:
    """What follows the phase, each time that it was on."""
    stretches: list[list[Interval]] = []
    was_on = False
    for second in seconds:
        if second.phase == phase:
            was_on = True
            continue
        if was_on:
            stretches.append([])
            was_on = False
        if stretches:
            stretches[-1].append(second)
    return stretches


def _first(seconds: Sequence[Interval], worst: _Worst) -> int | None:
    calm = [worst.covers(second) for second in seconds]
    return next((at for at in range(len(calm)) if all(calm[at : at + CALM_S])), None)


def _share(second: Interval, field: str) -> float:
    """Of the arrivals: those that failed, or retries for each."""
    tally = second.window.tally
    return getattr(tally, field) / tally.offered if tally.offered else 0.0


def _mean_ns(second: Interval) -> float:
    return second.window.measure(Measure.RESPONSE).mean_ns
