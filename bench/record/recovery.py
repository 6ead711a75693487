"""How long after a disturbance a variant did as well as before: the one place that says so. Pure.

From the seconds of a run. Before: the measured seconds of a variant's turns of which every call had
been answered when the first disturbance began, of all rounds together. Of them

    goodput before    successes for each arrival; in a closed loop, which has no planned arrivals,
                      successes a second
    p99 before        of the response times

A stretch of time is as before if its goodput is at least 90 % of that and at most 1 % of its
answers took longer than 110 % of that p99; or if chance would, once in 200 times, make a stretch of
the undisturbed part as bad (TOLERANCE standard deviations of both, widened by how much more than
chance alone the seconds before differed). That counts where a stretch has few calls, or what was
before. Response times are known to 0.4 % (bench.record.turn_seconds).

Back is the first second, not before the disturbance ended, from which on the first second, the
first two, and so on up to HOLD_S are as before. What is followed by fewer seconds than that, at the
end of the run or before the next disturbance, is not back within the run; where no more than that
was measured after it at all, it is not known. A second belongs to those who were to arrive in it.

Of several rounds the mean is told, with Student's interval of the rounds; of one round the interval
is that of the same question, asked with goodput and p99 at the ends of their own intervals before.
Seconds are the grain: either end is one of them further, as the instant may lie in the last that
was not as before, and in the first that on the whole was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, sqrt
from statistics import mean, median_high, stdev

import numpy as np

from bench.model.profile import Variant
from bench.model.recovery import Recovery, RecoveryState
from bench.model.result import Window
from bench.model.times import NS_PER_S
from bench.record.disturbance import Disturbance, disturbances_of
from bench.record.finding import Results
from bench.record.recorded_run import RecordedRun
from bench.record.turn_seconds import Held, Reals, Seconds, Turn, duration_s
from bench.stats.ranks import rank_of
from bench.stats.student import deviate, t_at

HOLD_S = 3
"""For so long all must be as before, from the first second that is."""
BEFORE_S = 2
"""So much must have been measured before, over all rounds."""
WITHIN = 0.1
"""How far from before is still as before, of goodput and of p99."""
LATE = 0.01
"""Share of answers beyond the p99."""
TOLERANCE = 2.576
"""Standard deviations that a normal variable exceeds on one side once in 200 times."""
Recoveries = Mapping[Variant, tuple[Recovery, ...]]
"""By variant, one for each disturbance in time order; none where the profile names none."""
_CONFIDENCE = 0.95
_GRAIN_S = 1.0
_MEDIAN_OF_CHI2 = 0.4549
"""Of chi squared with one degree of freedom."""


def recoveries(results: Results) -> Recoveries:
    """How every variant of a run came back, as far as it has come."""
    if isinstance(results, RecordedRun):
        return results.once("recoveries", lambda: _recoveries(results))
    return _recoveries(results)


def with_recoveries(windows: Iterable[Window], results: Results) -> tuple[Window, ...]:
    """The windows, each with the slowest recovery of its variant."""
    found = recoveries(results)
    return tuple(replace(w, recovery=slowest(found.get(w.variant, ()))) for w in windows)


def slowest(found: Sequence[Recovery]) -> Recovery | None:
    """The one that speaks for all: none that did not come back, else the longest; None of none."""
    order = (RecoveryState.NOT_KNOWN, RecoveryState.RECOVERED, RecoveryState.NOT_WITHIN)
    return max(found, key=lambda one: (order.index(one.state), one.after_s or 0.0), default=None)


def _recoveries(results: Results) -> Recoveries:
    profile = results.profile
    named = {variant: disturbances_of(profile, variant) for variant in profile.variants}
    if not any(named.values()):
        return {}
    seconds = results.response_seconds
    return {
        variant: tuple(_after(seconds[variant], found)) if found and variant in seconds else ()
        for variant, found in named.items()
    }


def _after(seconds: Seconds, disturbances: Sequence[Disturbance]) -> Iterator[Recovery]:
    before = _Before.of(seconds, seconds.answered_by(disturbances[0].start_ns))
    turns = seconds.turns()
    ends_ns = [one.start_ns for one in disturbances[1:]]
    for one, until_ns in zip(disturbances, [*ends_ns, None], strict=True):
        seen = [turn for turn in turns if turn.end_ns >= one.end_ns]
        watched = [turn for turn in (own.between(one.end_ns, until_ns) for own in seen) if turn]
        if not seen:  # it is still to come, or not over
            continue
        longest_s = max((turn.end_ns - one.end_ns for turn in watched), default=0) / NS_PER_S
        if isinstance(before, str) or longest_s < HOLD_S:
            after = f"{longest_s:g} s were measured after it, {HOLD_S} s are needed"
            basis = before if isinstance(before, str) else after
            yield Recovery(one.name, RecoveryState.NOT_KNOWN, rounds=len(watched), basis=basis)
        else:
            yield _recovery(one, before, watched)


def _recovery(one: Disturbance, before: _Before, watched: Sequence[Turn]) -> Recovery:
    times = [_back_s(turn, before, one.end_ns) for turn in watched]
    found = Recovery(
        one.name,
        RecoveryState.NOT_WITHIN,
        watched_s=min(turn.end_ns - one.end_ns for turn in watched) / NS_PER_S,
        rounds=len(watched),
        recovered_rounds=sum(time < inf for time in times),
    )
    if median_high(times) == inf:
        longest_s = max(0.0, (found.watched_s or 0.0) - HOLD_S)
        return replace(found, low_s=longest_s)
    found = replace(found, state=RecoveryState.RECOVERED)
    if len(times) == 1:
        low_s, high_s = (_back_s(watched[0], end, one.end_ns) for end in before.ends())
        return replace(
            found,
            after_s=times[0],
            low_s=_a_second_less(min(low_s, times[0])),
            high_s=None if high_s == inf else max(high_s, times[0]) + _GRAIN_S,
            basis=f"noise of {before.duration_s:g} s before",
        )
    return _of_rounds(found, times)


def _of_rounds(found: Recovery, times: Sequence[float]) -> Recovery:
    basis = f"{len(times)} rounds"
    if max(times) == inf:
        low_s = _a_second_less(min(times))
        return replace(found, after_s=median_high(times), low_s=low_s, basis=basis)
    after_s = mean(times)
    reach_s = t_at(deviate(_CONFIDENCE), len(times) - 1) * stdev(times) / sqrt(len(times))
    return replace(
        found,
        after_s=after_s,
        low_s=_a_second_less(after_s - reach_s),
        high_s=after_s + reach_s + _GRAIN_S,
        basis=basis,
    )


def _a_second_less(at_s: float) -> float:
    return max(0.0, at_s - _GRAIN_S)


@dataclass(frozen=True, slots=True)
class _Before:
    """What was before. goodput: successes for each unit of exposure (`Seconds.exposure`).

    held: which of the seconds that is. spread: the variance of one unit's successes. rough and
    late_rough: how many times the variance of chance alone these seconds had, in successes and in
    late answers; 1 at least.
    """

    seconds: Seconds
    held: Held
    goodput: float
    p99_ns: float
    spread: float
    rough: float
    late_rough: float

    @classmethod
    def of(cls, seconds: Seconds, held: Held) -> _Before | str:
        """What was in these seconds; in words, why that is not known."""
        duration = duration_s(seconds, held)
        if duration < BEFORE_S:
            return f"{duration:g} s were measured undisturbed before it, {BEFORE_S} s are needed"
        if not seconds.answered[held].any():
            return "nothing was answered before it"
        ok, exposure = seconds.ok[held], seconds.exposure[held]
        if not ok.any():
            return "nothing succeeded before it"
        goodput = float(ok.sum() / exposure.sum())
        spread = goodput if seconds.is_closed else goodput * (1 - goodput)
        p99_ns = seconds.quantile_ns(1 - LATE, held)
        late = seconds.late((1 + WITHIN) * p99_ns)[held]
        return cls(
            seconds,
            held,
            goodput,
            p99_ns,
            spread,
            _roughness(ok, exposure, seconds.is_closed),
            _roughness(late, seconds.answered[held], False),
        )

    @property
    def duration_s(self) -> float:
        """How long all of these seconds lasted."""
        return duration_s(self.seconds, self.held)

    def ends(self) -> tuple[_Before, _Before]:
        """The same with goodput and p99 at the lenient and at the strict ends of their intervals"""
        reach = deviate(_CONFIDENCE)
        seconds, held = self.seconds, self.held
        goodput = reach * sqrt(self.spread * self.rough / self.exposure)
        rank = reach * sqrt(LATE * (1 - LATE) * self.late_rough / self.answers)
        lenient = seconds.quantile_ns(min(1.0, 1 - LATE + rank), held)
        strict = seconds.quantile_ns(max(0.0, 1 - LATE - rank), held)
        return (
            replace(self, goodput=max(0.0, self.goodput - goodput), p99_ns=lenient),
            replace(self, goodput=self.goodput + goodput, p99_ns=strict),
        )

    @property
    def exposure(self) -> float:
        """What its successes are counted against."""
        return float(self.seconds.exposure[self.held].sum())

    @property
    def answers(self) -> float:
        """How many response times it has."""
        return float(self.seconds.answered[self.held].sum())

    def least_ok(self, exposure: Reals) -> Reals:
        """The fewest successes of stretches that are as before."""
        wanted = self.goodput * exposure
        own = self.spread * self.rough * exposure
        chance = _by_chance(own * (1 + exposure / self.exposure))
        found: Reals = np.minimum((1 - WITHIN) * wanted, wanted - chance)
        return found

    def most_late(self, answers: Reals) -> Reals:
        """The most answers beyond 110 % of the p99 of stretches that are as before."""
        share = beyond_p99(int(self.answers))
        own = share * (1 - share) * self.late_rough * answers
        return share * answers + _by_chance(own * (1 + answers / self.answers))


def beyond_p99(count: int) -> float:
    """Which share lies beyond the p99 of so many values, on average: of few more than 1 %.

    Of values alike, any rank is as likely for the next one: so many of count + 1 lie above.
    """
    return (count - rank_of(1 - LATE, count) + 1) / (count + 1)


def _by_chance(variances: Reals) -> Reals:
    """How far a count exceeds its mean once in 200 times; counts of few are skew.

    Cornish and Fisher's expansion to its second term, for a Poisson variable.
    """
    skew = (TOLERANCE**2 - 1) / 6
    found: Reals = np.where(variances > 0, TOLERANCE * np.sqrt(variances) + skew, 0.0)
    return found


def _roughness(counts: Reals, of: Reals, is_poisson: bool) -> float:
    """Variance over seconds as a multiple of what chance alone gives counts; 1 at least.

    By the median second and around the median share, so that a first second which met cold starts
    does not excuse what comes later.
    """
    held = of > 0
    share = float(np.median(counts[held] / of[held])) if held.any() else 0.0
    each = share if is_poisson else share * (1 - share)
    if each <= 0:
        return 1.0
    squares = (counts[held] - share * of[held]) ** 2 / (each * of[held])
    return max(1.0, float(np.median(squares)) / _MEDIAN_OF_CHI2)


def _back_s(turn: Turn, before: _Before, end_ns: int) -> float:
    """From the end of the disturbance to the first second that is back; inf if none is."""
    sizes = turn.stretches(HOLD_S * NS_PER_S)
    own, places = turn.seconds, turn.places
    late = own.late((1 + WITHIN) * before.p99_ns)
    columns = [column[places] for column in (own.ok, own.exposure, own.answered, late)]
    sums = [np.zeros(sizes.size) for _ in columns]
    is_back = sizes > 0
    for reach in range(int(sizes.max(initial=0))):
        # The stretches that reach so far, one second longer each.
        longer = np.flatnonzero(sizes > reach)
        for total, column in zip(sums, columns, strict=True):
            total[longer] += column[longer + reach]
        ok, exposure, answered, own_late = (total[longer] for total in sums)
        as_before = ok >= before.least_ok(exposure)
        as_before &= own_late <= before.most_late(answered)
        is_back[longer] &= as_before
    found = np.flatnonzero(is_back & (sums[2] > 0))
    if not found.size:
        return inf
    return max(0, int(turn.starts_ns[found[0]]) - end_ns) / NS_PER_S
