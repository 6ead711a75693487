"""What retries did, figure by figure: every table of policies has the same ones. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf

from bench.format import AT_LEAST, UNKNOWN, percentage, quantile_ms, quantile_text, rate
from bench.model.outcome import Outcome
from bench.model.profile import Profile
from bench.model.recovery import RecoveryState
from bench.model.result import MEDIAN, Distribution, Measure, Window
from bench.record.question import CALLER_FACTORS


@dataclass(frozen=True, slots=True)
class RetryFigure:
    """A heading and what stands under it. order: what a table sorts by, None where nobody knows.

    rank: what it counts where there is not room for all; 0 is always there.
    """

    group: str
    head: str
    text: Callable[[Window], str]
    order: Callable[[Window], float | None]
    rank: int = 0

    @property
    def name(self) -> str:
        """What it is called where no group stands above it: `attempts a call`, `goodput/s`."""
        return self.head if self.group in ("calls", "ms") else self.key

    @property
    def key(self) -> str:
        """Tells it from all others."""
        return f"{self.group} {self.head}"


def _count(group: str, head: str, read: Callable[[Window], int], rank: int) -> RetryFigure:
    return RetryFigure(group, head, lambda w: f"{read(w):,}", lambda w: float(read(w)), rank)


def _rate(head: str, read: Callable[[Window], float], rank: int) -> RetryFigure:
    return RetryFigure("calls", head, lambda w: rate(read(w)), read, rank)


def _median(head: str, read: Callable[[Window], Distribution], rank: int) -> RetryFigure:
    def order(window: Window) -> float | None:
        found = read(window).at(MEDIAN)
        return None if found is None or not found.known else float(found.value_ns)

    head = f"{head} {quantile_text(MEDIAN)}"
    return RetryFigure("ms", head, lambda w: quantile_ms(read(w).at(MEDIAN)), order, rank)


def _amplification(window: Window) -> str:
    found = window.tally.retry_amplification
    return UNKNOWN if found is None else f"{found:.2f}"


def attempts_per_s(window: Window) -> float:
    """What the target was asked for, beside what the callers wanted of it."""
    return window.tally.attempts / window.duration_s if window.duration_s else 0.0


def _succeeded(window: Window) -> float | None:
    tally = window.tally
    return tally.ok / tally.finished if tally.finished else None


def _succeeded_by(attempt: int, rank: int) -> RetryFigure:
    """Of the calls that were sent, those that succeeded with so many attempts at most."""

    def share(window: Window) -> float | None:
        sent = sum(window.tally.ended_with)
        return sum(window.tally.ok_with[:attempt]) / sent if sent else None

    def text(window: Window) -> str:
        tally = window.tally
        return percentage(sum(tally.ok_with[:attempt]), sum(tally.ended_with))

    return RetryFigure("calls", f"ok by {attempt}. %", text, share, rank)


def _retry_usd(window: Window) -> str:
    found = window.retry_usd_per_million
    return UNKNOWN if found is None else f"{found:.3f}"


def _for_nothing(window: Window) -> str:
    """Runs of the function that succeeded after their caller had given up."""
    return UNKNOWN if window.late_successes is None else f"{window.late_successes:,}"


def _recovered(window: Window) -> str:
    """Seconds from the end of the disturbance; a lower bound where it was not within the run."""
    found = window.recovery
    if found is None or found.state is RecoveryState.NOT_KNOWN:
        return UNKNOWN
    if found.after_s is None:
        return f"{AT_LEAST}{found.low_s or 0:g}"
    return f"{found.after_s:.3g}"


def _recovered_s(window: Window) -> float | None:
    found = window.recovery
    if found is None or found.state is RecoveryState.NOT_KNOWN:
        return None
    return inf if found.after_s is None else found.after_s


FIGURES: tuple[RetryFigure, ...] = (
    RetryFigure("attempts", "a call", _amplification, lambda w: w.tally.retry_amplification),
    RetryFigure("attempts", "/s", lambda w: rate(attempts_per_s(w)), attempts_per_s, 4),
    _count("attempts", "retries", lambda w: w.tally.retries, 2),
    _count("attempts", "refused", lambda w: w.tally.retries_refused, 3),
    RetryFigure("calls", "ok %", lambda w: percentage(w.tally.ok, w.tally.finished), _succeeded),
    _rate("sent/s", lambda w: w.achieved_rps, 3),
    _rate("goodput/s", lambda w: w.goodput_rps, 1),
    _rate("ended/s", lambda w: w.throughput_rps, 7),
    RetryFigure("calls", "back s", _recovered, _recovered_s, 1),
    _count("calls", "rejected", lambda w: w.tally.outcomes[Outcome.REJECTED], 6),
    _succeeded_by(1, 8),
    _succeeded_by(2, 8),
    _count("hedges", "sent", lambda w: w.tally.hedges, 9),
    _count("hedges", "won", lambda w: w.tally.hedges_won, 9),
    RetryFigure("cost", "retries $/M", _retry_usd, lambda w: w.retry_usd_per_million, 8),
    RetryFigure("cost", "for nothing", _for_nothing, lambda w: w.late_successes, 10),
    _median("backoff", lambda w: w.measure(Measure.BACKOFF), 6),
    _median("retried", lambda w: w.retried, 5),
    _median("attempt", lambda w: w.measure(Measure.ATTEMPT), 5),
)


def tells_of_retries(profile: Profile, windows: Sequence[Window]) -> bool:
    """Whether they are worth a table: something was tried again, or policies are the question."""
    tallies = [window.tally for window in windows]
    happened = any(t.retries or t.retries_refused or t.outcomes[Outcome.REJECTED] for t in tallies)
    return happened or any(variant.differ & CALLER_FACTORS for variant in profile.variants)
