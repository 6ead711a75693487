"""Why calls failed: of each kind of failure its first reasons, with how many and a request id.

The counts are the table's own, of measured phases; the reasons are those that events.jsonl has,
warm-up included.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.model.live import FAILURE_EVENT, RunEvent
from bench.model.outcome import Outcome
from bench.model.result import Sample, Window

_VARYING = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9a-f]{16,}\b|\d+")


@dataclass(frozen=True, slots=True)
class FailureKind:
    """A kind of failure of a variant. count: measured invocations that ended so.

    retried: whether the variant tried anything again, so that a retry may have made up for it.
    """

    variant: str
    outcome: Outcome
    count: int
    reasons: tuple[Sample, ...]
    retried: bool = True

    @property
    def count_words(self) -> str:
        """`1,204`; in place of 0 why none counts: `retried`, or `unmeasured`."""
        if self.count:
            return f"{self.count:,}"
        return "retried" if self.retried else "unmeasured"


def like(detail: str) -> str:
    """What two details of the same reason share: ids and numbers differ from call to call."""
    return _VARYING.sub("#", detail)


def failures(windows: Sequence[Window], events: Iterable[RunEvent]) -> tuple[FailureKind, ...]:
    """Every kind that came or was noted, in the order of the variants and outcomes."""
    reasons: dict[tuple[str, Outcome], list[Sample]] = {}
    for sample in noted_samples(events):
        reasons.setdefault((sample.variant, sample.outcome), []).append(sample)
    found = []
    for window in windows:
        name = window.variant.name
        for outcome in Outcome:
            count = 0 if outcome is Outcome.OK else window.tally.outcomes[outcome]
            noted = reasons.get((name, outcome), [])
            if count or noted:
                again = window.tally.retries > 0
                found.append(FailureKind(name, outcome, count, tuple(noted), again))
    return tuple(found)


def noted_samples(events: Iterable[RunEvent]) -> tuple[Sample, ...]:
    """Failed attempts as events tell them, oldest first."""
    found = (_sample(event) for event in events if event.kind == FAILURE_EVENT)
    return tuple(sample for sample in found if sample is not None)


def _sample(event: RunEvent) -> Sample | None:
    """None for an event that names no outcome: nobody but lamload writes one."""
    variant, _, words = event.text.rpartition(": ")
    told = str(event.fields.get("outcome") or words).replace(" ", "_").upper()
    if told not in Outcome.__members__:
        return None
    return Sample(
        event.t_ns,
        str(event.fields.get("variant") or variant),
        Outcome[told],
        _whole(event.fields.get("status")),
        _whole(event.fields.get("attempt")),
        str(event.fields.get("request_id") or ""),
        str(event.fields.get("detail") or ""),
    )


def _whole(value: Any) -> int:
    return value if isinstance(value, int) else 0


def reason_words(reason: Sample) -> str:
    """`502: ValueError: no (request 8f1c…)`, as every view says it."""
    parts = [str(reason.status)] if reason.status else []
    parts += [reason.detail] if reason.detail else []
    text = ": ".join(parts) or "no word of why"
    return f"{text} (request {reason.request_id})" if reason.request_id else text
