"""Whether a failed call goes out again: its variant's policy, its deadline, budget and breaker."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TYPE_CHECKING

from bench.load.attempt_log import AttemptLog
from bench.load.retry.guard import Guard
from bench.load.retry.policy import FailedAttempt, RetryPolicy
from bench.model.outcome import Answer
from bench.model.retry import RetrySpec
from bench.record.row_layout import FLAG_REFUSED

if TYPE_CHECKING:
    from bench.load.call import Call


class RetryDecisions:
    """Those of all variants in one worker, which keep the failures for the eye too."""

    __slots__ = ("_guards", "_log", "_policies", "_randoms")

    def __init__(
        self, retries: Sequence[RetrySpec], guards: Sequence[Guard], log: AttemptLog, seed: str
    ) -> None:
        self._policies = [RetryPolicy(retry) for retry in retries]
        self._randoms = [Random(seed) for _ in retries]
        """Each variant draws from its own, and all of them the same numbers."""
        self._guards = guards
        self._log = log

    def failed(self, call: Call, answer: Answer) -> int | None:
        """Keep the failure for the eye; how long to wait before the next attempt, None for none."""
        failure = FailedAttempt(
            call.tries,
            answer.outcome,
            call.waited_ns,
            answer.hint,
            call.status,
        )
        variant = call.variant
        delay_ns = self._policies[variant].next_delay_ns(failure, self._randoms[variant])
        if delay_ns is not None and call.is_too_late(delay_ns):
            delay_ns, answer = None, call.ended_by_deadline(answer)
        self._log.sample(call, answer)
        if delay_ns is None or not self._guards:
            return delay_ns
        guard = self._guards[variant]
        paid = guard.retry(answer.outcome, call.last_ns, call.last_ns + delay_ns)
        call.paid = paid or 0
        if paid is None:
            call.marks |= FLAG_REFUSED
            return None
        return delay_ns
